/** Dark or light: as the system says, unless the user chose. public/theme.js applies the choice before the first paint. */
import { signal } from '@preact/signals'

export type Theme = 'system' | 'dark' | 'light'

const storageKey = 'millrace-theme'

export const theme = signal<Theme>(read())

/** Raised whenever colours change; charts draw again then. */
export const themeVersion = signal(0)

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => themeVersion.value++)

export function chooseTheme(chosen: Theme): void {
  theme.value = chosen
  if (chosen === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = chosen
  try {
    if (chosen === 'system') localStorage.removeItem(storageKey)
    else localStorage.setItem(storageKey, chosen)
  } catch {
    // Without storage the choice holds until the page is closed.
  }
  themeVersion.value++
}

/** A colour of the current theme, as a canvas takes it. @param name of a custom property, `--accent` for example */
export function themeColor(name: string): string {
  const probe = document.createElement('span')
  probe.style.color = `var(${name})`
  probe.hidden = true
  document.body.append(probe)
  const color = getComputedStyle(probe).color
  probe.remove()
  return color
}

function read(): Theme {
  const chosen = document.documentElement.dataset.theme
  return chosen === 'dark' || chosen === 'light' ? chosen : 'system'
}
