/**
 * What may come next on a command line, read from the tree of commands itself.
 *
 * Easy to get wrong: what a word is depends on those before it: a flag that takes a value makes the next one its value.
 */
import type { Argument, Command, Option } from 'commander'

export interface Candidate {
  readonly value: string
  readonly about: string
}

/** What the shell itself completes, or a kind of name that only an agent knows. */
export type Wanted =
  | { readonly kind: 'words'; readonly candidates: readonly Candidate[] }
  | { readonly kind: 'files' }
  | { readonly kind: 'names'; readonly of: 'job' | 'replication' | 'node'; readonly prefix: string }

export interface Completed {
  /** The values given so far for the flags that say which agent to ask, by their long names. */
  readonly flags: ReadonlyMap<string, string>
  readonly wanted: Wanted
  /** What the completed word must begin with. */
  readonly typed: string
}

const nothing: Wanted = { kind: 'words', candidates: [] }

/** @param words what was typed after `millrace`; the last one is completed, and may be empty */
export function complete(program: Command, words: readonly string[]): Completed {
  const typed = words.at(-1) ?? ''
  const place = walk(program, words.slice(0, -1))
  const done = (wanted: Wanted, of = typed): Completed => ({ flags: place.flags, wanted, typed: of })
  if (place.open !== null) return done(valuesOf(place.open, typed))
  const assigned = place.areFlagsOver ? null : /^(--[^=]+)=(.*)$/s.exec(typed)
  if (assigned !== null) return done(assignedValues(place.command, assigned[1] ?? '', assigned[2] ?? ''))
  if (typed.startsWith('-') && !place.areFlagsOver) return done(flagsOf(place.command))
  return done(
    place.positionals === 0 && hasCommands(place.command) ? commandsOf(place.command) : argument(place, typed),
  )
}

interface Place {
  readonly command: Command
  /** The flag whose value comes next. */
  readonly open: Option | null
  readonly positionals: number
  /** After `--`. */
  readonly areFlagsOver: boolean
  readonly flags: ReadonlyMap<string, string>
}

function walk(program: Command, words: readonly string[]): Place {
  const flags = new Map<string, string>()
  let [command, positionals, areFlagsOver]: [Command, number, boolean] = [program, 0, false]
  let open: Option | null = null
  for (const word of words) {
    if (open !== null) {
      flags.set(open.long ?? '', word)
      open = null
    } else if (!areFlagsOver && word === '--') areFlagsOver = true
    else if (!areFlagsOver && word.startsWith('-')) {
      const [name = '', value] = word.split(/=(.*)/s, 2)
      const option = optionOf(command, name)
      if (value !== undefined) flags.set(name, value)
      else if (option !== undefined && takesValue(option)) open = option
    } else {
      const inner: Command | undefined =
        positionals === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (inner === undefined) positionals += 1
      else command = inner
    }
  }
  return { command, open, positionals, areFlagsOver, flags }
}

function optionOf(command: Command, name: string): Option | undefined {
  return command.options.find((option) => option.long === name || option.short === name)
}

function takesValue(option: Option): boolean {
  return option.required || option.optional
}

function argument({ command, positionals }: Place, typed: string): Wanted {
  const known = command.registeredArguments
  const last = known.at(-1)
  const next = known[positionals] ?? (last?.variadic === true ? last : undefined)
  return next === undefined ? nothing : valuesOf(next, typed)
}

function assignedValues(command: Command, name: string, typed: string): Wanted {
  const option = optionOf(command, name)
  if (option === undefined) return nothing
  const wanted = valuesOf(option, typed)
  if (wanted.kind !== 'words') return nothing
  return words(wanted.candidates.map(({ value, about }) => ({ value: `${name}=${value}`, about })))
}

/** The placeholder of a flag or argument says what its values are. */
function valuesOf(taker: Option | Argument, typed: string): Wanted {
  if (taker.argChoices !== undefined) return words(taker.argChoices.map((value) => ({ value, about: '' })))
  const placeholder = 'flags' in taker ? /<([A-Z]+)/.exec(taker.flags)?.[1] : taker.name()
  switch (placeholder) {
    case 'JOB':
      return { kind: 'names', of: 'job', prefix: typed }
    case 'REPLICATION':
      return { kind: 'names', of: 'replication', prefix: typed }
    case 'NODE':
      return { kind: 'names', of: 'node', prefix: typed }
    case 'PATH':
      return { kind: 'files' }
    default:
      return nothing
  }
}

function hasCommands(command: Command): boolean {
  return command.commands.length > 0
}

function commandsOf(command: Command): Wanted {
  return words(command.commands.map((one) => ({ value: one.name(), about: one.description() })))
}

function flagsOf(command: Command): Wanted {
  const own = command.options.filter((option) => !option.hidden)
  return words([
    ...own.map((option) => ({ value: option.long ?? option.short ?? '', about: option.description })),
    { value: '--help', about: 'what the command does' },
  ])
}

function words(candidates: readonly Candidate[]): Wanted {
  return { kind: 'words', candidates }
}
