/** One execution: a line that tells how it went, and below it, on request, its output. */
import { useId, useState } from 'preact/hooks'
import { bytesText, durationText } from '../../ui/amounts.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { StatusBadge } from '../../ui/status-badge.tsx'
import { Elapsed } from '../../ui/time-text.tsx'
import { toast } from '../../ui/toast.tsx'
import { failureText } from './failure-text.ts'
import { stopExecution } from './job-orders.ts'
import { meaningOf, toneOf } from './outcome-words.ts'
import { OutputPanel } from './output-panel.tsx'
import type { FireExecution } from './wire.ts'

export interface ExecutionRowProps {
  readonly jobName: string
  readonly execution: FireExecution
  readonly isOpen: boolean
  readonly onToggle: () => void
}

export function ExecutionRow({ jobName, execution, isOpen, onToggle }: ExecutionRowProps) {
  const { id, node_name: node, outcome, reason } = execution
  const panelId = useId()
  return (
    <li class={`run is-${toneOf[outcome]}`}>
      <div class="run-line">
        <button
          type="button"
          class="run-toggle"
          aria-expanded={isOpen}
          aria-controls={isOpen ? panelId : undefined}
          onClick={onToggle}
        >
          <Icon name={isOpen ? 'down' : 'right'} size={12} />
          <RunCells execution={execution} />
        </button>
        {outcome === 'running' && <StopButton jobName={jobName} id={id} node={node} />}
      </div>
      {reason !== '' && <p class="run-reason">{reason}</p>}
      {isOpen && (
        <div class="run-output" id={panelId}>
          <OutputPanel jobName={jobName} execution={execution} />
        </div>
      )}
    </li>
  )
}

function RunCells({ execution }: { readonly execution: FireExecution }) {
  const { node_name: node, attempt, outcome, exit_code: exit, output_bytes: bytes, lateness_ms: late } = execution
  return (
    <span class="run-cells">
      <span class="run-node">
        {node === '' ? 'no node' : node}
        {attempt > 1 && <span class="run-attempt">attempt {attempt}</span>}
      </span>
      <span>
        <StatusBadge tone={toneOf[outcome]} text={outcome} title={meaningOf[outcome]} />
      </span>
      <Cell label="late" value={latenessText(late)} isLate={late !== null && late >= noticedLateMs} />
      <span class="run-cell is-end">
        <span class="run-label">took</span>
        {outcome === 'running' ? <Elapsed since={execution.started_at} /> : durationOf(execution)}
      </span>
      <Cell label="exit" value={exit === null ? null : String(exit)} />
      <Cell label="output" value={bytes === null || execution.duration_ms === null ? null : bytesText(bytes)} />
    </span>
  )
}

interface CellProps {
  readonly label: string
  readonly value: string | null
  readonly isLate?: boolean
}

function Cell({ label, value, isLate = false }: CellProps) {
  return (
    <span class={`run-cell is-end${value === null ? ' is-none' : ''}${isLate ? ' is-late' : ''}`}>
      <span class="run-label">{label}</span>
      {value ?? '–'}
    </span>
  )
}

/** Fires come within their second. */
const noticedLateMs = 1_000

/** A clock may be a little ahead of another one; nothing starts before it is due. */
function latenessText(ms: number | null): string | null {
  return ms === null ? null : durationText(Math.max(0, ms))
}

function durationOf({ duration_ms: ms }: FireExecution): string {
  return ms === null ? '–' : durationText(ms)
}

function StopButton({ jobName, id, node }: { readonly jobName: string; readonly id: string; readonly node: string }) {
  const [isBusy, setIsBusy] = useState(false)
  const stop = async () => {
    setIsBusy(true)
    try {
      await stopExecution(jobName, id)
      toast(`The execution on ${node} was told to stop`)
    } catch (error) {
      toast(`It was not stopped: ${failureText(error)}`, 'bad')
    } finally {
      setIsBusy(false)
    }
  }
  return (
    <Button
      kind="danger"
      size="small"
      icon="stop"
      isBusy={isBusy}
      label={`Stop the execution on ${node}`}
      onClick={() => void stop()}
    >
      Stop
    </Button>
  )
}
