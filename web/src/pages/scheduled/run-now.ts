/** Starting a job by hand, with news of how that went. */
import { useState } from 'preact/hooks'
import { toast } from '../../ui/toast.tsx'
import { failureText } from './failure-text.ts'
import { runJob } from './job-orders.ts'

export interface RunNow {
  readonly isBusy: (name: string) => boolean
  readonly run: (name: string) => Promise<boolean>
}

export function useRunNow(): RunNow {
  const [busy, setBusy] = useState<ReadonlySet<string>>(new Set())
  const run = async (name: string) => {
    setBusy((names) => new Set(names).add(name))
    try {
      await runJob(name)
      toast(`${name} was started`)
      return true
    } catch (error) {
      toast(`${name} could not be started: ${failureText(error)}`, 'bad')
      return false
    } finally {
      setBusy((names) => new Set([...names].filter((each) => each !== name)))
    }
  }
  return { isBusy: (name) => busy.has(name), run }
}
