/**
 * The steps of the form, what each of them lacks, and which step a fault of the API belongs to.
 *
 * The target comes after the tables, because what its account needs follows from them. What is checked here is only what keeps a step from being useful; the API checks everything.
 */

import { type JobDraft, passwordPlace, type ServerDraft } from './job-draft.ts'
import { exactPattern, type Rule } from './scope.ts'

export const steps = ['source', 'tables', 'target', 'options', 'review'] as const
export type Step = (typeof steps)[number]

export const stepTitles: Readonly<Record<Step, string>> = {
  source: 'Source',
  tables: 'Schemas and tables',
  target: 'Target',
  options: 'Options',
  review: 'Review',
}

/** By field of the draft: `source.server.host`, `name`. */
export type Faults = Readonly<Record<string, string>>

export function faultsOf(step: Step, draft: JobDraft): Faults {
  switch (step) {
    case 'source':
      return serverFaults('source', draft.source.server)
    case 'target': {
      const own = serverFaults('target', draft.target.server)
      const isSame =
        addressOf(draft.source.server) === addressOf(draft.target.server) && draft.target.server.host !== ''
      if (!isSame || own['target.server.host'] !== undefined) return own
      return { ...own, 'target.server.host': 'this is the source; a server cannot replicate to itself' }
    }
    case 'tables': {
      const { isEverything, include, exclude } = draft.scope
      if (!isEverything && include.length === 0) return { scope: 'pick at least one schema or table' }
      const isBlank = ({ schema }: Rule) => schema.trim() === ''
      return [...include, ...exclude].some(isBlank) ? { scope: 'each rule needs the name of a schema' } : {}
    }
    case 'options': {
      const limits = { min: 1, max: 64 }
      return {
        ...(draft.name.trim() === '' ? { name: 'give the job a name' } : {}),
        ...(draft.start === 'position' && draft.gtid.trim() === '' ? { gtid: 'give the position to begin at' } : {}),
        ...numberFault('source.workers', draft.source.workers, limits),
        ...numberFault('target.workers', draft.target.workers, limits),
        ...numberFault('bufferedMessages', draft.bufferedMessages, { min: 1, max: 1_000_000 }),
        ...numberFault('frameBytes', draft.frameBytes, { min: 1, max: 1_073_741_824 }),
      }
    }
    case 'review':
      return {}
  }
}

function serverFaults(role: 'source' | 'target', server: ServerDraft): Faults {
  const { host, user, passwordKind, password } = server
  const faults: Record<string, string> = {}
  const field = (name: string) => `${role}.server.${name}`
  if (host.trim() === '') faults[field('host')] = 'give the host name or address'
  else if (/[\s/@]/.test(host.trim())) faults[field('host')] = 'only the host name or address, without user and port'
  Object.assign(faults, numberFault(field('port'), server.port, { min: 1, max: 65_535 }))
  if (user === '') faults[field('user')] = 'give the name of the database account'
  if (passwordKind === 'kept' && server.storedFor !== passwordPlace(server))
    faults[field('password')] = `the stored one is only for ${server.storedFor}: give the password for this server`
  if (passwordKind === 'environment' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(password.trim()))
    faults[field('password')] = 'give the name of a variable: letters, digits and underscores'
  if (passwordKind === 'file' && !password.trim().startsWith('/')) faults[field('password')] = 'give an absolute path'
  if (passwordKind === 'typed' && /^(env|file):/.test(password))
    faults[field('password')] = 'a password that begins like this can only be read from a variable or a file'
  return faults
}

function numberFault(field: string, text: string, { min, max }: { min: number; max: number }): Faults {
  const number = /^\d{1,15}$/.test(text.trim()) ? Number(text) : Number.NaN
  return number >= min && number <= max ? {} : { [field]: `a whole number from ${min} to ${max.toLocaleString('en')}` }
}

function addressOf({ host, port }: ServerDraft): string {
  const name = host.trim().toLowerCase()
  return `${name === 'localhost' || name === '::1' ? '127.0.0.1' : name}:${port.trim()}`
}

/** The draft's field that a fault of the API is about: `Tasks[0].Config.ConnectionConfig.Key.Port`. */
export function draftField(wireField: string): string {
  const match = /^Tasks\[([01])\]\.(.+)$/.exec(wireField)
  if (match === null) return { Name: 'name', Type: 'kind' }[wireField] ?? wireField
  const role = match[1] === '0' ? 'source' : 'target'
  const inside = (match[2] ?? '').replace(/^Config\./, '').replace('ConnectionConfig.Key.', 'ConnectionConfig.')
  if (inside.startsWith('Replicate')) return 'scope'
  return shared[inside] ?? (own[inside] === undefined ? `${role}.${inside}` : `${role}.${own[inside]}`)
}

const own: Readonly<Record<string, string>> = {
  NodeId: 'nodeId',
  ParallelWorkers: 'workers',
  ConnectionConfig: 'server.host',
  'ConnectionConfig.Host': 'server.host',
  'ConnectionConfig.Port': 'server.port',
  'ConnectionConfig.User': 'server.user',
  'ConnectionConfig.Password': 'server.password',
}

const shared: Readonly<Record<string, string>> = {
  Gtid: 'gtid',
  NatsAddr: 'natsAddress',
  ReplChanBufferSize: 'bufferedMessages',
  MsgBytesLimit: 'frameBytes',
}

export function stepOfField(field: string): Step {
  if (field.startsWith('source.server')) return 'source'
  if (field.startsWith('target.server')) return 'target'
  return field === 'scope' ? 'tables' : 'options'
}

/** A name to begin with: what is copied and where to. */
export function suggestedName({ scope, target }: JobDraft): string {
  const [first, ...more] = scope.isEverything ? [] : scope.include
  const what = first === undefined ? 'everything' : `${plainName(first)}${more.length > 0 ? ` +${more.length}` : ''}`
  return `${what} to ${target.server.host.trim() || 'target'}`.slice(0, 128)
}

function plainName({ schema, tables }: Rule): string {
  const [only, ...others] = tables
  return only !== undefined && others.length === 0 && exactPattern(only) === only ? `${schema}.${only}` : schema
}
