/** Something to press. While `isBusy` it cannot be pressed again, and keeps its width. */
import type { ComponentChildren, JSX } from 'preact'
import { Link } from 'wouter-preact'
import { Icon, type IconName } from './icon.tsx'

type ButtonAttributes = Omit<JSX.IntrinsicElements['button'], 'icon' | 'size' | 'type' | 'ref'>

export interface ButtonProps extends ButtonAttributes {
  readonly kind?: 'primary' | 'plain' | 'danger' | 'quiet'
  readonly type?: 'button' | 'submit'
  readonly size?: 'normal' | 'small'
  readonly icon?: IconName
  readonly isBusy?: boolean
  /** What it does, where it shows an icon alone. */
  readonly label?: string
  readonly children?: ComponentChildren
}

export function Button({
  kind = 'plain',
  type = 'button',
  size = 'normal',
  icon,
  isBusy = false,
  label,
  class: className,
  disabled,
  onClick,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      class={buttonClass(kind, size, children === undefined, className as string | undefined)}
      disabled={disabled}
      // Not `disabled`, which would take the focus away from whoever pressed it.
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      onClick={isBusy ? ignorePress : onClick}
      aria-label={label}
      title={label}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  )
}

/** A submit too. */
function ignorePress(event: Event): void {
  event.preventDefault()
}

export interface ButtonLinkProps {
  /** Below `/ui`. */
  readonly href: string
  readonly kind?: ButtonProps['kind']
  readonly size?: ButtonProps['size']
  readonly icon?: IconName
  readonly label?: string
  readonly children?: ComponentChildren
}

/** Leads to another page and looks like a button. */
export function ButtonLink({ href, kind = 'plain', size = 'normal', icon, label, children }: ButtonLinkProps) {
  return (
    <Link href={href} class={buttonClass(kind, size, children === undefined)} aria-label={label} title={label}>
      {icon !== undefined && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
    </Link>
  )
}

function buttonClass(kind: string, size: string, isIconOnly: boolean, more = ''): string {
  return `button is-${kind} is-${size}${isIconOnly ? ' is-icon' : ''} ${more}`.trimEnd()
}
