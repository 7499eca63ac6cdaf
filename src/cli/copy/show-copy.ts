/** Where the progress of a copy is shown: bars on a terminal, now and then a line elsewhere, or JSON. */
import { LiveLines } from '../live-lines.ts'
import type { Screen } from '../screen.ts'
import { printable } from '../table.ts'
import { comparisonText } from './comparison-text.ts'
import { allTables, compareLines, copyLine, copyLines, tableKey } from './copy-text.ts'
import type { CompareProgress, CopyComparison, CopyProgress } from './ports.ts'
import { Rates } from './rates.ts'

/** Between two lines where no terminal is; a new stage is told at once. */
const lineEveryMs = 5_000
const jsonEveryMs = 1_000

export interface CopyShow {
  progress(progress: CopyProgress): void
  comparing(progress: CompareProgress): void
  comparison(found: CopyComparison): void
  /** A line of its own that stays. @param event name and facts for JSON */
  say(text: string, event: Readonly<Record<string, unknown>> & { readonly event: string }): void
}

export function createShow(screen: Screen, isJson: boolean): CopyShow {
  if (isJson) return new JsonShow(screen)
  return screen.terminal === null ? new LineShow(screen) : new BarShow(screen)
}

class BarShow implements CopyShow {
  readonly #screen: Screen
  #live: LiveLines
  readonly #rates = new Rates()
  readonly #comparing = new Map<string, CompareProgress>()
  #compared = 0
  #last: CopyProgress | null = null

  constructor(screen: Screen) {
    this.#screen = screen
    this.#live = new LiveLines(screen)
  }

  progress(progress: CopyProgress): void {
    noteRates(this.#rates, progress)
    this.#last = progress
    this.#draw()
  }

  comparing(progress: CompareProgress): void {
    if (progress.isDone) this.#compared += 1
    if (progress.isDone) this.#comparing.delete(tableKey(progress))
    else this.#comparing.set(tableKey(progress), progress)
    this.#draw()
  }

  comparison(found: CopyComparison): void {
    this.#comparing.clear()
    this.#compared = 0
    this.#say(comparisonText(found, this.#screen))
  }

  say(text: string): void {
    this.#say(text)
  }

  #say(text: string): void {
    this.#live.draw([])
    this.#screen.print(text)
    this.#live = new LiveLines(this.#screen)
  }

  #draw(): void {
    const copy = this.#last === null ? [] : copyLines(this.#last, this.#rates, this.#screen)
    const isComparing = this.#comparing.size > 0 || this.#compared > 0
    const compare = isComparing ? compareLines([...this.#comparing.values()], this.#compared, this.#screen) : []
    this.#live.draw([...copy, ...compare])
  }
}

class LineShow implements CopyShow {
  readonly #screen: Screen
  readonly #rates = new Rates()
  #stage = ''
  #hindrance: string | null = null
  #printedMs = Number.NEGATIVE_INFINITY

  constructor(screen: Screen) {
    this.#screen = screen
  }

  progress(progress: CopyProgress): void {
    noteRates(this.#rates, progress)
    const isNews = progress.stage !== this.#stage || progress.hindrance !== this.#hindrance
    if (!isNews && performance.now() - this.#printedMs < lineEveryMs) return
    this.#stage = progress.stage
    this.#hindrance = progress.hindrance
    this.#printedMs = performance.now()
    this.#screen.print(copyLine(progress, this.#rates, new Date()))
  }

  comparing({ schema, table, rowsDone, rowsTotal, isDone }: CompareProgress): void {
    if (isDone || performance.now() - this.#printedMs < lineEveryMs) return
    this.#printedMs = performance.now()
    this.#screen.print(`compares ${printable(`${schema}.${table}`)} rows ${rowsDone}/${rowsTotal}`)
  }

  comparison(found: CopyComparison): void {
    this.#screen.print(comparisonText(found, this.#screen))
  }

  say(text: string): void {
    this.#screen.print(text)
  }
}

class JsonShow implements CopyShow {
  readonly #screen: Screen
  #stage = ''
  #printedMs = Number.NEGATIVE_INFINITY

  constructor(screen: Screen) {
    this.#screen = screen
  }

  progress(progress: CopyProgress): void {
    if (progress.stage === this.#stage && performance.now() - this.#printedMs < jsonEveryMs) return
    this.#stage = progress.stage
    this.#printedMs = performance.now()
    this.#print({ event: 'progress', ...progress })
  }

  comparing(): void {}

  comparison(found: CopyComparison): void {
    this.#print({ event: 'comparison', ...found })
  }

  say(_text: string, event: object): void {
    this.#print(event)
  }

  #print(event: object): void {
    this.#screen.print(JSON.stringify(inSnakeCase(event)))
  }
}

function noteRates(rates: Rates, { copied, tables }: CopyProgress): void {
  const nowMs = performance.now()
  rates.note(allTables, copied, nowMs)
  for (const table of tables) rates.note(tableKey(table), table, nowMs)
}

/** As all JSON of ours that is not another program's. */
export function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      inSnakeCase(inner),
    ]),
  )
}
