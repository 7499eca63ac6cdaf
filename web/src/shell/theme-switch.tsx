/** System, light, dark. */
import { Icon, type IconName } from '../ui/icon.tsx'
import { chooseTheme, type Theme, theme } from '../ui/theme.ts'

const choices: readonly { readonly value: Theme; readonly title: string; readonly icon: IconName }[] = [
  { value: 'system', title: 'As the system', icon: 'system' },
  { value: 'light', title: 'Light', icon: 'sun' },
  { value: 'dark', title: 'Dark', icon: 'moon' },
]

export function ThemeSwitch() {
  return (
    <fieldset class="theme-switch">
      <legend class="for-readers">Colours</legend>
      {choices.map(({ value, title, icon }) => (
        <label key={value} title={title}>
          <input
            type="radio"
            name="theme"
            class="for-readers"
            value={value}
            checked={theme.value === value}
            onChange={() => chooseTheme(value)}
          />
          <Icon name={icon} size={14} />
          <span class="for-readers">{title}</span>
        </label>
      ))}
    </fieldset>
  )
}
