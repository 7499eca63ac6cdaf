/** The `millrace` command as users run it, or its source where nothing is built. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../../scripts/setup/project.ts'

export interface EndedCommand {
  readonly status: number
  /** Standard output, then standard error. */
  readonly text: string
  readonly stdout: string
  readonly stderr: string
}

/** What to start, and its first arguments. */
export function programArguments(root = projectRoot): readonly [string, ...string[]] {
  const isBuilt = existsSync(join(root, 'dist/main.js'))
  return isBuilt ? [join(root, 'bin/millrace')] : [process.execPath, join(root, 'src/main.ts')]
}

/** @param env further variables @param input what it reads on standard input */
export function millrace(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input = '',
): Promise<EndedCommand> {
  const [command, ...program] = programArguments()
  return new Promise((resolve) => {
    const options = { timeout: 60_000, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 }
    const child = execFile(command, [...program, ...args], options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), text: stdout + stderr, stdout, stderr }),
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
