/** `millrace config show` and the settings' part of `millrace agent --help`. */
import type { LoadedSettings } from '../config/load-settings.ts'
import { environmentName } from '../config/load-settings.ts'
import { type OptionName, options } from '../config/options.ts'
import { formatTable } from './table.ts'

// The address of a NATS server may hold user and password, or a token.
const secretInUrl = /(:\/\/)[^\s/,]*@/g

/** Every setting, its value without what is secret in it, and where that came from. */
export function showSettings(loaded: LoadedSettings, isJson: boolean): string {
  const names = Object.keys(options) as OptionName[]
  if (isJson)
    return JSON.stringify(
      Object.fromEntries(
        names.map((name) => [name, { value: shown(loaded.settings[name]), origin: loaded.origins[name] }]),
      ),
      null,
      2,
    )
  return formatTable(
    ['SETTING', 'VALUE', 'FROM', 'ENVIRONMENT', 'MEANING'],
    names.map((name) => [
      name,
      loaded.texts[name] === '' ? '-' : shown(loaded.texts[name]),
      loaded.origins[name],
      environmentName(name),
      options[name].help,
    ]),
  )
}

function shown<Value>(value: Value): Value | string {
  return typeof value === 'string' ? value.replace(secretInUrl, '$1******@') : value
}
