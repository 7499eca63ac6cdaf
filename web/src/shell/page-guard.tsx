/** Keeps a fault in one page from taking the frame with it. Going to another page begins afresh. */
import type { ComponentChildren } from 'preact'
import { useErrorBoundary } from 'preact/hooks'
import { useLocation } from 'wouter-preact'
import { ErrorState } from '../ui/states.tsx'

export function PageGuard({ children }: { readonly children: ComponentChildren }) {
  const [location] = useLocation()
  return <Guarded key={location}>{children}</Guarded>
}

function Guarded({ children }: { readonly children: ComponentChildren }) {
  const [fault] = useErrorBoundary((error) => console.error(error))
  if (fault === undefined) return <>{children}</>
  const message = `the page has a fault (${fault instanceof Error ? fault.message : String(fault)}); load it again`
  return <ErrorState error={{ status: 500, code: 'PAGE', message }} retry={() => window.location.reload()} />
}
