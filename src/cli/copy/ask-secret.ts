/**
 * Asks for a password on the terminal, without showing it.
 *
 * Easy to get wrong: in raw mode the terminal sends Ctrl-C as a character; whoever presses it wants the end, and the
 * terminal as it was.
 */
import type { ReadStream } from 'node:tty'
import { QuestionRefusedError } from './errors.ts'

const [ctrlC, ctrlD, backspace, erase] = ['\u0003', '\u0004', '\b', '\u007f']

/**
 * @param input a terminal
 * @param write for the question, and the newline after the answer
 * @throws QuestionRefusedError
 */
export function askSecret(input: ReadStream, write: (text: string) => void, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const end = (act: () => void) => {
      input.off('data', onData)
      input.setRawMode(false)
      input.pause()
      write('\n')
      act()
    }
    const onData = (data: Buffer) => {
      for (const character of data.toString('utf8')) {
        if (character === '\r' || character === '\n') return end(() => resolve(answer))
        if (character === ctrlC || (character === ctrlD && answer === ''))
          return end(() => reject(new QuestionRefusedError('no password was given, nothing was done')))
        if (character === backspace || character === erase) answer = [...answer].slice(0, -1).join('')
        else answer += character
      }
    }
    // Before the question: somebody fast would otherwise see the first letters.
    input.setRawMode(true)
    input.on('data', onData)
    input.resume()
    write(question)
  })
}
