/** The scheduled jobs of the pictures: what a small shop would have, one of them ailing. */

interface ShownJob {
  readonly name: string
  readonly schedule: string
  readonly command: string
  readonly [field: string]: unknown
}

const usual = { shell: true, owner: 'ops' } as const

export const shownJobs: readonly ShownJob[] = [
  { name: 'mail-queue', schedule: '*/10 * * * * *', command: 'sleep 2; echo "12 letters sent"' },
  { name: 'metrics-rollup', schedule: '*/15 * * * * *', command: 'echo "rolled up 5,120 points"' },
  { name: 'thumbnails', schedule: '*/20 * * * * *', command: 'sleep 14; echo "31 pictures"', tags: { role: 'web:1' } },
  { name: 'cache-warm', schedule: '*/30 * * * * *', command: 'sleep 1; echo "warm"', tags: { role: 'web' } },
  { name: 'session-cleanup', schedule: '40 * * * * *', command: 'echo "removed 31 sessions"' },
  {
    name: 'invoice-export',
    schedule: '0 */2 * * * *',
    command: 'sleep 9; echo "214 invoices"',
    tags: { role: 'db:1' },
  },
  {
    name: 'search-index',
    schedule: '30 * * * * *',
    command: searchIndex(),
    concurrency: 'forbid',
    tags: { role: 'db:1' },
  },
  { name: 'stock-sync', schedule: '5 */3 * * * *', command: stockSync(), retries: 1, tags: { role: 'web:1' } },
  { name: 'price-feed', schedule: '@every 45s', command: 'sleep 1; echo "1,204 prices"', tags: { role: 'web:1' } },
  { name: 'nightly-backup', schedule: '0 30 2 * * *', command: 'pg_dump shop', timezone: 'Europe/Berlin' },
  { name: 'monthly-report', schedule: '0 0 6 1 * *', command: 'report --month', timezone: 'America/New_York' },
  { name: 'old-import', schedule: '@hourly', command: 'import --all', disabled: true },
].map((job) => ({ ...usual, ...job }))

/** Takes 25 s, and tells how far it is. */
function searchIndex(): string {
  return 'for part in 1 2 3 4 5; do echo "part $part of 5: 24,000 documents"; sleep 5; done; echo "index swapped"'
}

function stockSync(): string {
  return 'echo "asking warehouse 3"; sleep 1; echo "warehouse 3: connection refused" >&2; exit 3'
}
