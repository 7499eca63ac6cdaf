import { expect, test } from 'vitest'
import { checkRequest, connectionKey } from './check-request.ts'
import { type JobDraft, newDraft } from './job-draft.ts'
import { everything, nothing, withSchema } from './scope.ts'

const server = {
  host: ' db1 ',
  port: '3306',
  user: 'u',
  passwordKind: 'typed',
  password: 'p',
  storedFor: null,
} as const
const draft: JobDraft = { ...newDraft, source: { ...newDraft.source, server } }

test('before anything is picked the whole server is asked about', () => {
  expect(checkRequest('source', draft)).toEqual({ role: 'source', host: 'db1', port: 3306, user: 'u', password: 'p' })
  expect(checkRequest('source', { ...draft, scope: everything })).not.toHaveProperty('include')
})

test('what is picked decides which privileges are asked about', () => {
  const picked = { ...draft, scope: withSchema(nothing, 'shop', true), existing: 'fill' } as const
  expect(checkRequest('target', picked)).toMatchObject({ include: [{ schema: 'shop' }], skip_create: true })
})

test('an edit asks with the stored password by the id of the job', () => {
  const kept: JobDraft = {
    ...draft,
    id: 'j1',
    source: { ...draft.source, server: { ...server, passwordKind: 'kept' } },
  }
  expect(checkRequest('source', kept)).toMatchObject({ job_id: 'j1' })
  expect(checkRequest('source', kept)).not.toHaveProperty('password')
})

test('what is picked changes nothing about the connection itself', () => {
  expect(connectionKey('source', draft)).toBe(connectionKey('source', { ...draft, scope: everything }))
  const other = { ...draft, source: { ...draft.source, server: { ...server, password: 'q' } } }
  expect(connectionKey('source', other)).not.toBe(connectionKey('source', draft))
})
