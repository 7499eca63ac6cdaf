/**
 * Draws the charts of docs/performance.md from the JSON of a run, and writes its table and its machine into that page.
 *
 *     node bench/draw.ts bench/results/FILE.json...
 *
 * Several files count as one run, the later one where both measured the same benchmark.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../scripts/setup/project.ts'
import { chartsOf } from './charts/charts.ts'
import { machineLines, tableLines } from './charts/page-parts.ts'
import type { Results } from './tell-results.ts'

const paths = process.argv.slice(2)
if (paths.length === 0) throw new Error('name the JSON file of a run, see bench/results')
const results = joined(paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as Results))
const pagePath = join(projectRoot, 'docs/performance.md')
let page = readFileSync(pagePath, 'utf8')
for (const { name, title, svg } of chartsOf(results)) {
  if (svg !== null) writeFileSync(join(projectRoot, 'docs/images', `performance-${name}.svg`), svg)
  const shown = svg === null ? 'This run did not measure it.' : `![${title}](images/performance-${name}.svg)`
  page = replaced(page, `chart: ${name}`, [shown])
}
page = replaced(page, 'machine', machineLines(results))
page = replaced(page, 'figures', tableLines(results))
writeFileSync(pagePath, page)

function joined(runs: readonly Results[]): Results {
  const last = runs.at(-1)
  if (last === undefined) throw new Error('no run')
  const byName = new Map(runs.flatMap((run) => run.results.map((result) => [result.benchmark, result])))
  return { ...last, results: [...byName.values()] }
}

/** Puts lines between `<!-- NAME -->` and `<!-- /NAME -->`. */
function replaced(text: string, name: string, lines: readonly string[]): string {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from === -1 || to < from) throw new Error(`docs/performance.md has no place for ${name}`)
  return `${text.slice(0, from + begin.length)}\n\n${lines.join('\n')}\n\n${text.slice(to)}`
}
