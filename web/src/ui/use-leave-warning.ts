/**
 * Asks before one leaves what would be lost: by a link of the page, or by closing or loading the tab again.
 *
 * Easy to get wrong: the router's links are ordinary links, so they are caught before the router sees the click. A link
 * that opens another tab leaves nothing.
 */
import { useEffect } from 'preact/hooks'
import { useLocation, useRouter } from 'wouter-preact'
import { confirm } from './confirm.tsx'

export interface LeaveQuestion {
  readonly title: string
  readonly text: string
  /** The button that leaves. */
  readonly action: string
}

/** @param question for links; a browser has words of its own when the tab is closed */
export function useLeaveWarning(isWanted: boolean, question: LeaveQuestion = unsaved): void {
  const [, navigate] = useLocation()
  const { base } = useRouter()
  useEffect(() => {
    if (!isWanted) return
    const onUnload = (event: BeforeUnloadEvent) => event.preventDefault()
    const onClick = (event: MouseEvent) => {
      const path = pathInPage(event, base)
      if (path === null) return
      event.preventDefault()
      event.stopPropagation()
      void confirm(question).then((isYes) => isYes && navigate(path))
    }
    addEventListener('beforeunload', onUnload)
    document.addEventListener('click', onClick, { capture: true })
    return () => {
      removeEventListener('beforeunload', onUnload)
      document.removeEventListener('click', onClick, { capture: true })
    }
  }, [isWanted, base, navigate, question])
}

const unsaved: LeaveQuestion = {
  title: 'Leave without saving?',
  text: 'What you changed here would be lost.',
  action: 'Leave',
}

/** Where a click leads within the page; null for anything else. */
function pathInPage(event: MouseEvent, base: string): string | null {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return null
  const link = event.target instanceof Element ? event.target.closest('a') : null
  if (link === null || link.target !== '' || link.origin !== location.origin) return null
  if (!link.pathname.startsWith(`${base}/`) || link.hash !== '') return null
  return link.pathname.slice(base.length) + link.search
}
