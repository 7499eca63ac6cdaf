import { expect, test } from 'vitest'
import { type JobDraft, newDraft } from './job-draft.ts'
import { everything, nothing, withSchema } from './scope.ts'
import { draftField, faultsOf, stepOfField, suggestedName } from './steps.ts'

const server = { host: 'db1', port: '3306', user: 'u', passwordKind: 'typed', password: 'p', storedFor: null } as const
const draft: JobDraft = { ...newDraft, source: { ...newDraft.source, server } }

test('a step names each field that lacks something', () => {
  expect(Object.keys(faultsOf('source', newDraft))).toEqual(['source.server.host', 'source.server.user'])
  expect(faultsOf('source', draft)).toEqual({})
})

test.each([
  [{ host: 'root@db1' }, 'source.server.host'],
  [{ port: '70000' }, 'source.server.port'],
  [{ port: '' }, 'source.server.port'],
  [{ passwordKind: 'environment', password: 'DB-PASS' }, 'source.server.password'],
  [{ passwordKind: 'file', password: 'relative' }, 'source.server.password'],
  [{ password: 'env:X' }, 'source.server.password'],
] as const)('%o is a fault of %s', (change, field) => {
  const source = { ...draft.source, server: { ...server, ...change } }
  expect(Object.keys(faultsOf('source', { ...draft, source }))).toEqual([field])
})

test('a stored password is kept for the server that it is for, and for no other', () => {
  const kept = { ...server, passwordKind: 'kept', password: '', storedFor: 'u at db1:3306' } as const
  const faults = (change: object) =>
    faultsOf('source', { ...draft, source: { ...draft.source, server: { ...kept, ...change } } })
  expect(faults({})).toEqual({})
  expect(faults({ host: 'db9' })['source.server.password']).toMatch(/only for u at db1:3306/)
})

test('a target that is the source is told at once, by whatever name for this machine', () => {
  const source = { ...draft.source, server: { ...server, host: 'localhost' } }
  const target = { ...draft.target, server: { ...server, host: '127.0.0.1' } }
  expect(faultsOf('target', { ...draft, source, target })['target.server.host']).toMatch(/is the source/)
  const other = { ...target, server: { ...target.server, port: '3307' } }
  expect(faultsOf('target', { ...draft, source, target: other })).toEqual({})
})

test('nothing picked is a fault, everything is not', () => {
  expect(faultsOf('tables', { ...draft, scope: nothing })).toHaveProperty('scope')
  expect(faultsOf('tables', { ...draft, scope: everything })).toEqual({})
})

test.each([
  ['Name', 'name', 'options'],
  ['Tasks[0].Config.ConnectionConfig.Key.Port', 'source.server.port', 'source'],
  ['Tasks[1].Config.ConnectionConfig', 'target.server.host', 'target'],
  ['Tasks[1].Config.ConnectionConfig.Password', 'target.server.password', 'target'],
  ['Tasks[0].Config.ReplicateDoDb[2].Tables[0]', 'scope', 'tables'],
  ['Tasks[0].Config.MsgBytesLimit', 'frameBytes', 'options'],
  ['Tasks[1].NodeId', 'target.nodeId', 'options'],
  ['Tasks[1].Config.ParallelWorkers', 'target.workers', 'options'],
])('a fault of the API in %s is shown at %s of step %s', (wire, field, step) => {
  expect(draftField(wire)).toBe(field)
  expect(stepOfField(field)).toBe(step)
})

test('a name is suggested from what goes where', () => {
  const target = { ...draft.target, server: { ...server, host: 'db2' } }
  expect(suggestedName({ ...draft, target, scope: withSchema(nothing, 'shop', true) })).toBe('shop to db2')
  expect(suggestedName({ ...draft, target, scope: everything })).toBe('everything to db2')
})
