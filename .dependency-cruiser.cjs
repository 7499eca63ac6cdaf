/**
 * The walls of the house: which folder of src/ may import which, and that web/ stands by itself. ARCHITECTURE.md draws them; this file keeps them.
 *
 * Easy to get wrong: a rule lists what a folder MAY see; everything else of ours is forbidden to it.
 */
const allowed = {
  core: [],
  model: ['core'],
  binlog: ['core'],
  mysql: ['core', 'model', 'binlog'],
  engine: ['core', 'model'],
  cluster: ['core', 'model'],
  schedule: ['core', 'model', 'cluster'],
  execution: ['core', 'model', 'cluster'],
  replication: ['core', 'model', 'cluster', 'binlog', 'mysql'],
  notify: ['core', 'model', 'cluster'],
  config: ['core', 'model'],
  'http/dkron': ['core', 'model', 'cluster', 'schedule', 'execution', 'http/shared'],
  'http/udup': ['core', 'model', 'cluster', 'replication', 'http/shared'],
  'http/ops': ['core', 'model', 'cluster', 'schedule', 'execution', 'replication', 'http/shared'],
  'http/shared': ['core', 'model', 'cluster'],
  cli: ['core', 'model', 'config', 'schedule'],
}

const walls = Object.entries(allowed).map(([folder, mayImport]) => ({
  name: `walls-of-${folder.replace('/', '-')}`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...mayImport].join('|')})/` },
}))

module.exports = {
  forbidden: [
    ...walls,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'page-and-agent-apart',
      comment: 'They meet in what goes over the wire, and nowhere else.',
      severity: 'error',
      from: { path: '^(web|src)/' },
      to: { path: '^(web|src)/', pathNot: '^$1/' },
    },
    {
      name: 'nats-only-in-engine',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/engine/' },
      // A package that cannot be resolved keeps its bare name, and must be seen all the same.
      to: { path: '(^|node_modules/)@nats-io/' },
    },
    {
      name: 'mysql2-only-in-mysql-and-binlog',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(mysql|binlog)/' },
      to: { path: '(^|node_modules/)mysql2(/|$)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.test\\.ts$' },
  },
}
