/** CPU profiles of the task processes: which file is whose. */
import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'

/** Puts `source-task` or `target-task` before the names of the profiles that these processes left. */
export function nameProfiles(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.startsWith('CPU.'))) {
    const text = readFileSync(join(folder, name), 'utf8')
    for (const task of ['source-task', 'target-task'])
      if (text.includes(`${task}.`)) renameSync(join(folder, name), join(folder, `${task}.${name}`))
  }
}
