import { describe, test } from 'vitest'
import { surviveFire } from './copy-under-fire.ts'

describe('a copy while its source is changed in every way', () => {
  // Parts of rows on one, whole rows on the other: many seeds of all kinds are in the suite `faults`.
  test.each([
    { kind: 'mariadb-10.11', image: 'FULL', kills: ['target', 'agent'] },
    { kind: 'mysql-9.7', image: 'MINIMAL', kills: ['task', 'nats'] },
  ] as const)('on $kind with $image loses nothing when $kills are killed', async ({ kind, image, kills }) => {
    await surviveFire({
      kind,
      image,
      kills,
      rows: 20_000,
      sessions: 1,
      seed: Number(process.env.FIRE_SEED ?? Math.floor(Math.random() * 1e9)),
    })
  })
})
