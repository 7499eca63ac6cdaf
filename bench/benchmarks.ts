/**
 * Every benchmark there is, with its size for measuring and a tiny one that only shows that it still works.
 *
 * Easy to get wrong: measuring is to end within 40 minutes on two cores, all tiny ones together within three.
 */
export interface Benchmark {
  readonly name: string
  readonly what: string
  /** Beside this file. */
  readonly script: string
  readonly args: readonly string[]
  /** Its tiny size; null: another kind of server shows the same. */
  readonly smoke: readonly string[] | null
  /** A part of the name of a figure that there must be, for each thing that it measures. */
  readonly tells: readonly string[]
}

const kinds = ['mysql-9.7', 'mysql-5.6', 'mariadb-10.11'] as const

const followers = ['native-1', 'native-4', 'millrace', 'millrace-sql']

export const benchmarks: readonly Benchmark[] = [
  {
    name: 'schedule-next',
    what: 'the next fire of a schedule',
    script: 'schedule-next.ts',
    args: [],
    smoke: [],
    tells: ['in UTC', 'in turn'],
  },
  {
    name: 'scheduler',
    what: 'scheduled jobs on a real agent',
    script: 'scheduler.ts',
    args: [],
    smoke: ['--smoke'],
    tells: ['steady', 'stored', 'burst', 'api', 'output'],
  },
  {
    name: 'cluster',
    what: 'how soon others take over from a node that is gone',
    script: 'cluster.ts',
    args: ['--rounds', '2'],
    smoke: ['--rounds', '1', '--part', 'members'],
    tells: ['failed', 'back'],
  },
  ...kinds.map((kind) => ({
    name: `binlog-decode-${kind}`,
    what: `reading the binlog of a real ${kind}`,
    script: 'binlog-decode.ts',
    args: [kind],
    smoke: kind === 'mysql-9.7' ? [kind, '--smoke'] : null,
    tells: ['events', 'headers and row images only', 'every column to a value'],
  })),
  ...kinds.map((kind) => ({
    name: `drain-${kind}`,
    what: `a backlog of small transactions, ${kind}`,
    script: 'replication/drain.ts',
    args: ['--kind', kind],
    // Not of MySQL 5.6, for the time that it takes; the other two show as much.
    smoke: kind === 'mysql-5.6' ? null : ['--kind', kind, '--transactions', '300', '--rows', '1000'],
    tells: followers.map((follower) => `drain by ${follower}`),
  })),
  {
    name: 'drain-uniform-mysql-9.7',
    what: 'a backlog of small transactions that seldom meet the same row, mysql-9.7',
    script: 'replication/drain.ts',
    args: [
      '--kind',
      'mysql-9.7',
      '--distribution',
      'uniform',
      '--only',
      'native-1',
      '--only',
      'native-4',
      '--only',
      'millrace',
    ],
    smoke: null,
    tells: [],
  },
  ...kinds.map((kind) => ({
    name: `bulk-${kind}`,
    what: `a backlog of large transactions, ${kind}`,
    script: 'replication/bulk.ts',
    args: ['--kind', kind],
    smoke: kind === 'mariadb-10.11' ? ['--kind', kind, '--rows', '2000', '--transaction', '500'] : null,
    tells: ['insert', 'update', 'delete'].flatMap((work) => followers.map((follower) => `bulk ${work} by ${follower}`)),
  })),
  ...kinds.map((kind) => ({
    name: `steady-${kind}`,
    what: `lag under a steady load, ${kind}`,
    script: 'replication/steady.ts',
    args: ['--kind', kind, '--seconds', '12', '--only', 'native-1', '--only', 'native-4', '--only', 'millrace'],
    smoke: kind === 'mysql-9.7' ? ['--kind', kind, '--only', 'millrace', '--rows', '1000', '--seconds', '2'] : null,
    tells: ['lag p50', 'lag p99', 'memory of a task'],
  })),
  // Not of MySQL 5.6, for the time that it takes: `node bench/copy.ts mysql-5.6` measures it.
  ...(['mysql-9.7', 'mariadb-10.11'] as const).map((kind) => ({
    name: `copy-${kind}`,
    what: `a full copy, ${kind}`,
    script: 'copy.ts',
    args: [kind],
    smoke: kind === 'mariadb-10.11' ? [kind, '--rows', '4000'] : null,
    tells: ['Millrace: rows'],
  })),
]

/** @throws Error for a name that there is not */
export function benchmarksNamed(names: readonly string[]): readonly Benchmark[] {
  return names.map((name) => {
    const found = benchmarks.find((benchmark) => benchmark.name === name)
    if (found !== undefined) return found
    throw new Error(`no benchmark '${name}': one of ${benchmarks.map((benchmark) => benchmark.name).join(', ')}`)
  })
}
