/** The environment commands get: the agent's, without what is the agent's alone. */

/** Node's channel to a parent process: a command that is a Node program would believe it were meant. */
const ofNodeItself = new Set(['NODE_CHANNEL_FD', 'NODE_CHANNEL_SERIALIZATION_MODE', 'NODE_UNIQUE_ID'])

/** Leaves out every `MILLRACE_*` setting, since some of them are secrets. */
export function commandEnvironment(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(env))
    if (value !== undefined && !name.startsWith('MILLRACE_') && !ofNodeItself.has(name)) kept[name] = value
  return kept
}
