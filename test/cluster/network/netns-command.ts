/** The `ip` tool, and what it tells of namespaces. */
import { spawn, spawnSync } from 'node:child_process'

export interface IpAnswer {
  readonly status: number | null
  readonly output: string
}

/** Runs `ip ARGS`. @throws Error with what it printed when it fails */
export async function ip(...args: readonly string[]): Promise<string> {
  const { status, output } = await tryIp(args)
  if (status !== 0) throw new Error(`'ip ${args.join(' ')}' failed with status ${status}: ${output.trim()}`)
  return output
}

/** Runs `ip ARGS`, whatever comes of it. */
export function tryIp(args: readonly string[]): Promise<IpAnswer> {
  return new Promise((resolve) => {
    const child = spawn('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    child.once('error', (error) => resolve({ status: null, output: error.message }))
    child.once('close', (status) => resolve({ status, output: Buffer.concat(output).toString('utf8') }))
  })
}

/** The same for exit hooks, which may not wait. */
export function ipNow(args: readonly string[]): IpAnswer {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8', timeout: 10_000 })
  return { status, output: `${stdout ?? ''}${stderr ?? ''}` }
}

/** Names of all namespaces of this machine that begin with `prefix`. */
export function namespacesNow(prefix: string): readonly string[] {
  const { status, output } = ipNow(['netns', 'list'])
  if (status !== 0) return []
  return output
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '')
    .filter((name) => name.startsWith(prefix))
}

/** Processes that live in a namespace. */
export function pidsInNamespace(name: string): readonly number[] {
  const { status, output } = ipNow(['netns', 'pids', name])
  return status === 0 ? output.split('\n').filter(Boolean).map(Number) : []
}

/** Ends every process of a namespace, then the namespace. */
export function removeNamespaceNow(name: string): void {
  for (const pid of pidsInNamespace(name)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in between, which is what was wanted.
    }
  }
  ipNow(['netns', 'del', name])
}
