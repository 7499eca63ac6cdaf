/** Passwords in the API: any of three forms comes in, nothing but a mask goes out. */

export type PasswordForm =
  | { readonly kind: 'clear'; readonly text: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** The mask: the one that is stored. */
  | { readonly kind: 'keep' }

/** Shown instead of every password; coming back in an update it means the one that is stored. */
export const passwordMask = '********'

/** @returns null when the text announces a form that it does not have */
export function parsePassword(text: string): PasswordForm | null {
  if (text === passwordMask) return { kind: 'keep' }
  if (text.startsWith('env:')) {
    const name = text.slice(4)
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? { kind: 'environment', name } : null
  }
  if (text.startsWith('file:')) {
    const path = text.slice(5)
    return path.startsWith('/') && !path.includes('\0') ? { kind: 'file', path } : null
  }
  return { kind: 'clear', text }
}
