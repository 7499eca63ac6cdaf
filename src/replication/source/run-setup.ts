/**
 * Puts a run together: sessions, checks, where to begin, and the first items of its frames.
 *
 * Easy to get wrong: the order. The structure is read before anything is written; the target hears of a table before its
 * first row; and every resource belongs to the run's scope, so that a failure anywhere leaves none behind.
 */
import { createHash } from 'node:crypto'
import { openBinlogStream } from '../../binlog/dump-connection.ts'
import { Scope } from '../../core/scope.ts'
import { readLogEnd } from '../../mysql/binlog-place.ts'
import { readCapabilities, type ServerCapabilities } from '../../mysql/capabilities.ts'
import { markServer, unmarkServer } from '../../mysql/one-server.ts'
import type { Session } from '../../mysql/session.ts'
import type { Statement } from '../ddl/statement.ts'
import { SameServerError } from '../errors.ts'
import { createFilter, type ObjectFilter } from '../filter.ts'
import type { ResumeAnswer, ResumeRefusal, ResumeRequest } from '../handshake.ts'
import type { SourceServer } from '../pipe/frame.ts'
import type { FrameSink } from '../ports.ts'
import type { SourceTaskContext } from '../task-context.ts'
import { type Beginning, findBeginning } from './beginning.ts'
import { defaultChunkBytes } from './copy/chunk-planner.ts'
import { CopyRun, defaultGateBytes } from './copy/copy-run.ts'
import { StaleSourceError } from './errors.ts'
import { FrameWriter } from './frame-writer.ts'
import { logReader } from './log-reader.ts'
import { PreparedTransactions } from './prepared-transactions.ts'
import { checkCopyPrivileges, checkScope, checkSource } from './source-checks.ts'
import { SourceClock } from './source-clock.ts'
import { SourceRun } from './source-run.ts'
import { openChunkReader, openLocker, openPlainSession, openReader } from './source-sessions.ts'
import type { TableChoice } from './statement-rows.ts'
import { StreamBacklog } from './stream-backlog.ts'
import { StreamPass } from './stream-pass.ts'
import type { BrokenTransactions } from './transaction-pass.ts'

const handshakeTimeoutMs = 15_000
const binlogHeartbeatMs = 2_500
const smallestFrameBytes = 16 * 1024
const largestFrameBytes = 8 * 1024 * 1024
const mostFramesUnderWay = 32
const windowBytes = 4 * 1024 * 1024
/** Of the log, read ahead. */
const queueBytes = 2 * 1024 * 1024

/** What tests and benchmarks change. */
export interface SourceTuning {
  /** Bytes of rows that a chunk should have. */
  readonly chunkBytes?: number
  /** Bytes of rows after which a gate takes no further chunk. */
  readonly gateBytes?: number
}

export interface RunSetup {
  readonly context: SourceTaskContext
  readonly scope: Scope
  readonly signal: AbortSignal
  readonly broken: BrokenTransactions
  readonly tuning: SourceTuning
  /** The how-manieth run of this source task it is, from 1. */
  readonly attempt: number
  /** Says what is being done, for the report. */
  readonly say: (description: string) => void
}

/** The server, looked at. */
interface Source {
  readonly control: Session
  readonly server: ServerCapabilities
  readonly filter: ObjectFilter
  readonly writer: FrameWriter
  readonly backlog: StreamBacklog
}

interface OpenCopy {
  readonly run: CopyRun
  readonly close: () => Promise<void>
}

/** @throws whatever keeps the run from beginning; the scope then closes what was opened */
export async function setUpRun(setup: RunSetup): Promise<SourceRun> {
  const { context, scope, signal, say } = setup
  const { job, server: endpoint } = context
  say(`connects to ${endpoint.host}:${endpoint.port}`)
  const control = await openPlainSession({ server: endpoint, scope, signal })
  const server = await readCapabilities(control)
  await checkSource(control, server)
  const { include, exclude } = job.source
  const filter = createFilter({ include, exclude, lowerCaseTableNames: server.lowerCaseTableNames })
  say('waits for the target task')
  const { epoch, from } = await askWhereToBegin(setup, control)
  say(`looks at the tables of ${control.where}`)
  const beginning = await findBeginning({ from, control, server, filter, gtid: job.source.gtid })
  if (beginning.isFresh) await checkScope(control, server, include, filter)
  await checkPrivileges(control, server, beginning)
  const sink = scope.use(await context.openSink(), (one) => one.close())
  const writer = openWriter(setup, sink, epoch, beginning)
  writer.add({ kind: 'epoch', source: describeServer(server) })
  for (const item of beginning.items) {
    writer.add(item)
    await writer.whenRoom()
  }
  const backlog = new StreamBacklog(sink, context.clock)
  const source: Source = { control, server, filter, writer, backlog }
  const copy = beginning.tables === null ? null : await openCopy(setup, source, beginning)
  return assemble(setup, source, beginning, copy)
}

/** @throws StaleSourceError when the target has seen a newer source task; SameServerError when it is our own server */
async function askWhereToBegin({ context, attempt, signal }: RunSetup, control: Session): Promise<ResumeAnswer> {
  const { job, ownerTerm } = context
  const sourceMark = await markServer(control)
  const request: ResumeRequest = { jobId: job.id, ownerTerm, attempt, ...(sourceMark === null ? {} : { sourceMark }) }
  const asked = context.link.request('resume', request, handshakeTimeoutMs)
  const answer = (await orAborted(asked, signal)) as ResumeAnswer | ResumeRefusal
  if (sourceMark !== null) await unmarkServer(control, sourceMark)
  if ('newerTerm' in answer) throw new StaleSourceError(job.id, ownerTerm, answer.newerTerm)
  if ('sameServer' in answer) throw new SameServerError(answer.sameServer)
  return answer
}

/** Waits for something that knows no signal. */
async function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

async function checkPrivileges(control: Session, server: ServerCapabilities, { tables }: Beginning): Promise<void> {
  if (tables === null) return
  await checkCopyPrivileges(control, server, {
    tables: tables.all.map((table) => table.name),
    locked: tables.all.filter((table) => table.isKeyless || !server.tellsCommits).map((table) => table.name),
  })
}

function openWriter(
  { context, scope, signal }: RunSetup,
  sink: FrameSink,
  epoch: number,
  from: Beginning,
): FrameWriter {
  const { frameBytes, bufferedMessages } = context.job.source
  const writer = new FrameWriter({
    sink,
    epoch,
    start: from.position,
    frameBytes: frameBytesFor(frameBytes, sink),
    windowFrames: Math.min(mostFramesUnderWay, Math.max(1, bufferedMessages)),
    windowBytes,
  })
  const stop = () => writer.fail(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  scope.defer(() => signal.removeEventListener('abort', stop))
  return writer
}

/** What is under way waits for room beside what the target has not taken yet, so a frame is a quarter of the stream at most. */
function frameBytesFor(wanted: number, { largestFrameBytes: mostTaken }: FrameSink): number {
  return Math.min(largestFrameBytes, (mostTaken ?? Number.POSITIVE_INFINITY) / 2, Math.max(smallestFrameBytes, wanted))
}

async function openCopy(setup: RunSetup, source: Source, beginning: Beginning): Promise<OpenCopy | null> {
  const { tables, isFresh, position } = beginning
  if (tables === null) return null
  const { server: endpoint, job, clock, log } = setup.context
  const { control, server, filter, writer } = source
  for (const table of tables.all)
    if (!table.isTransactional && isFresh)
      log.warn({ ...table.name, engine: table.engine }, 'copies a table of an engine without transactions')
  const scope = setup.scope.use(new Scope(), (one) => one.close())
  const owner = { server: endpoint, scope, signal: setup.signal }
  const planning = await openReader(owner)
  const locking = await openLocker(owner)
  const count = Math.max(1, job.source.parallelWorkers)
  const readers = await Promise.all(Array.from({ length: count }, () => openChunkReader(owner)))
  const high = isFresh ? { file: position.file, offset: position.offset } : await readLogEnd(control)
  const { tellsCommits } = server
  const { chunkBytes = defaultChunkBytes, gateBytes = defaultGateBytes } = setup.tuning
  const parts = { control, planning, locking, readers, tellsCommits, chunkBytes, gateBytes, filter, writer, clock, log }
  return { run: new CopyRun(parts, tables, high, isFresh), close: () => scope.close() }
}

async function assemble(
  { context, scope, signal, broken }: RunSetup,
  { control, server, filter, writer, backlog }: Source,
  { position: start, isFresh }: Beginning,
  copy: OpenCopy | null,
): Promise<SourceRun> {
  const { server: endpoint, clock, log, job } = context
  const isWanted = tableChoice(filter, copy?.run ?? null)
  const prepared = new PreparedTransactions({
    isWanted,
    listFiles: async () => (await control.query('SHOW BINARY LOGS')).map((row) => row.Log_name ?? ''),
    readFile: logReader(endpoint, replicaId(job.id, 'second look'), signal),
  })
  const stream = scope.use(
    await openBinlogStream({
      ...endpoint,
      serverId: replicaId(job.id, 'stream'),
      start,
      heartbeatMs: binlogHeartbeatMs,
      queueBytes,
      log,
      signal,
    }),
    (one) => one.close(),
  )
  const onDdl = (statement: Statement) => (copy?.run.isComplete === false ? copy.run.onDdl(statement) : [])
  const partialRows = () => (copy?.run.isComplete === false ? copy.run.partialRows : null)
  const { version } = server
  const pass = new StreamPass({ writer, filter, isWanted, version, broken, prepared, partialRows, onDdl })
  return new SourceRun({
    stream,
    start,
    startPlace: start.kind === 'file' || (isFresh && start.kind === 'mariadb-gtid') ? start : null,
    writer,
    pass,
    copy: copy?.run ?? null,
    sourceClock: new SourceClock(control, clock),
    clock,
    where: control.where,
    backlog,
    onCopied: () => void copy?.close(),
  })
}

/** In scope, and not a table that will be read whole later. */
function tableChoice(filter: ObjectFilter, copy: CopyRun | null): TableChoice {
  // By both names: to put them together would cost more than all else here.
  const decided = new Map<string, Map<string, boolean>>()
  return (schema, table) => {
    const ofSchema = decided.get(schema) ?? new Map<string, boolean>()
    let isIn = ofSchema.get(table)
    if (isIn === undefined) {
      isIn = filter.includesTable(schema, table)
      decided.set(schema, ofSchema.set(table, isIn))
    }
    return isIn && copy?.isWaiting(schema, table) !== true
  }
}

function describeServer(server: ServerCapabilities): SourceServer {
  return {
    vendor: server.vendor,
    version: server.version.text,
    serverId: server.serverId,
    serverUuid: server.serverUuid,
    lowerCaseTableNames: server.lowerCaseTableNames,
    characterSetServer: server.characterSetServer,
    collationServer: server.collationServer,
  }
}

/** A replica id that is the same in every run, and hardly anybody else's: in the upper half, where people pick none. */
function replicaId(jobId: string, purpose: string): number {
  return (createHash('sha1').update(`${jobId} ${purpose}`).digest().readUInt32LE(0) | 0x8000_0000) >>> 0
}
