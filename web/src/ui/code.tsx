/** Names, commands, statements and output, in a fixed-width font. */
import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { toast } from './toast.tsx'

export interface CodeProps {
  readonly text: string
  /** On lines of its own. */
  readonly isBlock?: boolean
  /** With a button that copies it. */
  readonly canCopy?: boolean
}

export function Code({ text, isBlock = false, canCopy = false }: CodeProps) {
  if (!isBlock && !canCopy) return <code class="code">{text}</code>
  return (
    <div class="code-block">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      {canCopy && <CopyButton text={text} />}
    </div>
  )
}

function CopyButton({ text }: { readonly text: string }) {
  const [isDone, setIsDone] = useState(false)
  const copy = async () => {
    if (!(await copyText(text))) return toast('The browser does not let this page copy; select the text instead', 'bad')
    setIsDone(true)
    setTimeout(() => setIsDone(false), 1_500)
  }
  return (
    <Button
      kind="quiet"
      size="small"
      icon={isDone ? 'check' : 'copy'}
      label={isDone ? 'Copied' : 'Copy'}
      onClick={() => void copy()}
    />
  )
}

/** The clipboard is there on https and localhost only; elsewhere the old way is tried. */
async function copyText(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined)
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    )
  const area = Object.assign(document.createElement('textarea'), { value: text })
  document.body.append(area)
  area.select()
  const isDone = document.execCommand('copy')
  area.remove()
  return isDone
}
