import { expect, test } from 'vitest'
import { runsOf } from './recent-runs.ts'
import type { RecentRuns } from './wire.ts'

test.each(['constructor', '__proto__', 'nightly'])(
  'a job named %s has no runs before they are known, then its own',
  (name) => {
    expect(runsOf({}, name)).toEqual([])
    const answer = `{"${name}": [{"outcome": "failed", "duration_ms": 5, "started_at": null}]}`
    expect(runsOf(JSON.parse(answer) as RecentRuns['jobs'], name)).toMatchObject([{ outcome: 'failed' }])
  },
)
