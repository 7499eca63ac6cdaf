/**
 * A data directory a server can start on at once: made once for each kind of server, kept in the cache, copied for each
 * start.
 *
 * Easy to get wrong: each copy needs a server UUID (auto.cnf) of its own, or two servers could not tell each other's
 * transactions apart. MySQL 5.6 makes its own from the time, and two that start at once may make the same.
 */
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../../scripts/setup/command.ts'
import { withLock } from '../../scripts/setup/lock.ts'
import { cacheDir } from '../../scripts/setup/project.ts'
import type { ServerKind, ServerRecipe } from './mysql-kinds.ts'
import { tempDir } from './temp-dir.ts'

const templatesDir = join(cacheDir, 'templates')

/** Fills the folder `dataDir`, which must not exist, with what a fresh server of that kind needs. */
export async function copyTemplate(kind: ServerKind, recipe: ServerRecipe, dataDir: string): Promise<void> {
  const template = join(templatesDir, `${kind}-${recipe.fingerprint}-${digestOf(recipe)}`)
  if (!(await exists(template))) await withLock(`template ${template}`, () => makeTemplate(kind, recipe, template))
  await runCommand('cp', ['-a', '--reflink=auto', template, dataDir])
  await writeFile(join(dataDir, 'auto.cnf'), `[auto]\nserver-uuid=${randomUUID()}\n`)
}

async function makeTemplate(kind: ServerKind, recipe: ServerRecipe, template: string): Promise<void> {
  if (await exists(template)) return
  await mkdir(templatesDir, { recursive: true })
  for (const old of await readdir(templatesDir))
    if (old.startsWith(`${kind}-`)) await rm(join(templatesDir, old), { recursive: true, force: true })
  await using scratch = await tempDir('mr-new-')
  const dataDir = join(templatesDir, `${kind}-unfinished`)
  if (recipe.initialData === null) await mkdir(dataDir)
  else await runCommand('cp', ['-r', '--preserve=mode', recipe.initialData, dataDir])
  await initialise(kind, recipe, dataDir, scratch.path)
  await rename(dataDir, template)
}

async function initialise(kind: ServerKind, recipe: ServerRecipe, dataDir: string, scratch: string): Promise<void> {
  const sqlPath = join(scratch, 'init.sql')
  await writeFile(sqlPath, recipe.initialise.sql)
  const args = [...recipe.args, `--datadir=${dataDir}`, `--tmpdir=${scratch}`, ...asRoot(), ...recipe.initialise.args]
  if (recipe.initialise.sqlBy === 'init-file') args.push(`--init-file=${sqlPath}`)
  const { status, output } = await run(recipe, args, recipe.initialise.sqlBy === 'stdin' ? recipe.initialise.sql : '')
  if (status !== 0 || /\[ERROR\]|^ERROR/m.test(output))
    throw new Error(`could not make the data directory of ${kind} (status ${status}):\n${output.slice(-4_000)}`)
}

/** A database server refuses to run as root unless it is told that this is meant. */
export function asRoot(): readonly string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : []
}

function run(
  recipe: ServerRecipe,
  args: readonly string[],
  input: string,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(recipe.command, args, {
      ...(recipe.cwd === undefined ? {} : { cwd: recipe.cwd }),
      env: { ...process.env, ...recipe.env },
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    child.on('error', reject)
    // A server that fails closes its input early; its status and output say why.
    child.stdin.on('error', () => {})
    child.on('close', (status) => resolve({ status, output: Buffer.concat(output).toString('utf8') }))
    child.stdin.end(input)
  })
}

function digestOf(recipe: ServerRecipe): string {
  const text = JSON.stringify([recipe.args, recipe.initialise])
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
