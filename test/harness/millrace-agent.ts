/**
 * The real agent as a child process, on free ports and a data directory of its own, with its embedded NATS.
 *
 * Easy to get wrong: `kill` ends the agent alone, as a crash would; its NATS server and its runner live on, and the next
 * `start` finds them. Only disposing ends those too.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFailed } from 'vitest'
import { freePort } from './free-port.ts'
import { programArguments } from './millrace-command.ts'
import { natsServerPath } from './nats-server.ts'
import { whenReady } from './ready.ts'
import { ServerProcess } from './server-process.ts'
import { killSurvivors } from './survivors.ts'
import { tempDir } from './temp-dir.ts'

export interface AgentOptions {
  /** Further flags of `millrace agent`; they come last. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Left in place at the end when given. */
  readonly dataDir?: string
  readonly dkronPort?: number
  readonly udupPort?: number
  readonly natsPort?: number
  /** Where its NATS server meets others. */
  readonly routePort?: number
  /** Shown with every call, where the agent asks for one. */
  readonly apiToken?: string
  /** How long a start may take. */
  readonly startWithinMs?: number
}

export interface HttpAnswer {
  readonly status: number
  /** The parsed body, or undefined when it is empty or not JSON. */
  readonly json: unknown
  readonly text: string
  readonly headers: Headers
}

/** Sends `body` as JSON, or as it is when it is a string. `path` starts with `/v1`. */
export type HttpCall = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<HttpAnswer>

export interface TestAgent extends AsyncDisposable {
  readonly dkronUrl: string
  readonly udupUrl: string
  readonly dkronPort: number
  readonly udupPort: number
  readonly natsPort: number
  readonly routePort: number
  readonly dataDir: string
  /** Of the process that runs now, or ran last. */
  readonly pid: number
  readonly hasExited: boolean
  /** Everything the agent has written since its first start. */
  log(): string
  readonly dkron: HttpCall
  readonly udup: HttpCall
  /** SIGKILL to the agent alone, and waits for its end. */
  kill(): Promise<void>
  /** SIGTERM, and waits for the end; after a minute SIGKILL. */
  stop(): Promise<void>
  /** Starts it again with the same flags, after `kill` or `stop`; from now on from another copy of the project if given. */
  start(programRoot?: string): Promise<void>
}

const dataDirsInUse = new Set<string>()
const mostLogLines = 200
const mostLineLength = 400

// Before the temporary folders go, which hold the pid files.
process.prependListener('exit', () => {
  for (const dataDir of dataDirsInUse) killSurvivors(dataDir)
})

/** Starts an agent and waits until its Dkron API answers. @throws Error with the end of its log when it does not */
export async function startAgent(options: AgentOptions = {}): Promise<TestAgent> {
  const folder = await tempDir('mr-agent-')
  const dataDir = options.dataDir ?? join(folder.path, 'data')
  const dkronPort = options.dkronPort ?? (await freePort())
  const udupPort = options.udupPort ?? (await freePort())
  const natsPort = options.natsPort ?? (await freePort())
  const routePort = options.routePort ?? (await freePort())
  const dkronUrl = `http://127.0.0.1:${dkronPort}`
  const udupUrl = `http://127.0.0.1:${udupPort}`
  const logPath = join(folder.path, 'agent.log')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  dataDirsInUse.add(dataDir)
  let lastLines = ''
  whenTestFailed(() =>
    console.log(`--- the end of the log of the agent on port ${dkronPort}\n${lastLines || endOf(logPath)}`),
  )
  const dispose = async (server: ServerProcess | null) => {
    await server?.kill()
    lastLines = endOf(logPath)
    killSurvivors(dataDir)
    dataDirsInUse.delete(dataDir)
    await folder[Symbol.asyncDispose]()
  }
  const dkron = httpCall(dkronUrl, options.apiToken)
  let root: string | undefined
  const launch = async () => {
    const [command, ...program] = programArguments(root)
    const server = new ServerProcess({
      command,
      args: [
        ...program,
        'agent',
        ...flags({ dataDir, dkronPort, udupPort, natsPort, routePort }),
        ...(options.args ?? []),
      ],
      cwd: folder.path,
      ...(options.env === undefined ? {} : { env: options.env }),
      logPath,
    })
    const answers = async () => {
      const { status } = await dkron('GET', '/v1/')
      if (status !== 200) throw new Error(`GET /v1/ answered ${status}`)
    }
    await whenReady(server, `agent on port ${dkronPort}`, answers, options.startWithinMs ?? 30_000).catch(
      async (error: unknown) => {
        await server.kill()
        throw error
      },
    )
    return server
  }
  let server = await launch().catch(async (error: unknown) => {
    await dispose(null)
    throw error
  })
  return {
    dkronUrl,
    udupUrl,
    dkronPort,
    udupPort,
    natsPort,
    routePort,
    dataDir,
    get pid() {
      return server.pid
    },
    get hasExited() {
      return server.hasExited
    },
    log: () => readFileSync(logPath, 'utf8'),
    dkron,
    udup: httpCall(udupUrl, options.apiToken),
    kill: () => server.kill(),
    stop: () => server.stop(),
    async start(programRoot) {
      root = programRoot ?? root
      if (server.hasExited) server = await launch()
    },
    [Symbol.asyncDispose]: () => dispose(server),
  }
}

/** Outside of a test, as in `beforeAll`, nobody tells. */
function whenTestFailed(tell: () => void): void {
  try {
    onTestFailed(tell)
  } catch {
    // There is no test to watch.
  }
}

function endOf(logPath: string): string {
  try {
    const lines = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-mostLogLines)
    return lines.map((line) => line.slice(0, mostLineLength)).join('\n')
  } catch {
    return 'no log'
  }
}

type Place = Pick<TestAgent, 'dataDir' | 'dkronPort' | 'udupPort' | 'natsPort' | 'routePort'>

function flags({ dataDir, dkronPort, udupPort, natsPort, routePort }: Place): readonly string[] {
  return [
    ['--data-dir', dataDir],
    ['--http-addr', `127.0.0.1:${dkronPort}`],
    ['--udup-addr', `127.0.0.1:${udupPort}`],
    ['--nats-addr', `127.0.0.1:${natsPort}`],
    ['--nats-route-addr', `127.0.0.1:${routePort}`],
    ['--nats-server', natsServerPath()],
    ['--log-level', 'info'],
  ].flat()
}

function httpCall(baseUrl: string, token: string | undefined): HttpCall {
  const access: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return async (method, path, body, headers = {}) => {
    const hasBody = body !== undefined
    const response = await fetch(baseUrl + path, {
      method,
      headers: { ...access, ...(hasBody ? { 'content-type': 'application/json' } : {}), ...headers },
      ...(hasBody ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(60_000),
    })
    const text = await response.text()
    return { status: response.status, json: parsed(text), text, headers: response.headers }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
