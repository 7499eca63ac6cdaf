/**
 * The spawner's program: starts commands for the runner and tells how they end. That is all it does and knows.
 *
 * Why a process of its own: a fork costs in proportion to the memory of who forks (1 ms at 15 MB, 10 ms at 220 MB,
 * measured), and this one's stays small. So it imports next to nothing and keeps nothing.
 *
 * Easy to get wrong: it ends with the runner's channel, whatever waits, and leaves what it has started alone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chownSync, closeSync, constants, openSync } from 'node:fs'
import { readProcess } from './process-table.ts'
import { type FromSpawner, type Launch, machineMs, type ToSpawner } from './spawner-protocol.ts'

/** Commands that are due are started before ends are seen, for about so long: an end is then noted that much too late. */
const longestTurnMs = 4

let settings: Extract<ToSpawner, { kind: 'settings' }> = { kind: 'settings', env: {}, workingDir: '/' }
const waiting: Launch[] = []
let isLaunching = false

process.on('message', (message: ToSpawner) => {
  if (message.kind === 'settings') settings = message
  else for (const launch of message.launches) waiting.push(launch)
  if (!isLaunching) void launchWaiting()
})
process.on('disconnect', () => process.exit(0))
// The runner ends its commands first, and wants to know how.
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.on(signal, () => {})
void tell({ kind: 'ready' })

async function launchWaiting(): Promise<void> {
  isLaunching = true
  let turnedAtMs = machineMs()
  for (let launch = waiting.shift(); launch !== undefined; launch = waiting.shift()) {
    await tell(await answerTo(launch))
    if (machineMs() - turnedAtMs < longestTurnMs) continue
    // A turn of the loop: commands that have ended are told of meanwhile.
    await new Promise(setImmediate)
    turnedAtMs = machineMs()
  }
  isLaunching = false
}

async function answerTo(launch: Launch): Promise<FromSpawner> {
  const { id } = launch
  try {
    const child = spawnInto(launch)
    const { pid } = child
    if (pid === undefined) throw await new Promise((resolve) => child.once('error', resolve))
    const atMs = machineMs()
    child.once('exit', (code, signal) => void tell({ kind: 'exited', id, code, signal, atMs: machineMs() }))
    // At once: in a later turn of the loop it may be gone.
    return { kind: 'spawned', id, pid, startTicks: readProcess(pid)?.startTicks ?? '', atMs }
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    return { kind: 'failed', id, code, message }
  }
}

/** For reading and writing: a command whose reader was killed does not die of SIGPIPE before the next one is there. */
function spawnInto({ file, args, env, identity, pipePath, outputOwner }: Launch): ChildProcess {
  const pipe = openSync(pipePath, constants.O_RDWR)
  try {
    if (outputOwner !== null) chownSync(pipePath, outputOwner.uid, outputOwner.gid)
    return spawn(file, args, {
      detached: true,
      stdio: ['ignore', pipe, pipe],
      env: { ...settings.env, ...env },
      cwd: settings.workingDir,
      ...identity,
    })
  } finally {
    closeSync(pipe)
  }
}

/** Resolves when it is in the channel. Without a channel there is nobody to work for. */
function tell(message: FromSpawner): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, (error) => (error === null ? resolve() : process.exit(0)))
  })
}
