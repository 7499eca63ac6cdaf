/**
 * `npm run setup`: all that Millrace needs on a bare machine, into the project's own folders.
 *
 *     npm run setup                 npm packages, build, NATS server
 *     npm run setup -- --mariadb    and MariaDB 10.11
 *     npm run setup -- --servers    and MariaDB 10.11, MySQL 9.7, MySQL 5.6
 *     npm run setup -- --browser    and MariaDB 10.11, MySQL 9.7, Chromium
 *     npm run setup -- --bench      and the servers, sysbench, mydumper, mysqldump, mariadb-dump
 *
 * Uses nothing but Node's own modules, for it runs before anything is installed.
 */
import { parseArgs } from 'node:util'
import { exitWithFailure } from './setup/failure.ts'
import { setUp } from './setup/run.ts'

try {
  const flag = { type: 'boolean', default: false } as const
  const { values } = parseArgs({ options: { mariadb: flag, servers: flag, browser: flag, bench: flag } })
  await setUp(...(['mariadb', 'servers', 'browser', 'bench'] as const).filter((extent) => values[extent]))
} catch (error) {
  exitWithFailure('setup', error)
}
