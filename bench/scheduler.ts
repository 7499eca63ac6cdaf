/**
 * The scheduler of one node on a real agent with its embedded NATS: many jobs stored, many due at once, a steady rate,
 * and what clients of the API wait for.
 *
 *     node bench/scheduler.ts [--part stored|burst|api|steady] [--jobs 10000] [--seconds 30] [--rate 100]
 *
 * Each part throws when an execution is missing or was made twice: a figure of a wrong result is worth nothing.
 */
import { parseArgs } from 'node:util'
import { startAgent, type TestAgent } from '../test/harness/millrace-agent.ts'
import { type Figure, tellFigures } from './figures.ts'
import { apiLatency } from './scheduler/api-latency.ts'
import { burst } from './scheduler/burst.ts'
import { steadyFires } from './scheduler/steady-fires.ts'
import { storedJobs } from './scheduler/stored-jobs.ts'

interface Scale {
  readonly jobs: number
  readonly seconds: number
  /** Fires a second, one after another. */
  readonly rates: readonly number[]
}

type Part = (agent: TestAgent, scale: Scale) => Promise<readonly Figure[]>

const parts: Readonly<Record<string, Part>> = {
  stored: storedJobs,
  burst,
  api: apiLatency,
  steady: steadyFires,
}

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: Object.keys(parts) },
    jobs: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '30' },
    rate: { type: 'string', multiple: true, default: ['100', '300', '500'] },
  },
})
const scale = { jobs: Number(values.jobs), seconds: Number(values.seconds), rates: values.rate.map(Number) }
const figures: Figure[] = []
for (const name of values.part) {
  const part = parts[name]
  if (part === undefined) throw new Error(`no part '${name}': one of ${Object.keys(parts).join(', ')}`)
  await using agent = await startAgent()
  const measured = await part(agent, scale)
  figures.push(...measured.map((figure) => ({ ...figure, measure: `${name}: ${figure.measure}` })))
}
tellFigures(figures)
