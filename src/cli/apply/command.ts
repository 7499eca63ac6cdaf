/**
 * `apply -f`: makes jobs be as documents say. Applying the same again changes nothing.
 *
 * Easy to get wrong: everything is checked before the first write. What fails afterwards (an agent that goes away, somebody
 * who was faster) is told for each job, and the others are still written.
 */
import { type Command, Option } from 'commander'
import { messageOf } from '../../core/errors.ts'
import { type AgentCall, addAgentCommand, type CommandContext } from '../agent-command.ts'
import type { ApiClient } from '../api-client.ts'
import { RequestRefusedError } from '../errors.ts'
import { LiveLines } from '../live-lines.ts'
import type { Printed } from '../printed.ts'
import { progressBar } from '../progress-bar.ts'
import type { JobKind } from './document-kind.ts'
import { type PlannedJob, planJobs, savePaths } from './plan.ts'
import { type AppliedJob, appliedJson, appliedText } from './plan-text.ts'
import { readDocuments } from './read-documents.ts'

interface ApplyFlags {
  readonly file: readonly string[]
  readonly dryRun?: boolean
  readonly exitCode?: boolean
}

const abouts = {
  scheduled: 'create scheduled jobs, or change them, as files say',
  replication: 'create replication jobs, or change them, as files say',
  both: 'create jobs of both kinds, or change them, as files say: those with Tasks are replication jobs',
}
/** With fewer it is over before anybody looks. */
const fewestForProgress = 20

/** @param wanted the one kind that is taken, or null for both */
export function addApply(parent: Command, context: CommandContext, wanted: JobKind | null): void {
  addAgentCommand<ApplyFlags>(parent, context, {
    usage: 'apply',
    about: abouts[wanted ?? 'both'],
    json: 'an object with the counts, and of each job its action and changes',
    flags: [
      new Option(
        '-f, --file <PATH...>',
        'YAML or JSON with one or many jobs; a folder of such files; - is standard input',
      ).makeOptionMandatory(),
      new Option('--dry-run', 'show what would change, and write nothing'),
      new Option('--exit-code', 'end with exit status 3 when something changed, or would'),
    ],
    exitStatus: ['3 with --exit-code: something changed'],
    run: (call) => apply(call, wanted),
  })
}

async function apply(call: AgentCall<ApplyFlags>, wanted: JobKind | null): Promise<Printed> {
  const { client, flags, isJson, screen } = call
  const isDryRun = flags.dryRun === true
  const documents = await readDocuments(flags.file, call.readInput)
  const progress = progressOf(call, documents.length)
  const planned = await planJobs(client, documents, wanted, (count) => progress('checked', count)).finally(progress.end)
  const applied = isDryRun ? planned.map((job) => ({ ...job, error: null })) : await write(client, planned, progress)
  const hasFailed = applied.some((job) => job.error !== null)
  const hasChanged = applied.some((job) => job.action !== 'keep')
  return {
    text: isJson ? appliedJson(applied, isDryRun) : appliedText(applied, isDryRun, screen),
    exitStatus: hasFailed ? 1 : flags.exitCode === true && hasChanged ? 3 : 0,
  }
}

type Progress = ((word: string, count: number) => void) & { end(): void }

/** A bar on a terminal when there is much to do, gone when it is done. */
function progressOf({ screen, isJson }: AgentCall<ApplyFlags>, total: number): Progress {
  const { terminal } = screen
  if (terminal === null || isJson || total < fewestForProgress) return Object.assign(() => {}, { end: () => {} })
  const live = new LiveLines(screen)
  const show = (word: string, count: number) =>
    live.draw([`${word} ${progressBar(count / total, 30, terminal)} ${count} of ${total}`])
  return Object.assign(show, { end: () => live.draw([]) })
}

async function write(
  client: ApiClient,
  planned: readonly PlannedJob[],
  progress: Progress,
): Promise<readonly AppliedJob[]> {
  const applied: AppliedJob[] = []
  for (const job of planned) {
    applied.push(job.action === 'keep' ? { ...job, error: null } : await writeOne(client, job))
    progress('written', applied.length)
  }
  progress.end()
  return applied
}

async function writeOne(client: ApiClient, job: PlannedJob): Promise<AppliedJob> {
  try {
    const { warnings } = await client.send('POST', savePaths[job.kind], job.body)
    return { ...job, warnings: [...new Set([...job.warnings, ...warnings])], error: null }
  } catch (error) {
    const issues = error instanceof RequestRefusedError ? error.issues : []
    const text = issues.map(({ field, message }) => `${field}: ${message}`).join('; ')
    return { ...job, error: text === '' ? messageOf(error) : text }
  }
}
