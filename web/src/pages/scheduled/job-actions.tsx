/** What can be done with one job. */
import { useState } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { paths } from '../../routes.ts'
import { Button, ButtonLink } from '../../ui/button.tsx'
import { confirm } from '../../ui/confirm.tsx'
import { toast } from '../../ui/toast.tsx'
import { failureText } from './failure-text.ts'
import { deleteJob, deleteQuestion, setDisabled } from './job-orders.ts'
import { useRunNow } from './run-now.ts'
import type { JobAnswer } from './wire.ts'

export interface JobActionsProps {
  readonly job: JobAnswer
  /** It was told to run: its output is what one wants to see now. */
  readonly onRun: () => void
  readonly onChanged: () => void
  readonly onDeleted: () => void
}

export function JobActions({ job, onRun, onChanged, onDeleted }: JobActionsProps) {
  const { name, disabled } = job
  const [, navigate] = useLocation()
  const [isChanging, setIsChanging] = useState(false)
  const runNow = useRunNow()
  const change = async (what: string, act: () => Promise<void>): Promise<boolean> => {
    setIsChanging(true)
    try {
      await act()
      toast(`${name} was ${what}`)
      return true
    } catch (error) {
      toast(`${name} was not ${what}: ${failureText(error)}`, 'bad')
      return false
    } finally {
      setIsChanging(false)
    }
  }
  const toggle = async () => {
    if (await change(disabled ? 'enabled' : 'disabled', () => setDisabled(name, !disabled))) onChanged()
  }
  const remove = async () => {
    if ((await confirm(deleteQuestion(name))) && (await change('deleted', () => deleteJob(name)))) onDeleted()
  }
  const run = async () => {
    onRun()
    await runNow.run(name)
  }
  return (
    <>
      <Button kind="primary" icon="play" isBusy={runNow.isBusy(name)} onClick={() => void run()}>
        Run now
      </Button>
      <Button isBusy={isChanging} onClick={() => void toggle()}>
        {disabled ? 'Enable' : 'Disable'}
      </Button>
      <ButtonLink href={paths.editJob(name)} icon="edit">
        Edit
      </ButtonLink>
      <Button icon="copy" onClick={() => navigate(`${paths.newJob}?from=${encodeURIComponent(name)}`)}>
        Duplicate
      </Button>
      <Button kind="danger" icon="trash" isBusy={isChanging} onClick={() => void remove()}>
        Delete
      </Button>
    </>
  )
}
