import { expect, test } from 'vitest'
import type { SchemaFilter } from '../../model/replication-job.ts'
import { parseGrants } from '../../mysql/grants.ts'
import { parseServerVersion } from '../../mysql/server-version.ts'
import { checkTarget } from './target-checks.ts'
import { mayReplayBinlog, readPrivileges, type TargetFacts } from './target-facts.ts'

function facts(version: string, grants: readonly string[], change: Partial<TargetFacts> = {}): TargetFacts {
  return {
    version: parseServerVersion(version),
    where: 'target.example:3306',
    serverUuid: '',
    serverId: 1,
    maxAllowedPacket: 16 * 1024 * 1024,
    isReadOnly: false,
    isSuperReadOnly: false,
    hasGtids: true,
    lowerCaseTableNames: 0,
    execMode: '',
    logsStatements: false,
    privileges: readPrivileges(grants.map((grant) => ({ grant }))),
    grants: parseGrants(grants),
    account: "'u'@'%'",
    ...change,
  }
}

const all = 'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES'
const rows = 'SELECT, INSERT, UPDATE, DELETE'
const books = `GRANT ${rows}, CREATE, DROP ON \`millrace\`.* TO u`
const shop: readonly SchemaFilter[] = [{ schema: 'shop', tables: [] }]
const pattern: readonly SchemaFilter[] = [{ schema: 'shop*', tables: [] }]

test.each<[string, readonly string[], readonly SchemaFilter[], boolean, string | null]>([
  ['everything', ['GRANT ALL PRIVILEGES ON *.* TO u'], shop, false, null],
  ['the schema and millrace', [books, `GRANT ${all} ON \`shop\`.* TO u`], shop, false, null],
  [
    'the table and millrace',
    [books, `GRANT ${all} ON \`shop\`.\`t\` TO u`],
    [{ schema: 'shop', tables: ['t'] }],
    false,
    null,
  ],
  ['rows alone, where nothing is created', [books, `GRANT ${rows} ON \`shop\`.* TO u`], shop, true, null],
  ['some schema, for a pattern', [books, `GRANT ${all} ON \`shop1\`.* TO u`], pattern, false, null],
  [
    'not millrace',
    [`GRANT ${all} ON \`shop\`.* TO u`],
    shop,
    false,
    `run GRANT ${rows}, CREATE, DROP ON \`millrace\`.* TO 'u'@'%'`,
  ],
  ['not the schema', [books], shop, false, `run GRANT ${all} ON \`shop\`.* TO 'u'@'%'`],
  [
    'too little on a pattern of schemas',
    [books, `GRANT ${rows} ON \`sh\\_p%\`.* TO u`],
    [{ schema: 'sh_p1', tables: [] }],
    false,
    `run GRANT ${all} ON \`sh\\_p%\`.* TO 'u'@'%'`,
  ],
  ['too little anywhere, for a pattern', [books], pattern, false, `run GRANT ${all} ON *.* TO 'u'@'%'`],
])('a target whose user may use %s', (_name, grants, include, skipsCreation, cure) => {
  const check = () => checkTarget(facts('9.7.0', grants), { include, skipsCreation })
  if (cure === null) expect(check).not.toThrow()
  else expect(check).toThrow(cure)
})

test.each([
  ['9.7.0', 'BINLOG_ADMIN', false],
  ['9.7.0', 'BINLOG_ADMIN,REPLICATION_APPLIER', true],
  ['9.7.0', 'BINLOG_ADMIN,SESSION_VARIABLES_ADMIN', true],
  ['9.7.0', 'REPLICATION_APPLIER', false],
  ['8.0.36', 'SUPER', true],
  ['5.6.24', 'SUPER', true],
  ['10.11.6-MariaDB', 'BINLOG REPLAY', true],
  ['10.4.30-MariaDB', 'SUPER', true],
])('on %s %s is enough for row images: %s', (version, privileges, isEnough) => {
  expect(mayReplayBinlog(facts(version, [`GRANT ${privileges} ON *.* TO u`]))).toBe(isEnough)
})
