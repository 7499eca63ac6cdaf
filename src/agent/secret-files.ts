/** A secret's file that other accounts can read is no secret: said, not refused, for a container may know better. */
import { statSync } from 'node:fs'
import type { Log } from '../core/log.ts'

/** @param setting the flag that names the file */
export function warnIfOpen(setting: `--${string}`, path: string, log: Log): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0
  if ((mode & 0o077) === 0) return
  log.warn({ setting, path, mode: (mode & 0o777).toString(8) }, 'a secret can be read by other accounts; chmod 600 it')
}
