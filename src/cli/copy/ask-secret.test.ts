import { EventEmitter } from 'node:events'
import type { ReadStream } from 'node:tty'
import { expect, test } from 'vitest'
import { askSecret } from './ask-secret.ts'
import { QuestionRefusedError } from './errors.ts'

class Keyboard extends EventEmitter {
  isRaw = false
  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw
  }
  resume(): void {}
  pause(): void {}
  type(text: string): void {
    this.emit('data', Buffer.from(text))
  }
}

function ask() {
  const keyboard = new Keyboard()
  let written = ''
  const write = (text: string) => {
    written += text
  }
  const answer = askSecret(keyboard as unknown as ReadStream, write, 'Password: ')
  return { keyboard, answer, written: () => written }
}

test('what is typed is not shown, and the terminal is as before afterwards', async () => {
  const { keyboard, answer, written } = ask()
  expect(keyboard.isRaw).toBe(true)
  keyboard.type('gehé')
  keyboard.type('x\u007fim\r')
  expect(await answer).toBe('gehéim')
  expect(written()).toBe('Password: \n')
  expect(keyboard.isRaw).toBe(false)
  expect(keyboard.listenerCount('data')).toBe(0)
})

test.each([
  ['Ctrl-C', 'abc\u0003'],
  ['Ctrl-D', '\u0004'],
])('%s ends the question', async (_name, typed) => {
  const { keyboard, answer } = ask()
  keyboard.type(typed)
  await expect(answer).rejects.toThrow(QuestionRefusedError)
  expect(keyboard.isRaw).toBe(false)
})
