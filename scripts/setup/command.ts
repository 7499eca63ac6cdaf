/**
 * Running other programs during set-up.
 *
 * Easy to get wrong: the programs' own output is kept back and shown only when they fail, together with the command.
 */
import { spawn } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { SetupError } from './failure.ts'
import { projectRoot } from './project.ts'

const edgeLines = 10

export interface CommandOptions {
  readonly cwd?: string
  /** Added to this process's own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What a person can do when the command fails. */
  readonly cure?: string
}

export interface CommandResult {
  /** The exit status, or null when a signal ended it. */
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, whatever its status. @throws SetupError if it cannot be started */
export function tryCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? projectRoot,
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.on('error', (cause) => {
      reject(new SetupError(withCure(`cannot start ${command}: ${cause.message}`, options.cure), { cause }))
    })
    child.on('close', (status) => resolve({ status, stdout: textOf(stdout), stderr: textOf(stderr) }))
  })
}

/** Runs a command that must succeed. @returns what it printed @throws SetupError with the end of its output */
export async function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const result = await tryCommand(command, args, options)
  if (result.status === 0) return result.stdout
  throw commandFailure(command, args, result, options.cure)
}

/** What to throw for a command that failed. Long output is cut in its middle: npm tells first, compilers last. */
export function commandFailure(
  command: string,
  args: readonly string[],
  result: CommandResult,
  cure?: string,
): SetupError {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '')
  const shown =
    lines.length <= 2 * edgeLines ? lines : [...lines.slice(0, edgeLines), '...', ...lines.slice(-edgeLines)]
  const ending = result.status === null ? 'was killed' : `failed with status ${result.status}`
  const output = shown.map((line) => `  ${line}`).join('\n')
  return new SetupError(withCure(`'${[command, ...args].join(' ')}' ${ending}\n${output}`, cure))
}

/** The full path of an executable on PATH or in one of `moreDirs`, or null. */
export async function findExecutable(name: string, moreDirs: readonly string[] = []): Promise<string | null> {
  for (const dir of [...(process.env.PATH ?? '').split(delimiter), ...moreDirs]) {
    const path = join(dir, name)
    if (dir !== '' && (await isExecutable(path))) return path
  }
  return null
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

function withCure(message: string, cure: string | undefined): string {
  return cure === undefined ? message : `${message}\n  cure: ${cure}`
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
