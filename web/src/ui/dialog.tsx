/**
 * A dialog over the page, by the browser's own `<dialog>`: it keeps the focus inside, closes on Esc and gives the focus
 * back to where it was.
 */
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef } from 'preact/hooks'
import { Button } from './button.tsx'

export interface DialogProps {
  readonly title: string
  readonly isOpen: boolean
  /** Esc, the cross, or a press beside it. */
  readonly onClose: () => void
  /** Buttons, the usual one last. */
  readonly actions?: ComponentChildren
  readonly size?: 'narrow' | 'normal' | 'wide'
  /** When the form inside is submitted, by Enter too; then `actions` needs a button of type submit. */
  readonly onSubmit?: () => void
  readonly children?: ComponentChildren
}

export function Dialog({ isOpen, ...rest }: DialogProps) {
  return isOpen ? <OpenDialog {...rest} /> : null
}

/** Where the focus begins: what is to be filled in, else the first of the buttons at the end, never the cross. */
const firstControl = '.dialog-body :is(input, select, textarea):enabled, .dialog-foot button'

function OpenDialog({ title, onClose, actions, size = 'normal', onSubmit, children }: Omit<DialogProps, 'isOpen'>) {
  const element = useRef<HTMLDialogElement>(null)
  const id = useId()
  useLayoutEffect(() => {
    const dialog = element.current
    const before = document.activeElement
    dialog?.showModal()
    dialog?.querySelector<HTMLElement>(firstControl)?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }, [])
  const contents = (
    <>
      <header class="dialog-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={onClose} />
      </header>
      <div class="dialog-body">{children}</div>
      {actions !== undefined && <footer class="dialog-foot">{actions}</footer>}
    </>
  )
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Esc does the same, by the browser
    <dialog
      ref={element}
      class={`dialog is-${size}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === element.current) onClose()
      }}
    >
      {onSubmit === undefined ? (
        <div class="dialog-frame">{contents}</div>
      ) : (
        <form
          class="dialog-frame"
          onSubmit={(event) => {
            event.preventDefault()
            onSubmit()
          }}
        >
          {contents}
        </form>
      )}
    </dialog>
  )
}
