/** The output of one execution: live while it runs, with search, follow and download. */
import { useRef, useState } from 'preact/hooks'
import { api } from '../../api/client.ts'
import { bytesText, countText } from '../../ui/amounts.ts'
import { Button } from '../../ui/button.tsx'
import { TextInput } from '../../ui/inputs.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { toast } from '../../ui/toast.tsx'
import { failureText } from './failure-text.ts'
import { sentence } from './form-fields.ts'
import { meaningOf } from './outcome-words.ts'
import type { FeedState } from './output-feed.ts'
import { OutputLines } from './output-lines.tsx'
import type { Match } from './output-search.ts'
import { type Output, useOutput } from './use-output.ts'
import { type FoundOutput, useOutputSearch } from './use-output-search.ts'
import { type FireExecution, type Outcome, outputPath } from './wire.ts'

export interface OutputPanelProps {
  readonly jobName: string
  readonly execution: FireExecution
}

const neverStarted: readonly Outcome[] = ['missed', 'skipped', 'unplaced']
/** Output that surely fits into the small frame. */
const smallBytes = 400

export function OutputPanel({ jobName, execution }: OutputPanelProps) {
  const { outcome } = execution
  if (neverStarted.includes(outcome))
    return <p class="output-none">There is no output: it was not started. {meaningOf[outcome]}</p>
  return <StartedOutput jobName={jobName} execution={execution} />
}

function StartedOutput({ jobName, execution }: OutputPanelProps) {
  const { id, node_name: node, outcome, output_bytes: bytes } = execution
  const [isSmall] = useState(outcome !== 'running' && bytes !== null && bytes < smallBytes)
  const output = useOutput(jobName, id, outcome === 'running')
  const [needle, setNeedle] = useState('')
  const [isWrapped, setIsWrapped] = useState(true)
  const [isFollowing, setIsFollowing] = useState(true)
  const [target, setTarget] = useState<{ line: number; column: number } | null>(null)
  const firstLine = useRef(0)
  const show = (match: Match) => {
    setIsFollowing(false)
    setTarget({ line: match.line, column: match.start })
  }
  const found = useOutputSearch(output.buffer, needle, { from: () => firstLine.current, show })
  const go = (step: 1 | -1) => {
    const match = found.go(step)
    if (match !== null) show(match)
  }
  const { state, buffer } = output
  if (state.kind === 'failed') return <ErrorState error={state.error} retry={output.retry} />
  return (
    <div class={`output${isSmall ? ' is-small' : ''}`}>
      <div class="output-bar">
        <SearchField needle={needle} found={found} onNeedle={setNeedle} onGo={go} />
        <span class="output-buttons">
          <Button size="small" kind="quiet" aria-pressed={isWrapped} onClick={() => setIsWrapped(!isWrapped)}>
            Wrap lines
          </Button>
          {state.kind !== 'ended' && (
            <Button
              size="small"
              kind="quiet"
              icon={isFollowing ? 'pause' : 'down'}
              onClick={() => setIsFollowing(!isFollowing)}
            >
              {isFollowing ? 'Pause' : 'Follow'}
            </Button>
          )}
          <DownloadButton jobName={jobName} id={id} />
        </span>
      </div>
      <div class="output-body">
        <OutputLines
          buffer={buffer}
          label={`Output on ${node}`}
          found={found}
          isWrapped={isWrapped}
          isFollowing={isFollowing}
          onFollow={setIsFollowing}
          target={target}
          firstLine={firstLine}
        />
        {buffer.isEmpty && <p class="output-empty">{emptyText(state)}</p>}
      </div>
      <OutputFoot output={output} keptBytes={bytes} />
    </div>
  )
}

interface SearchFieldProps {
  readonly needle: string
  readonly found: FoundOutput
  readonly onNeedle: (needle: string) => void
  readonly onGo: (step: 1 | -1) => void
}

function SearchField({ needle, found, onNeedle, onGo }: SearchFieldProps) {
  const isNothing = found.search === null || found.search.count === 0
  return (
    <search class="output-search">
      <TextInput
        type="search"
        isCode
        aria-label="Search in the output"
        placeholder="Search"
        value={needle}
        onInput={onNeedle}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          onGo(event.shiftKey ? -1 : 1)
        }}
      />
      <Button
        size="small"
        kind="quiet"
        icon="up"
        label="Previous match"
        disabled={isNothing}
        onClick={() => onGo(-1)}
      />
      <Button size="small" kind="quiet" icon="down" label="Next match" disabled={isNothing} onClick={() => onGo(1)} />
      <span class="output-found" role="status">
        {found.text}
      </span>
    </search>
  )
}

function DownloadButton({ jobName, id }: { readonly jobName: string; readonly id: string }) {
  const download = async () => {
    try {
      await api.download(`${outputPath(jobName, id)}?download=1`, `${jobName}-${id}.txt`)
    } catch (error) {
      toast(`The output could not be downloaded: ${failureText(error)}`, 'bad')
    }
  }
  return (
    <Button size="small" kind="quiet" icon="download" onClick={() => void download()}>
      Download
    </Button>
  )
}

function OutputFoot({
  output: { buffer, state },
  keptBytes,
}: {
  readonly output: Output
  readonly keptBytes: number | null
}) {
  return (
    <p class="output-foot">
      <span role="status">
        <StateBadge state={state} />
      </span>
      <span>
        {countText(buffer.end - buffer.first)} {buffer.end - buffer.first === 1 ? 'line' : 'lines'}
      </span>
      {keptBytes !== null && state.kind === 'ended' && <span>{bytesText(keptBytes)} written</span>}
      {buffer.first > 0 && <span>older lines are in the download</span>}
      {state.kind === 'ended' && state.note !== '' && <span class="output-note">{sentence(state.note)}</span>}
    </p>
  )
}

function StateBadge({ state }: { readonly state: FeedState }) {
  switch (state.kind) {
    case 'loading':
      return <StatusBadge tone="idle" text="Loading" />
    case 'live':
      return <StatusBadge tone="busy" text="Live" />
    case 'waiting':
      return <StatusBadge tone="warn" text="Connection lost, trying again" />
    case 'ended':
      return <StatusBadge tone="idle" text="Ended" />
    case 'failed':
      return <StatusBadge tone="bad" text="Not available" />
  }
}

function emptyText(state: FeedState): string {
  if (state.kind === 'ended') return 'It wrote nothing.'
  return state.kind === 'live' ? 'It has written nothing yet.' : 'Loading the output'
}
