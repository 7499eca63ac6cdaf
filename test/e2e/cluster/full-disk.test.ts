/** A node whose disk is full beside one that has room, as a client of the Dkron API meets them. */
import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startAgentsOnNats } from '../../harness/agents-on-nats.ts'
import { eventually } from '../../harness/eventually.ts'
import { createJob, executionsOf } from '../../harness/nodes-on-nats.ts'
import { tempDir } from '../../harness/temp-dir.ts'

/** More than what may be left in the last page of a file on a full disk. */
const largeCommand = `true # ${'x'.repeat(8_000)}`

test.runIf(process.getuid?.() === 0)(
  'what asks for one node runs on the one with room, and on both when the other has room again',
  async () => {
    await using disk = await tempDir()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m,mode=0700', 'tmpfs', disk.path])
    try {
      const small = { dataDir: disk.path }
      await using cluster = await startAgentsOnNats(2, (index) => (index === 1 ? small : {}))
      const node1 = cluster.named('node1')
      const run = async (job: string, times: number, tag: string) => {
        const tags = { dkron_server: tag }
        await createJob(node1, { name: job, schedule: '@manually', command: largeCommand, shell: true, tags })
        for (let run = 0; run < times; run += 1) await node1.dkron('POST', `/v1/jobs/${job}`)
      }
      const ranOn = async (job: string) =>
        (await executionsOf(node1, job))
          .filter(({ outcome }) => outcome === 'succeeded')
          .map(({ node_name }) => node_name)

      const filler = join(disk.path, 'filler')
      expect(() => {
        for (;;) appendFileSync(filler, Buffer.alloc(4_096))
      }).toThrow('ENOSPC')
      await run('refused', 1, 'true')
      await eventually(() => cluster.named('node2').log().includes('orders not accepted'), 10_000)
      // The refusal travels with the next heartbeat.
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await run('while-full', 6, 'true:1')
      await eventually(async () => (await ranOn('while-full')).length === 6, 10_000, 'all six ran')
      expect(new Set(await ranOn('while-full'))).toEqual(new Set(['node1']))

      rmSync(filler)
      await eventually(async () => (await ranOn('refused')).includes('node2'), 10_000)
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      await run('with-room', 6, 'true:1')
      await eventually(async () => (await ranOn('with-room')).length === 6, 10_000, 'all six ran')
      expect(new Set(await ranOn('with-room'))).toEqual(new Set(['node1', 'node2']))
    } finally {
      execFileSync('umount', ['-l', disk.path])
    }
  },
)
