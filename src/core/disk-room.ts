/** Room on a disk: without it a node can store nothing, and so starts nothing. */
import { statfsSync } from 'node:fs'

/** @returns bytes that this account may still use; undefined when the system does not tell */
export function freeBytesOf(path: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(path)
    return bavail * bsize
  } catch {
    return undefined
  }
}
