/** The output of one execution: what there is of it, and live while it runs. */
import { finished, Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { UnavailableError } from '../../../core/errors.ts'
import { eventText } from '../events/event-batch.ts'
import { QueryFields } from '../query-fields.ts'
import { streamHeaders } from '../stream-headers.ts'
import { endedJson } from './fires-json.ts'
import { type FollowedOutput, followOutput, type OutputSource, outputNow } from './output-follower.ts'

const mostReaders = 200
/** Text that waits for the socket before more is read. */
const waitingBytes = 16_384

export interface OutputDomain extends OutputSource {
  /** The job's own name. @throws NotFoundError */
  nameOf(job: string): Promise<string>
}

interface ExecutionParams {
  readonly Params: { readonly job: string; readonly id: string }
}

export function registerOutput(app: FastifyInstance, domain: OutputDomain): void {
  const closing = new AbortController()
  let readers = 0
  app.get<ExecutionParams>(
    '/ops/scheduled-jobs/:job/executions/:id/output/live',
    { exposeHeadRoute: false },
    async (request, reply) => {
      if (readers >= mostReaders)
        throw new UnavailableError(`${mostReaders} readers follow outputs through this node already, ask another one`)
      const gone = new AbortController()
      readers += 1
      // The answer's end, not the stream's: of a command that writes nothing the stream notices it only with its next text.
      finished(reply.raw, () => {
        readers -= 1
        gone.abort(new Error('the reader is gone'))
      })
      const execution = { jobName: await domain.nameOf(request.params.job), id: request.params.id }
      const followed = followOutput(domain, execution, AbortSignal.any([gone.signal, closing.signal]))
      // What there is not is told before the answer begins.
      const first = await followed.next()
      const stream = Readable.from(eventTexts(first, followed), { objectMode: false, highWaterMark: waitingBytes })
      return reply.headers(streamHeaders).send(stream)
    },
  )
  app.get<ExecutionParams>('/ops/scheduled-jobs/:job/executions/:id/output', async (request, reply) => {
    const execution = { jobName: await domain.nameOf(request.params.job), id: request.params.id }
    if (new QueryFields(request.query).flag('download'))
      reply.header('content-disposition', attachment(`${execution.jobName}-${execution.id}.txt`))
    const output = await outputNow(domain, execution)
    return reply.header('content-type', 'text/plain; charset=UTF-8').send(Buffer.from(output))
  })
  app.addHook('preClose', async () => closing.abort(new Error('the agent ends')))
}

async function* eventTexts(
  first: IteratorResult<FollowedOutput, void>,
  followed: AsyncGenerator<FollowedOutput, void>,
): AsyncGenerator<string, void> {
  for (let next = first; next.done !== true; next = await followed.next()) yield eventTextOf(next.value)
}

function eventTextOf(followed: FollowedOutput): string {
  switch (followed.kind) {
    case 'output':
      return eventText('output', { offset: followed.offset, text: followed.text })
    case 'quiet':
      return ': still there\n\n'
    case 'end': {
      const { execution, reason } = followed
      return eventText('end', { execution: execution === null ? null : endedJson(execution), reason })
    }
  }
}

/** RFC 6266; names of jobs may have letters of any script. */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^\w.-]/g, '_')
  return `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(fileName)}`
}
