/**
 * A picture of a page with 256 colours instead of 16 million: a quarter of the bytes, and nobody sees it on flat colours.
 *
 * The format: W3C, Portable Network Graphics (Third Edition). What comes in is what Chromium writes: 8 bits, RGB or RGBA,
 * not interlaced. The most frequent colours are kept, and the others become the nearest of those.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const mostColors = 256

interface Pixels {
  readonly width: number
  readonly height: number
  /** 0xRRGGBB, row by row. */
  readonly colors: Uint32Array
}

export function smallPng(png: Buffer): Buffer {
  const pixels = decode(png)
  const palette = paletteOf(pixels.colors)
  return encode(pixels, palette)
}

function decode(png: Buffer): Pixels {
  const parts: Buffer[] = []
  let header: Buffer = Buffer.alloc(0)
  for (let at = signature.length; at < png.length; ) {
    const length = png.readUInt32BE(at)
    const kind = png.toString('latin1', at + 4, at + 8)
    const data = png.subarray(at + 8, at + 8 + length)
    if (kind === 'IHDR') header = data
    if (kind === 'IDAT') parts.push(data)
    at += length + 12
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)]
  const samples = header[9] === 6 ? 4 : 3
  return { width, height, colors: unfiltered(inflateSync(Buffer.concat(parts)), width, height, samples) }
}

/** Undoes the filter of each row (section 9), alpha left out: pages are opaque. */
function unfiltered(raw: Buffer, width: number, height: number, samples: number): Uint32Array {
  const stride = width * samples
  const colors = new Uint32Array(width * height)
  let above: Buffer = Buffer.alloc(stride)
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (stride + 1)]
    const row = Buffer.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    for (let i = 0; i < stride; i++) {
      const [left, up] = [i < samples ? 0 : (row[i - samples] ?? 0), above[i] ?? 0]
      const corner = i < samples ? 0 : (above[i - samples] ?? 0)
      row[i] = ((row[i] ?? 0) + predicted(filter, left, up, corner)) & 0xff
    }
    for (let x = 0; x < width; x++) colors[y * width + x] = row.readUIntBE(x * samples, 3)
    above = row
  }
  return colors
}

function predicted(filter: number | undefined, left: number, up: number, corner: number): number {
  if (filter === 1) return left
  if (filter === 2) return up
  if (filter === 3) return (left + up) >> 1
  return filter === 4 ? paeth(left, up, corner) : 0
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [toLeft, toUp, toCorner] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)]
  if (toLeft <= toUp && toLeft <= toCorner) return left
  return toUp <= toCorner ? up : corner
}

/** Each colour of the picture to its place among those that are kept. */
function paletteOf(colors: Uint32Array): {
  readonly kept: readonly number[]
  readonly indexOf: ReadonlyMap<number, number>
} {
  const counts = new Map<number, number>()
  for (const color of colors) counts.set(color, (counts.get(color) ?? 0) + 1)
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([color]) => color)
  const kept = byCount.slice(0, mostColors)
  const indexOf = new Map(kept.map((color, index) => [color, index]))
  for (const color of byCount.slice(mostColors)) indexOf.set(color, nearest(color, kept))
  return { kept, indexOf }
}

function nearest(color: number, kept: readonly number[]): number {
  let [best, bestDistance] = [0, Number.POSITIVE_INFINITY]
  kept.forEach((other, index) => {
    const distance = [16, 8, 0].reduce(
      (sum, shift) => sum + (((color >> shift) & 255) - ((other >> shift) & 255)) ** 2,
      0,
    )
    if (distance < bestDistance) [best, bestDistance] = [index, distance]
  })
  return best
}

function encode({ width, height, colors }: Pixels, { kept, indexOf }: ReturnType<typeof paletteOf>): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // 8 bits a pixel, colour type 3: palette.
  header.set([8, 3, 0, 0, 0], 8)
  const raw = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) raw[y * (width + 1) + 1 + x] = indexOf.get(colors[y * width + x] ?? 0) ?? 0
  const palette = Buffer.concat(kept.map((color) => Buffer.from([color >> 16, (color >> 8) & 255, color & 255])))
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(raw, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(kind: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
