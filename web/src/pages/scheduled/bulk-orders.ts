/** What can be done to many jobs at once, and the words for it. */
import type { BulkProgress } from './bulk-run.ts'
import { deleteJob, runJob, setDisabled } from './job-orders.ts'

export interface BulkOrder {
  readonly key: 'run' | 'enable' | 'disable' | 'delete'
  /** `Delete`, for buttons. */
  readonly verb: string
  /** `deleted`, for results. */
  readonly done: string
  readonly kind: 'danger' | 'primary'
  /** What it means for the jobs. */
  readonly consequence: string
  readonly act: (name: string) => Promise<void>
}

export const bulkOrders: readonly BulkOrder[] = [
  {
    key: 'run',
    verb: 'Run',
    done: 'started',
    kind: 'primary',
    consequence: 'Each is started now, disabled ones too. Their schedules stay as they are.',
    act: runJob,
  },
  {
    key: 'enable',
    verb: 'Enable',
    done: 'enabled',
    kind: 'primary',
    consequence: 'Their schedules fire from now on. What was due while they were disabled is not made up.',
    act: (name) => setDisabled(name, false),
  },
  {
    key: 'disable',
    verb: 'Disable',
    done: 'disabled',
    kind: 'primary',
    consequence: 'Their schedules fire no more. What runs now runs on, and running them by hand still works.',
    act: (name) => setDisabled(name, true),
  },
  {
    key: 'delete',
    verb: 'Delete',
    done: 'deleted',
    kind: 'danger',
    consequence: 'Their schedules end and their histories go with them. This cannot be taken back.',
    act: deleteJob,
  },
]

/** `1 job`, `1,200 jobs`. */
export function jobsText(count: number): string {
  return `${count.toLocaleString('en')} ${count === 1 ? 'job' : 'jobs'}`
}

/** `82 jobs disabled, 1 failed, 9,917 to go`. @param isOver then what is left was not reached */
export function progressText(
  { done: word }: BulkOrder,
  { done, failed, total }: BulkProgress,
  isOver: boolean,
): string {
  const left = total - done - failed.length
  return [
    `${jobsText(done)} ${word}`,
    ...(failed.length > 0 ? [`${failed.length.toLocaleString('en')} failed`] : []),
    ...(left > 0 ? [`${left.toLocaleString('en')} ${isOver ? 'not reached' : 'to go'}`] : []),
  ].join(', ')
}
