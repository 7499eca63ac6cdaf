import { expect, test } from 'vitest'
import { type ClockFacts, decideClock } from './clock-decision.ts'

const hour = 3_600_000
const facts: ClockFacts = { wallMs: 0, otherWallsMs: [], isDistrusted: false, aloneForMs: Number.POSITIVE_INFINITY }
const wall = (differenceMs: number, isConfirmed = true) => ({ kind: 'wall', differenceMs, isConfirmed })

test.each([
  ['alone, a step is believed', { wallMs: hour }, wall(hour, false)],
  ['two agree', { wallMs: 3, otherWallsMs: [40] }, wall(3)],
  ['of two that differ nobody is right', { wallMs: hour, otherWallsMs: [0] }, { kind: 'hold' }],
  ['of two that differed from the start each keeps its own', { wallMs: 5, otherWallsMs: [hour] }, wall(5, false)],
  [
    'a step in the company of others is not believed',
    { wallMs: hour, otherWallsMs: [0, 9] },
    { kind: 'others', differenceMs: 9 },
  ],
  ['a step that most make is believed', { wallMs: hour, otherWallsMs: [0, hour + 900] }, wall(hour)],
  ['one wrong clock among others does not matter', { wallMs: 5, otherWallsMs: [hour, 9] }, wall(5)],
  ['three that all differ', { wallMs: hour, otherWallsMs: [0, -hour] }, { kind: 'hold' }],
  ['two and two', { wallMs: hour, otherWallsMs: [0, 0, hour] }, { kind: 'hold' }],
  [
    'distrusted, just near enough for one that is trusted',
    { wallMs: 800, otherWallsMs: [0, 0], isDistrusted: true },
    { kind: 'others', differenceMs: 0 },
  ],
  ['distrusted, and right again', { wallMs: 400, otherWallsMs: [0, 0], isDistrusted: true }, wall(400)],
  ['distrusted, and the others are gone', { wallMs: hour, isDistrusted: true, aloneForMs: 59_000 }, { kind: 'hold' }],
  [
    'distrusted, and the others are gone for good',
    { wallMs: hour, isDistrusted: true, aloneForMs: 60_000 },
    wall(hour, false),
  ],
] as const)('%s', (_name, change, decision) => {
  expect(decideClock({ ...facts, ...change })).toEqual(decision)
})
