/**
 * Running a program out of a folder of unpacked Debian packages: by the folder's own loader and libraries, so that the
 * machine's release does not matter.
 *
 * Easy to get wrong: packages of other releases lie in other places (`/lib` became `/usr/lib` in Debian 13), so both are
 * looked at.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { SetupError } from './failure.ts'

export interface ProgramStart {
  readonly command: string
  /** Goes before the program's own arguments. */
  readonly args: readonly string[]
}

/** How to start `program` (a path inside `root`, such as `usr/sbin/mysqld`). @throws SetupError without a loader */
export function programInRoot(root: string, program: string): ProgramStart {
  const libraryDirs = ['usr/lib', 'lib'].flatMap((dir) =>
    namesIn(join(root, dir))
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(root, dir, name)),
  )
  for (const dir of libraryDirs) {
    const loader = namesIn(dir).find((name) => /^ld-linux-.*\.so\.\d+$/.test(name))
    if (loader !== undefined)
      return { command: join(dir, loader), args: ['--library-path', libraryDirs.join(':'), join(root, program)] }
  }
  throw new SetupError(`no loader below ${root}\n  cure: remove that folder and run 'npm run setup' again`)
}

function namesIn(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
