import { expect, test } from 'vitest'
import { tempDir } from '../../../test/harness/temp-dir.ts'
import type { CopyMessage } from './copy-messages.ts'
import { runCopyAgent } from './run-copy-agent.ts'

test('a job that is refused ends the agent, though nobody told it to stop', async () => {
  await using folder = await tempDir()
  const server = { host: '127.0.0.1', port: 3306, user: 'u', password: 'p' }
  const plan = {
    from: server,
    to: { ...server, host: 'localhost' },
    include: [],
    exclude: [],
    dropsTables: false,
    threads: 1,
  }
  const told: CopyMessage[] = []
  const running = runCopyAgent(
    { plan, jobId: 'copy-1', folder: folder.path, forgetsWhenAlone: true, natsServer: '', streamLimit: '64MB' },
    { tell: (message) => told.push(message), signal: new AbortController().signal, forgets: () => true },
  )
  await expect(running).rejects.toThrow(/cannot replicate to itself/)
  expect(told).toEqual([])
})
