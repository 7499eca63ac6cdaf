/** Which execution shows its output: in the address, `?run=ID`, so that it can be sent. */
import { useEffect, useRef } from 'preact/hooks'
import { useLocation, useSearch } from 'wouter-preact'
import { paths } from '../../routes.ts'
import { mostFires } from './fire-history.ts'
import type { History } from './use-fire-history.ts'

export interface OpenExecution {
  /** Its id; null when there is none. */
  readonly open: string | null
  /** It is among the fires that are known. */
  readonly isThere: boolean
  readonly setOpen: (id: string | null) => void
}

/** One that came with the address is looked for among older fires too, and brought into sight. */
export function useOpenExecution(name: string, history: History): OpenExecution {
  const open = new URLSearchParams(useSearch()).get('run')
  const [, navigate] = useLocation()
  const cameWithAddress = useRef(open)
  const isThere =
    open !== null && history.fires.some(({ executions }) => executions.some((execution) => execution.id === open))
  const canLookFurther = history.isKnown && history.hasOlder && history.error === null
  const mustLookFurther = open !== null && !isThere && canLookFurther && history.fires.length < mostFires
  useEffect(() => {
    if (mustLookFurther && !history.isLoadingOlder) history.loadOlder()
  }, [mustLookFurther, history.isLoadingOlder])
  useEffect(() => {
    if (!isThere || cameWithAddress.current !== open) return
    cameWithAddress.current = null
    document.querySelector('.run-toggle[aria-expanded="true"]')?.scrollIntoView({ block: 'center' })
  }, [isThere, open])
  const setOpen = (id: string | null) => {
    cameWithAddress.current = null
    navigate(paths.job(name) + (id === null ? '' : `?run=${encodeURIComponent(id)}`), { replace: true })
  }
  return { open, isThere, setOpen }
}

/** Opens the first execution of the run that was asked for on this page. */
export function useShowExpected({ fires, expectedGroup }: History, show: (id: string) => void): void {
  const shown = useRef<string | null>(null)
  const execution = fires.find(({ group }) => group === expectedGroup)?.executions[0]
  useEffect(() => {
    if (expectedGroup === null || execution === undefined || shown.current === expectedGroup) return
    shown.current = expectedGroup
    show(execution.id)
  }, [expectedGroup, execution])
}
