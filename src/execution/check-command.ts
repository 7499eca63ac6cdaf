/** Whether a command can be run at all: asked when a job is saved, so that its first fire is no surprise. */
import { splitWords } from './split-words.ts'

/** @returns what is wrong, to follow the field's name ("is empty"), or null when the command can be tried */
export function checkCommand(command: string, isShell: boolean): string | null {
  if (!isShell) {
    const split = splitWords(command)
    return split.kind === 'invalid' ? split.reason : null
  }
  if (command.includes('\0')) return 'contains a NUL character'
  return command.trim() === '' ? 'is empty' : null
}
