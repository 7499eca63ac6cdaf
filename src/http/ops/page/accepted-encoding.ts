/** Which of the encodings there are a client takes (RFC 9110, 12.5.3). */
import type { Encoding } from './page-files.ts'

/** The first of `available` that `header` (Accept-Encoding) allows; null: send it as it is. */
export function acceptedEncoding(header: string | undefined, available: readonly Encoding[]): Encoding | null {
  const weights = new Map(
    (header ?? '').split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
      const weight = parameters.find((text) => text.startsWith('q='))?.slice(2)
      return [name, weight === undefined ? 1 : Number(weight)] as const
    }),
  )
  return available.find((encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0) ?? null
}
