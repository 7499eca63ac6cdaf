/** A message of the agent; the statement in it that cures what it tells stands apart, to be copied. */
import { Code } from '../../ui/code.tsx'
import { cureIn, cureLead } from './figures/cure-text.ts'
import { sentence } from './job-words.ts'

export interface CuredMessageProps {
  readonly message: string
  /** Over: then there is nothing to run any more. */
  readonly isOver?: boolean
}

export function CuredMessage({ message, isOver = false }: CuredMessageProps) {
  const cure = isOver ? null : cureIn(message)
  if (cure === null) return <p>{sentence(message)}</p>
  return (
    <>
      <p>
        {sentence(cure.problem)} {cureLead(cure, 'Run')}
      </p>
      <Code text={cure.statement} isBlock canCopy />
      {cure.after !== '' && <p>… {cure.after}.</p>}
    </>
  )
}
