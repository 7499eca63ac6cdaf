/** Short news of what was done, at the edge of the page and read out by screen readers. `Toasts` stands once in the app. */
import { signal } from '@preact/signals'
import { Icon } from './icon.tsx'

export type ToastTone = 'good' | 'bad' | 'note'

interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: ToastTone
}

const shownMs = 6_000
/** What went wrong needs longer to read. */
const badShownMs = 15_000
const mostShown = 4

const toasts = signal<readonly Toast[]>([])
let lastId = 0

export function toast(text: string, tone: ToastTone = 'good'): void {
  const id = ++lastId
  toasts.value = [...toasts.value, { id, text, tone }].slice(-mostShown)
  setTimeout(() => close(id), tone === 'bad' ? badShownMs : shownMs)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone }) => (
        <div key={id} class={`toast is-${tone}`}>
          <Icon name={tone === 'good' ? 'check' : tone} />
          <span>{text}</span>
          <button type="button" class="toast-close" aria-label="Close this note" onClick={() => close(id)}>
            <Icon name="close" size={14} />
          </button>
        </div>
      ))}
    </div>
  )
}

function close(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id)
}
