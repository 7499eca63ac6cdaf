/** Running a tool whose output the person watches. */
import { spawn } from 'node:child_process'
import { projectRoot } from '../setup/project.ts'

const graceMs = 15_000

/**
 * Runs a command with its output on our own.
 *
 * @param limitMs after this long it is told to end, and killed a little later
 * @param env beside our own environment
 * @returns its exit status; null when a signal or the limit ended it, or it could not be started
 */
export function runShown(
  command: string,
  args: readonly string[],
  limitMs: number,
  env: Readonly<Record<string, string>> = {},
): Promise<number | null> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: projectRoot,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const soft = setTimeout(() => child.kill('SIGTERM'), limitMs)
    const hard = setTimeout(() => child.kill('SIGKILL'), limitMs + graceMs)
    const end = (status: number | null) => {
      clearTimeout(soft)
      clearTimeout(hard)
      resolve(status)
    }
    child.once('error', () => end(null))
    child.once('exit', end)
  })
}
