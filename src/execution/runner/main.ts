/**
 * The runner's program: `node main.ts <folder>`. Started by an agent, lives on without it.
 *
 * Easy to get wrong: it ends by itself, but only when no agent has been connected for a while and nothing runs. On
 * SIGTERM (the machine or the service goes down) it ends its commands first, so that each has a recorded end.
 */
import { rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { openRunner } from './open-runner.ts'
import { readProcess } from './process-table.ts'
import { logFileName, pidFileName, type RunnerEvent } from './protocol.ts'
import type { Runner } from './runner.ts'
import { takeRunnerLock } from './runner-lock.ts'
import { RunnerLog } from './runner-log.ts'
import { RunnerServer } from './runner-server.ts'
import { ToldClock } from './told-clock.ts'

const lonelyPollMs = 500
/** Ten seconds. Looks are counted, because a runner that was stopped meanwhile has not looked. */
const lonelyPolls = 20

async function main(dir: string, clock: ToldClock): Promise<void> {
  const log = RunnerLog.open(join(dir, logFileName))
  if ((await takeRunnerLock(dir)) === null) {
    log.info({}, 'another runner has this folder')
    process.exit(0)
  }
  // A closed terminal or a Ctrl-C meant for the agent is none of ours.
  for (const signal of ['SIGHUP', 'SIGINT'] as const) process.on(signal, () => {})
  await writePidFile(dir).catch((error) => log.error({ err: messageOf(error) }, 'the pid file cannot be written'))
  let server: RunnerServer | null = null
  const onEvent = (event: RunnerEvent) => server?.broadcast(event)
  const runner = await openRunner({ dir, clock, log, onEvent })
  const end = async (why: string) => {
    log.info({ why }, 'runner ends')
    server?.close()
    await runner.close()
    rmSync(join(dir, pidFileName), { force: true })
    process.exit(0)
  }
  server = new RunnerServer({
    ...{ dir, runner, log },
    onTime: (at) => clock.tell(at),
    onShutdown: () => void end('asked to'),
  })
  process.once('SIGTERM', () => void runner.endAll('the runner was told to end').then(() => end('told to by SIGTERM')))
  await server.listen()
  log.info({ node: process.version }, 'runner listens')
  await untilLonely(runner, server, clock)
  await end('no agent and nothing to do')
}

/** For people and tests; nothing of ours trusts it without the start time. */
async function writePidFile(dir: string): Promise<void> {
  const path = join(dir, pidFileName)
  const facts = { pid: process.pid, startTicks: readProcess(process.pid)?.startTicks ?? '' }
  await writeFile(`${path}.new`, JSON.stringify(facts), { mode: 0o600 })
  await rename(`${path}.new`, path)
}

async function untilLonely(runner: Runner, server: RunnerServer, clock: ToldClock): Promise<void> {
  for (let lonely = 0; lonely < lonelyPolls; ) {
    await clock.sleep(lonelyPollMs)
    lonely = server.connectionCount > 0 || !runner.isIdle ? 0 : lonely + 1
  }
}

const dir = process.argv[2]
if (dir === undefined) {
  process.stderr.write('usage: main <runner folder>\n')
  process.exit(2)
}
await main(dir, new ToldClock(systemClock))
