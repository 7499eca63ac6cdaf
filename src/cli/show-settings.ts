/** `millrace config show` and the settings' part of `millrace agent --help`. */
import type { LoadedSettings } from '../config/load-settings.ts'
import { environmentName } from '../config/load-settings.ts'
import { type OptionName, options } from '../config/options.ts'
import { formatTable } from './table.ts'

/** Every setting, its value and where that came from. There are no secrets among the settings. */
export function showSettings(loaded: LoadedSettings, isJson: boolean): string {
  const names = Object.keys(options) as OptionName[]
  if (isJson)
    return JSON.stringify(
      Object.fromEntries(names.map((name) => [name, { value: loaded.settings[name], origin: loaded.origins[name] }])),
      null,
      2,
    )
  return formatTable(
    ['SETTING', 'VALUE', 'FROM', 'ENVIRONMENT', 'MEANING'],
    names.map((name) => [
      name,
      loaded.texts[name] === '' ? '-' : loaded.texts[name],
      loaded.origins[name],
      environmentName(name),
      options[name].help,
    ]),
  )
}
