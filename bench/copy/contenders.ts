/**
 * Those who copy: Millrace, mydumper with myloader, and the vendor's dump program piped into its client. Each is run as a
 * user runs it, with the same number of threads where it knows any.
 *
 * Easy to get wrong: myloader switches the binary log of its sessions off unless told otherwise, which would let it do less
 * than the others.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { type DumpProgram, findDumpProgram } from '../../scripts/setup/dump-programs.ts'
import { passwordsOf, urlOf } from '../../test/harness/copy-command.ts'
import { programArguments } from '../../test/harness/millrace-command.ts'
import type { TestServer } from '../../test/harness/mysql-servers.ts'
import { tempDir } from '../../test/harness/temp-dir.ts'
import { type ProcessUse, UseWatch } from './process-use.ts'
import { schema } from './servers.ts'

export interface CopyCase {
  readonly source: TestServer
  readonly target: TestServer
  readonly threads: number
}

export interface Contender {
  readonly name: string
  /** Copies. @returns what its own processes used @throws Error with what it printed when it fails */
  copy(one: CopyCase): Promise<readonly ProcessUse[]>
}

export const millrace: Contender = {
  name: 'Millrace',
  async copy({ source, target, threads }) {
    await using folder = await tempDir()
    const [command, ...program] = programArguments()
    const scope = ['--schemas', schema, '--threads', String(threads), '--no-compare', '--json']
    const args = [...program, 'copy', '--from', urlOf(source), '--to', urlOf(target), ...scope]
    return await run(command, args, { TMPDIR: folder.path, ...passwordsOf(source, target) })
  },
}

export const mydumper: Contender = {
  name: 'mydumper and myloader',
  async copy({ source, target, threads }) {
    await using folder = await tempDir()
    const dump = join(folder.path, 'dump')
    const common = ['--threads', String(threads), '--database', schema, '--verbose', '1']
    const made = await runProgram('mydumper', [
      ...[...accountOf(source), ...common, '--outputdir', dump, '--trx-consistency-only'],
    ])
    const loaded = await runProgram('myloader', [
      ...[...accountOf(target), ...common, '--directory', dump, '--enable-binlog'],
    ])
    return [...made, ...loaded]
  },
}

/** mysqldump and mysql, or mariadb-dump and mariadb. */
export const piped: Contender = {
  name: 'dump piped into the client',
  async copy({ source, target }) {
    const [dumper, client]: readonly [DumpProgram, DumpProgram] =
      source.vendor === 'mariadb' ? ['mariadb-dump', 'mariadb'] : ['mysqldump', 'mysql']
    const own = source.vendor === 'mariadb' ? [] : ['--set-gtid-purged=OFF', '--column-statistics=0']
    const [dump, load] = [await findDumpProgram(dumper), await findDumpProgram(client)]
    const dumps = ['--no-defaults', ...accountOf(source), '--single-transaction', ...own, '--databases', schema]
    const from = [dump.command, ...dump.args, ...dumps].map(quoted).join(' ')
    const to = [load.command, ...load.args, '--no-defaults', ...accountOf(target)].map(quoted).join(' ')
    return await run('bash', ['-o', 'pipefail', '-c', `${from} | ${to}`], dump.env)
  },
}

function accountOf({ host, port, user, password }: TestServer): readonly string[] {
  return [`--host=${host}`, `--port=${port}`, `--user=${user}`, `--password=${password}`]
}

async function runProgram(program: DumpProgram, options: readonly string[]): Promise<readonly ProcessUse[]> {
  const { command, args, env } = await findDumpProgram(program)
  return await run(command, [...args, ...options], env)
}

async function run(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<readonly ProcessUse[]> {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  const watch = new UseWatch(child.pid ?? 0)
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = `${printed}${text}`.slice(-2_000)
    })
  const [status] = (await once(child, 'close')) as [number | null]
  const use = watch.stop()
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${printed}`)
  return use
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
