/** A stream that holds far less than what has to pass it. */
import { expect, test } from 'vitest'
import { eventually } from '../../harness/eventually.ts'
import { ReplicationPair } from '../../harness/replication-pair.ts'

const rows = 200

const small: { readonly label: string; readonly rowBytes: number; readonly args: string[]; readonly source: object }[] =
  [
    { label: '20 MB pass a stream of 1 MB', rowBytes: 100_000, args: ['--stream-limit', '1MB'], source: {} },
    { label: '4 MB pass a buffer of one message', rowBytes: 20_000, args: [], source: { ReplChanBufferSize: 1 } },
  ]

test.each(small)('$label in seconds, as a copy and as one transaction', async ({ label, rowBytes, args, source }) => {
  await using pair = await ReplicationPair.start('mariadb-10.11', { agentArgs: args })
  await pair.source.query(
    'CREATE DATABASE small; CREATE TABLE small.large (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT) ENGINE=InnoDB',
  )
  const insert = `USE small; INSERT INTO large (v) SELECT REPEAT(seq % 10, ${rowBytes}) FROM seq_1_to_${rows}`
  await pair.source.query(insert)
  const targetHas = async (count: number, withinMs: number): Promise<number> => {
    const startedMs = performance.now()
    const isThere = async () => {
      const tables = await pair.target.query("SHOW DATABASES LIKE 'small'")
      if (tables.length === 0) return false
      const [row] = await pair.target.query('SELECT COUNT(*) AS n FROM small.large')
      return Number(row?.n) === count
    }
    await eventually(isThere, withinMs, `${count} rows`)
    return Math.round(performance.now() - startedMs)
  }
  const { ID: id } = await pair.create(pair.jobOf('small', { source }))
  const copiedMs = await targetHas(rows, 40_000)
  await pair.whenStreaming(id)
  await pair.source.query(insert)
  const streamedMs = await targetHas(2 * rows, 20_000)
  console.log(`${label}: copied ${copiedMs} ms after its job was made, as one transaction ${streamedMs} ms`)
  expect(await pair.target.query('SELECT id, MD5(v) AS v FROM small.large ORDER BY id')).toEqual(
    await pair.source.query('SELECT id, MD5(v) AS v FROM small.large ORDER BY id'),
  )
})
