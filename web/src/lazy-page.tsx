/** A page that is fetched when it is first shown. */
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ErrorState, Skeleton } from './ui/states.tsx'

/** @param load imports the page's file and gives its component */
export function lazyPage<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined
  return function LazyPage(props: Props) {
    const [Shown, setShown] = useState<ComponentType<Props> | undefined>(() => loaded)
    const [isFailed, setIsFailed] = useState(false)
    useEffect(() => {
      if (loaded !== undefined) return
      load().then(
        (component) => {
          loaded = component
          setShown(() => component)
        },
        () => setIsFailed(true),
      )
    }, [])
    if (Shown !== undefined) return <Shown {...props} />
    if (!isFailed)
      return (
        <div class="page">
          <Skeleton lines={6} />
        </div>
      )
    // A new version of the agent has other file names: the page itself must be fetched again.
    return <ErrorState error={gone} retry={() => location.reload()} />
  }
}

const gone = {
  status: 0,
  code: 'PAGE_CHUNK',
  message: 'this part of the page could not be fetched; the agent may have been updated',
}
