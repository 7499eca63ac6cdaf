/** A job's state in the words of these pages. */
import type { Tone } from '../../ui/status-badge.tsx'
import type { JobStatus, OpsJob, Stage } from './wire.ts'

const tones: Readonly<Record<JobStatus, Tone>> = {
  running: 'good',
  pending: 'warn',
  pause: 'idle',
  dead: 'bad',
  complete: 'good',
}

const words: Readonly<Record<JobStatus, string>> = {
  running: 'running',
  pending: 'waiting',
  pause: 'paused',
  dead: 'failing',
  complete: 'complete',
}

const stages: Readonly<Record<Stage, string>> = {
  starting: 'starting',
  full: 'full copy',
  incremental: 'following changes',
  complete: 'complete',
}

export function statusTone({ status, stage }: Pick<OpsJob, 'status' | 'stage'>): Tone {
  return status === 'running' && stage === 'full' ? 'busy' : tones[status]
}

export function statusWord(status: JobStatus): string {
  return words[status]
}

export function stageWords(stage: Stage): string {
  return stages[stage]
}

/** Changes flow, or rows of the copy do: rates and lag mean something. */
export function isAtWork({ status }: Pick<OpsJob, 'status'>): boolean {
  return status === 'running'
}

/** Messages of the agent begin in lower case and have no full stop; a name at the beginning stays as it is. */
export function sentence(message: string): string {
  if (message === '') return ''
  const isName = /^[^\s]*[^a-z\s,;:'-]/.test(message)
  const text = isName ? message : `${message.charAt(0).toUpperCase()}${message.slice(1)}`
  return /[.!?…]$/.test(text) ? text : `${text}.`
}

export function addressText({ host, port }: { readonly host: string; readonly port: number }): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]:${port}` : `${host}:${port}`
}

const strategies: Readonly<Record<string, string>> = { 'row-images': 'row images', sql: 'SQL' }

export function strategyWords(strategy: string | null): string {
  return strategy === null ? '–' : (strategies[strategy] ?? strategy)
}
