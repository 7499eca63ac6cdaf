/**
 * Finds out, before anything is written, what applying documents would do.
 *
 * The agent says of each what a save would make of it, in its own words where it would refuse it; so the check here is
 * never another one than the agent's. Only what several documents have with each other is looked at here.
 */
import { messageOf } from '../../core/errors.ts'
import type { ApiClient } from '../api-client.ts'
import { closestWord } from '../closest-word.ts'
import { CallFailedError, DocumentError, RequestRefusedError } from '../errors.ts'
import { type JobKind, kindNames, kindOf } from './document-kind.ts'
import { type FieldChange, replicationChanges, scheduledChanges } from './field-changes.ts'
import type { JobDocument } from './read-documents.ts'

export interface PlannedJob {
  readonly kind: JobKind
  readonly name: string
  readonly place: string
  readonly action: 'create' | 'change' | 'keep'
  readonly changes: readonly FieldChange[]
  /** What the change does not do. */
  readonly warnings: readonly string[]
  readonly body: JobDocument['body']
}

type Json = Readonly<Record<string, unknown>>

const checkedAtOnce = 8
export const savePaths: Readonly<Record<JobKind, string>> = { scheduled: '/v1/jobs', replication: '/udup/v1/jobs' }

/**
 * @param wanted the kind that the command takes, or null for both
 * @param onChecked told after each with how many are done
 * @throws DocumentError with everything that is wrong in any document; CallFailedError
 */
export async function planJobs(
  client: ApiClient,
  documents: readonly JobDocument[],
  wanted: JobKind | null,
  onChecked: (count: number) => void,
): Promise<readonly PlannedJob[]> {
  const problems: string[] = []
  const planned: (PlannedJob | null)[] = []
  let [next, done] = [0, 0]
  const work = async () => {
    for (let index = next++; index < documents.length; index = next++) {
      const document = documents[index]
      if (document === undefined) return
      planned[index] = await planOne(client, document, wanted).catch((error: unknown) => {
        problems.push(...problemsOf(document, error))
        return null
      })
      done += 1
      onChecked(done)
    }
  }
  await Promise.all(Array.from({ length: checkedAtOnce }, work))
  const jobs = planned.filter((job) => job !== null)
  problems.push(...doubles(jobs))
  if (problems.length > 0) throw new DocumentError(`${problems.join('\nmillrace: ')}\nmillrace: nothing was written`)
  return jobs
}

async function planOne(client: ApiClient, document: JobDocument, wanted: JobKind | null): Promise<PlannedJob> {
  const kind = kindOf(document, wanted)
  return kind === 'scheduled' ? planScheduled(client, document) : planReplication(client, document)
}

async function planScheduled(client: ApiClient, { place, body }: JobDocument): Promise<PlannedJob> {
  const { stored, job, unknown } = (await client.call('POST', '/v1/check/job', body)) as {
    readonly stored: Json | null
    readonly job: Json
    readonly unknown: readonly string[]
  }
  assertAllKnown(place, unknown, job)
  const changes = scheduledChanges(stored, job, body)
  const action = stored === null ? 'create' : changes.length === 0 ? 'keep' : 'change'
  return { kind: 'scheduled', name: String(job['name']), place, action, changes, warnings: [], body }
}

async function planReplication(client: ApiClient, { place, body }: JobDocument): Promise<PlannedJob> {
  const check = (await client.call('POST', '/udup/v1/check/job', body)) as {
    readonly Stored: Json | null
    readonly Job: Json
    readonly Changed: boolean
    readonly PasswordsChanged: readonly string[]
    readonly Unknown: readonly string[]
    readonly Warnings: readonly string[]
  }
  assertAllKnown(place, check.Unknown, check.Job)
  const changes = replicationChanges(check.Stored, check.Job, check.PasswordsChanged)
  const action = check.Stored === null ? 'create' : check.Changed ? 'change' : 'keep'
  const name = String(check.Job['Name'])
  return { kind: 'replication', name, place, action, changes, warnings: check.Warnings, body }
}

/** A misspelt field would be without effect for ever, and nobody would see it. @param job has all known names */
function assertAllKnown(place: string, unknown: readonly string[], job: Json): void {
  if (unknown.length === 0) return
  const known = namesIn(job)
  const texts = unknown.map((field) => {
    const meant = closestWord(field.split('.').at(-1) ?? '', known)
    return meant === null ? field : `${field} (did you mean ${meant}?)`
  })
  throw new DocumentError(`${place}: there is no field ${texts.join(', ')}; correct the name, or leave it out`)
}

function namesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...namesIn(inner)])
}

function problemsOf({ place }: JobDocument, error: unknown): readonly string[] {
  if (error instanceof RequestRefusedError)
    return error.issues.map(({ field, message }) => `${place}: ${field}: ${message}`)
  if (error instanceof DocumentError) return [error.message]
  // What the agent says of this document, not of the call.
  if (error instanceof CallFailedError && error.status === 400) return [`${place}: ${messageOf(error)}`]
  throw error
}

function doubles(jobs: readonly PlannedJob[]): readonly string[] {
  const places = new Map<string, string>()
  return jobs.flatMap(({ kind, name, place }) => {
    const first = places.get(`${kind} ${name}`)
    places.set(`${kind} ${name}`, first ?? place)
    return first === undefined ? [] : [`${place}: the ${kindNames[kind]} "${name}" is in ${first} too`]
  })
}
