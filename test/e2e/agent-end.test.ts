/** How an agent ends, and what is left of it. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive, readPidFile } from '../../src/core/process-identity.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'

const natsOf = (agent: TestAgent) => readPidFile(join(agent.dataDir, 'nats/nats.pid'))

test.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
  '%s ends the agent in order, and its NATS with it',
  async (signal) => {
    await using agent = await startAgent()
    const nats = natsOf(agent)
    process.kill(agent.pid, signal)
    await eventually(() => agent.hasExited, 20_000)
    expect(nats !== null && isAlive(nats)).toBe(false)
    expect(agent.log()).toContain('"isDrained":true')
  },
)
