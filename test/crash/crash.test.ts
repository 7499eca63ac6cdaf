/** One run of random kills; CRASH_SEED repeats its choices. `npm run test:faults` does more, over all kinds of servers. */
import { test } from 'vitest'
import { surviveKills } from './scenario.ts'

test('under random kills an agent, its parts and both servers lose nothing, start nothing twice and account for every due second', async () => {
  await surviveKills('mariadb-10.11', Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9)))
})
