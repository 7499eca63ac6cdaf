import { expect, test } from 'vitest'
import type { ClusterAnswer } from '../../api/cluster-wire.ts'
import { mattersOf } from './attention.ts'
import type { JobSummary } from './summaries-wire.ts'

const cluster: ClusterAnswer = {
  state: 'attention',
  asked_node: 'a',
  at: '2026-01-02T03:04:05Z',
  warnings: [
    { severity: 'note', text: 'one node keeps one copy' },
    { severity: 'critical', text: 'the cluster has no leader' },
  ],
  leader: null,
  members: [],
  nats: { mode: 'embedded', error: 'it did not answer' },
  jobs: {
    scheduled: {
      error: null,
      total: 2,
      failing: 1,
      attention: [
        {
          name: 'nightly',
          outcome: 'failed',
          reason: '',
          exit_code: 3,
          node_name: 'b',
          scheduled_at: null,
          finished_at: null,
        },
      ],
    },
    replication: {
      error: null,
      total: 1,
      attention: [{ id: 'r/1', name: 'orders', status: 'dead', description: 'the target refused a row' }],
    },
  },
}

function job(name: string): JobSummary {
  const last_error_at = '2026-01-02T03:00:00Z'
  return {
    name,
    schedule: '@daily',
    disabled: false,
    next_at: null,
    last_at: null,
    last_success_at: null,
    last_error_at,
    running: 0,
  }
}

const failing = { total: 2, matched: 2, jobs: [job('nightly'), job('other')] }

test('the worst comes first, and each leads to where it can be mended', () => {
  const matters = mattersOf({ cluster, failing, timeline: undefined })
  expect(matters.map(({ tone, subject, href, text }) => [tone, subject, href, text])).toEqual([
    ['bad', '', '/cluster', 'the cluster has no leader'],
    ['bad', 'orders', '/replications/r%2F1', 'the target refused a row'],
    ['bad', 'nightly', '/jobs/nightly', 'ended with status 3 on b'],
    ['bad', 'other', '/jobs/other', 'failed the last time it ran'],
    ['note', '', '/cluster', 'one node keeps one copy'],
  ])
})

test('what cannot be read hides nothing of the rest', () => {
  const jobs = { scheduled: { error: 'it did not answer' }, replication: { error: 'it did not answer' } }
  const matters = mattersOf({ cluster: { ...cluster, warnings: [], jobs }, failing, timeline: undefined })
  expect(matters.map(({ subject }) => subject)).toEqual(['nightly', 'other'])
  expect(mattersOf({ cluster: undefined, failing: undefined, timeline: undefined })).toEqual([])
})

test('of a job that is late again and again only the newest is told', () => {
  const at = '2026-01-02T03:00:00Z'
  const entry = { job: 'slow', id: '1', node_name: 'a', outcome: 'succeeded', reason: '', scheduled_at: at }
  const late = [
    { ...entry, job: 'long over', scheduled_at: '2026-01-02T02:40:00Z', lateness_ms: 6_000 },
    { ...entry, lateness_ms: 6_000 },
    { ...entry, lateness_ms: 12_000 },
    { ...entry, job: 'gone', outcome: 'missed', reason: 'no leader', lateness_ms: null },
  ]
  const matters = mattersOf({
    cluster: undefined,
    failing: undefined,
    timeline: { from: at, to: at, known_from: at, buckets: [], late },
  })
  expect(matters.map(({ tone, subject, text }) => [tone, subject, text])).toEqual([
    ['warn', 'gone', 'missed a fire: no leader'],
    ['warn', 'slow', 'started 12 s late on a'],
  ])
})
