/** Whether an element's contents are wider than it is, also when either changes. */
import { useLayoutEffect, useState } from 'preact/hooks'

export function useOverflow(element: { readonly current: HTMLElement | null }): boolean {
  const [isTooWide, setIsTooWide] = useState(false)
  // Before it is painted, so that nothing sticks out for a moment.
  useLayoutEffect(() => {
    const frame = element.current
    const contents = frame?.firstElementChild
    if (frame === null || contents === null || contents === undefined) return
    const measure = () => setIsTooWide(contents.scrollWidth > frame.clientWidth + 1)
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(frame)
    observer.observe(contents)
    return () => observer.disconnect()
  }, [element])
  return isTooWide
}
