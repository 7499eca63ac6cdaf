/** `millrace agent` and `millrace config show`: the two commands that take the settings. */
import type { Command } from 'commander'
import { type LoadedSettings, loadSettings } from '../config/load-settings.ts'
import { type OptionName, options } from '../config/options.ts'
import type { CommandContext } from './agent-command.ts'
import { showSettings } from './show-settings.ts'

export function addAgent(program: Command, parts: { runAgent(loaded: LoadedSettings): Promise<void> }): void {
  const agent = program.command('agent').description('start an agent and keep it running until it is told to stop')
  addSettings(agent).action((flags) => parts.runAgent(load(flags)))
}

export function addConfig(program: Command, context: CommandContext): void {
  const config = program.command('config').description('look at the settings')
  const show = config.command('show').description('print every setting, its value and where it came from')
  addSettings(show)
    .option('--json', 'print JSON: an object with the value and origin of each setting')
    .action((flags) => context.show(showSettings(load(flags), flags.json === true)))
}

function addSettings(command: Command): Command {
  command.option('--config <PATH>', 'YAML file of settings, each under its name as below')
  for (const [name, { kind, defaultText, help }] of Object.entries(options)) {
    const text = defaultText === '' ? help : `${help} (default: ${defaultText})`
    const flag = kind.placeholder === '' ? `--${name}` : `--${name} <${kind.placeholder}>`
    if (kind.isList)
      command.option(flag, text, (value: string, before?: string) => (before ? `${before},${value}` : value))
    else command.option(flag, text)
  }
  return command.addHelpText(
    'after',
    '\nEach setting is also an environment variable (--http-addr is MILLRACE_HTTP_ADDR) and a key of the YAML file\n(http-addr). A flag wins over the environment, the environment over the file.',
  )
}

/** Commander's camel-case keys back to the settings' names. */
function load(given: Readonly<Record<string, unknown>>): LoadedSettings {
  const flags: Record<string, string> = {}
  for (const name of ['config', ...Object.keys(options)] as (OptionName | 'config')[]) {
    const value = given[name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())]
    if (value !== undefined) flags[name] = String(value)
  }
  return loadSettings({ flags, environment: process.env })
}
