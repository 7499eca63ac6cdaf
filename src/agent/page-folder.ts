/** Where the built page lies: beside the built agent, and for an agent run from its sources where the build puts it. */
import { basename, dirname, join } from 'node:path'

/** @param here the folder of this file, as it runs */
export function pageFolder(here: string = import.meta.dirname): string {
  const root = dirname(here)
  return basename(root) === 'src' ? join(root, '../dist/web') : join(root, 'web')
}
