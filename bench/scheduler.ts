/**
 * The scheduler of one node on a real agent with its embedded NATS: a steady rate of fires and the highest that holds, many
 * jobs stored, many due at once, what clients of the API wait for, and a command that prints a lot.
 *
 *     node bench/scheduler.ts [--part steady|highest|stored|burst|api|output]... [--smoke]
 *         [--rate 500] [--seconds 300] [--highest-from 600] [--highest-seconds 20]
 *         [--stored 100000] [--burst 10000] [--api 10000] [--output-bytes 1000000000]
 *
 * Each part has an agent of its own, and throws when an execution is missing or was made twice: a figure of a wrong
 * result is worth nothing. `--smoke` makes everything tiny; its figures say nothing, and nothing is asked of them.
 */
import { parseArgs } from 'node:util'
import { type Figure, tellFigures } from './figures.ts'
import { apiLoad } from './scheduler/api-load.ts'
import { burst } from './scheduler/burst.ts'
import { largeOutput } from './scheduler/large-output.ts'
import { highestRate, steadyFires } from './scheduler/steady-fires.ts'
import { storedJobs } from './scheduler/stored-jobs.ts'

const full = {
  rate: 500,
  seconds: 300,
  'highest-from': 600,
  'highest-seconds': 20,
  stored: 100_000,
  burst: 10_000,
  api: 10_000,
  'output-bytes': 1_000_000_000,
}
const tiny: typeof full = {
  rate: 10,
  seconds: 3,
  'highest-from': 1_000_000,
  'highest-seconds': 2,
  stored: 300,
  burst: 50,
  api: 350,
  'output-bytes': 5_000_000,
}

const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true },
    smoke: { type: 'boolean', default: false },
    rate: { type: 'string' },
    seconds: { type: 'string' },
    'highest-from': { type: 'string' },
    'highest-seconds': { type: 'string' },
    stored: { type: 'string' },
    burst: { type: 'string' },
    api: { type: 'string' },
    'output-bytes': { type: 'string' },
  },
})
const isSmoke = values.smoke
const size = (name: keyof typeof full) => Number(values[name] ?? (isSmoke ? tiny : full)[name])

const parts: Readonly<Record<string, () => Promise<readonly Figure[]>>> = {
  steady: () => steadyFires({ rate: size('rate'), seconds: size('seconds') }),
  highest: () => highestRate({ fromRate: size('highest-from'), seconds: size('highest-seconds') }),
  stored: () => storedJobs({ jobs: size('stored'), seconds: isSmoke ? 3 : 60, rounds: isSmoke ? 1 : 2 }),
  burst: () => burst({ jobs: size('burst') }),
  api: () => apiLoad({ jobs: size('api'), seconds: isSmoke ? 1 : 10, runs: isSmoke ? 5 : 100 }),
  output: () => largeOutput({ bytes: size('output-bytes') }),
}

const figures: Figure[] = []
for (const name of values.part ?? Object.keys(parts)) {
  const part = parts[name]
  if (part === undefined) throw new Error(`no part '${name}': one of ${Object.keys(parts).join(', ')}`)
  console.log(`${name} ...`)
  for (const figure of await part()) figures.push(asTold(name, figure))
}
tellFigures(figures)

function asTold(part: string, figure: Figure): Figure {
  const { targets, ...rest } = figure
  const asked = isSmoke || targets === undefined ? {} : { targets }
  return { ...rest, ...asked, measure: `${part}: ${figure.measure}` }
}
