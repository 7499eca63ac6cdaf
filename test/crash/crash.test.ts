/** One run of random kills for each vendor; CRASH_SEED repeats a run's choices. */
import { describe, test } from 'vitest'
import { surviveKills } from './scenario.ts'

describe('an agent, its parts and both servers under random kills', () => {
  test.each(['mariadb-10.11', 'mysql-9.7'] as const)(
    'on %s lose nothing, start nothing twice and account for every due second',
    async (kind) => {
      await surviveKills(kind, Number(process.env.CRASH_SEED ?? Math.floor(Math.random() * 1e9)))
    },
  )
})
