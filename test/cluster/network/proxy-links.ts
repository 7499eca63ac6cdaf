/**
 * The TCP proxies before the NATS servers: they make a machine slow, and where machines have no network of their own they
 * also cut it off.
 *
 * Easy to get wrong: a cut says nothing to anybody. Bytes are dropped, connections stay open and new ones are accepted
 * without an answer, as on a network that swallows packets. A connection that lost bytes is closed when the cut heals:
 * real TCP would have sent them again, this one cannot.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import type { ProxyRule } from './hub-main.ts'
import { machineOfPid } from './machine-of-pid.ts'

interface Link {
  /** Whose server is called. */
  readonly to: string
  /** Who calls; null when nobody knows. */
  readonly from: string | null
  readonly near: Socket
  readonly far: Socket
  hasLost: boolean
}

export class ProxyLinks {
  readonly #rules = new Map<string, ProxyRule>()
  readonly #links = new Set<Link>()

  async open(proxy: {
    readonly machine: string
    readonly listen: string
    readonly to: string
    readonly ports: readonly number[]
  }): Promise<void> {
    for (const port of proxy.ports) {
      const server = createServer((near) => this.#accept(near, proxy.machine, proxy.to, port))
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, proxy.listen, resolve)
      })
    }
  }

  setRule(rule: ProxyRule): void {
    this.#rules.set(rule.machine, rule)
    if (rule.rule !== 'pass') return
    for (const link of this.#links) if (link.hasLost) link.near.destroy()
  }

  #accept(near: Socket, to: string, host: string, port: number): void {
    const far = connect(port, host)
    const link: Link = { to, from: callerOf(near), near, far, hasLost: false }
    this.#links.add(link)
    this.#pass(link, near, far, true)
    this.#pass(link, far, near, false)
  }

  #pass(link: Link, from: Socket, to: Socket, isCall: boolean): void {
    let lastDueAt = 0
    from.setNoDelay(true)
    from.on('data', (bytes: Buffer) => {
      if (this.#loses(link, isCall)) {
        link.hasLost = true
        return
      }
      const delayMs = Math.max(this.#delayOf(link.to), this.#delayOf(link.from))
      const now = performance.now()
      lastDueAt = Math.max(now + delayMs, lastDueAt)
      if (lastDueAt - now < 1) to.write(bytes)
      else setTimeout(() => to.write(bytes), lastDueAt - now)
    })
    from.on('error', () => {})
    from.on('close', () => {
      this.#links.delete(link)
      to.destroy()
    })
  }

  /** @param isCall from the caller to the called */
  #loses(link: Link, isCall: boolean): boolean {
    const [sender, receiver] = isCall ? [link.from, link.to] : [link.to, link.from]
    if (sender === receiver) return false
    const [left, right] = [this.#ruleOf(sender), this.#ruleOf(receiver)]
    return left === 'cut' || left === 'cut-from' || right === 'cut' || right === 'cut-to'
  }

  #ruleOf(machine: string | null): ProxyRule['rule'] {
    return (machine === null ? undefined : this.#rules.get(machine)?.rule) ?? 'pass'
  }

  #delayOf(machine: string | null): number {
    return (machine === null ? undefined : this.#rules.get(machine)?.delayMs) ?? 0
  }
}

/**
 * Which machine a connection over the loopback interface comes from: the process that holds its other end says it in its
 * environment. Null in namespaces, where the cut is made below TCP. Source: proc_net(5), proc_pid_fd(5).
 */
function callerOf(near: Socket): string | null {
  if (near.remoteAddress?.startsWith('127.') !== true) return null
  const port = (near.remotePort ?? 0).toString(16).toUpperCase().padStart(4, '0')
  const table = readFileSync('/proc/net/tcp', 'latin1')
  const inode = new RegExp(`^\\s*\\d+: [0-9A-F]{8}:${port} (?:\\S+\\s+){7}(\\d+)`, 'm').exec(table)?.[1]
  if (inode === undefined) return null
  const holder = readdirSync('/proc').find((pid) => /^\d+$/.test(pid) && holds(pid, `socket:[${inode}]`))
  return holder === undefined ? null : machineOfPid(holder)
}

function holds(pid: string, link: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === link)
  } catch {
    return false
  }
}
