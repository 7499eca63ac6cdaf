/** Whether an element's contents are wider than it is, also when either changes. */
import { useEffect, useState } from 'preact/hooks'

export function useOverflow(element: { readonly current: HTMLElement | null }): boolean {
  const [isTooWide, setIsTooWide] = useState(false)
  useEffect(() => {
    const frame = element.current
    const contents = frame?.firstElementChild
    if (frame === null || contents === null || contents === undefined) return
    const observer = new ResizeObserver(() => setIsTooWide(contents.scrollWidth > frame.clientWidth + 1))
    observer.observe(frame)
    observer.observe(contents)
    return () => observer.disconnect()
  }, [element])
  return isTooWide
}
