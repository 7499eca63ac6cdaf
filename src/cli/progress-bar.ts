/** A bar of characters that fills from the left. */
import type { Terminal } from './screen.ts'

const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

/**
 * @param fraction 0 to 1; what is outside counts as the nearer end
 * @param width columns
 */
export function progressBar(fraction: number, width: number, { hasBlocks }: Pick<Terminal, 'hasBlocks'>): string {
  const filled = Math.min(1, Math.max(0, Number.isFinite(fraction) ? fraction : 0)) * width
  if (!hasBlocks) return `[${'#'.repeat(Math.floor(filled)).padEnd(width, '.')}]`
  const part = eighths[Math.floor((filled % 1) * 8)] ?? ''
  return `${'█'.repeat(Math.floor(filled))}${part}`.padEnd(width, '░')
}

/** `62.1 %`; 100 only when all is done. */
export function percentText(fraction: number): string {
  if (fraction >= 1) return '100 %'
  return `${(Math.floor(Math.max(0, fraction) * 1_000) / 10).toFixed(1)} %`
}
