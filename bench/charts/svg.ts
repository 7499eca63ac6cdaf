/**
 * Pieces of a chart as SVG text, with colours that follow the reader's light or dark scheme.
 *
 * Easy to get wrong: on a page of documents such a file is an image, so it can use no font but the reader's own and no
 * style from outside.
 */

export type Tone = 'peer' | 'peer-2' | 'ours' | 'ours-2'

const style = `
  .back { fill: #ffffff } text { fill: #1f2328; font: 13px system-ui, sans-serif }
  .title { font-weight: 600; font-size: 15px } .quiet { fill: #59636e; font-size: 12px }
  .value { paint-order: stroke; stroke: #ffffff; stroke-width: 4px }
  .axis { stroke: #d1d9e0 } .bound { stroke: #b35900; stroke-width: 1.5; stroke-dasharray: 4 3 } .bound-text { fill: #b35900; font-size: 12px }
  .peer { fill: #9aa4ae } .peer-2 { fill: #6e7781 } .ours { fill: #0969da } .ours-2 { fill: #1b7c83 }
  .faint { opacity: 0.45 } .link { stroke: #9aa4ae; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117 } .value { stroke: #0d1117 } text { fill: #e6edf3 } .quiet { fill: #9198a1 } .axis { stroke: #3d444d }
    .bound { stroke: #e0863a } .bound-text { fill: #e0863a }
    .peer { fill: #6e7781 } .peer-2 { fill: #9aa4ae } .ours { fill: #58a6ff } .ours-2 { fill: #39c5cf } .link { stroke: #6e7781 }
  }`

/** A whole drawing. @param title read to those who cannot see it, and drawn by the caller */
export function drawing(title: string, width: number, height: number, pieces: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="back" width="${width}" height="${height}"/>`,
    ...pieces,
    '</svg>',
    '',
  ].join('\n')
}

export function text(x: number, y: number, content: string, kind = '', anchor = 'start'): string {
  return `<text x="${at(x)}" y="${at(y)}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`
}

export function bar(x: number, y: number, width: number, height: number, kind: string): string {
  return `<rect x="${at(x)}" y="${at(y)}" width="${at(Math.max(width, 1))}" height="${at(height)}" rx="2" class="${kind}"/>`
}

export function line(x1: number, y1: number, x2: number, y2: number, kind: string): string {
  return `<line x1="${at(x1)}" y1="${at(y1)}" x2="${at(x2)}" y2="${at(y2)}" class="${kind}"/>`
}

export function dot(x: number, y: number, kind: string): string {
  return `<circle cx="${at(x)}" cy="${at(y)}" r="5" class="${kind}"/>`
}

/** A number as short as it can be read: three digits that count. */
export function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(value >= 10 ? 3 : 2)))
}

function at(place: number): string {
  return place.toFixed(1).replace(/\.0$/, '')
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
