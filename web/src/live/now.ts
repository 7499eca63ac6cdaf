/** The time, for whatever shows how long ago or how soon something is. It ticks once a second, and not in a hidden tab. */
import { signal } from '@preact/signals'

/** Epoch ms. */
export const now = signal(Date.now())

let timer: ReturnType<typeof setInterval> | undefined

export function startClock(): void {
  const follow = () => {
    clearInterval(timer)
    if (document.hidden) return
    now.value = Date.now()
    timer = setInterval(() => {
      now.value = Date.now()
    }, 1_000)
  }
  document.addEventListener('visibilitychange', follow)
  follow()
}
