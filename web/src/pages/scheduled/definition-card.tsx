/** What the job is: the command, where it runs, and what is not as usual. */
import type { ComponentChildren } from 'preact'
import { Card } from '../../ui/card.tsx'
import { Code } from '../../ui/code.tsx'
import type { JobAnswer } from './wire.ts'

export function DefinitionCard({ job }: { readonly job: JobAnswer }) {
  return (
    <Card title="What runs" note={job.shell ? 'through /bin/sh' : 'started directly'} class="definition-card">
      <Code text={job.command} isBlock canCopy />
      <dl class="facts">
        {factsOf(job).map(({ title, value }) => [
          <dt key={title}>{title}</dt>,
          <dd key={`${title} value`}>{value}</dd>,
        ])}
      </dl>
    </Card>
  )
}

interface Fact {
  readonly title: string
  readonly value: ComponentChildren
}

function factsOf(job: JobAnswer): readonly Fact[] {
  const tags = Object.entries(job.tags)
  const metadata = Object.entries(job.metadata)
  return [
    { title: 'Nodes', value: tags.length === 0 ? 'every node' : <Pairs pairs={tags} /> },
    ...given('Runs as', job.run_as_user),
    { title: 'Time limit', value: job.timeout === '' ? 'none' : job.timeout },
    { title: 'Retries', value: job.retries === 0 ? 'none' : `${job.retries}, the first after ${job.retry_delay}` },
    { title: 'Overlap', value: job.concurrency === 'forbid' ? 'skipped while one runs' : 'allowed' },
    { title: 'Missed fires', value: `${catchupWords[job.catchup] ?? job.catchup}, up to ${job.late_limit} late` },
    ...given('Owner', [job.owner, job.owner_email].filter((text) => text !== '').join(', ')),
    ...(metadata.length === 0 ? [] : [{ title: 'Metadata', value: <Pairs pairs={metadata} /> }]),
  ]
}

const catchupWords: Readonly<Record<string, string>> = {
  all: 'all are made up',
  last: 'the last is made up',
  none: 'left out',
}

function given(title: string, value: string): readonly Fact[] {
  return value === '' ? [] : [{ title, value }]
}

function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, string])[] }) {
  return (
    <ul class="pairs">
      {pairs.map(([name, value]) => (
        <li key={name}>
          <Code text={`${name}=${value}`} />
        </li>
      ))}
    </ul>
  )
}
