/**
 * A value from a request as an error answer may show it: short, and without anything secret.
 *
 * Easy to get wrong: the secret is often not the value at fault but inside it (a whole `Config` that has the wrong
 * type), or inside a text (`mysql://user:password@host`).
 */
const secretName = /pass(word|wd|phrase)?s?$|^pwd$|secret|token|credential|private_?key/i
const secretInUrl = /(:\/\/[^\s/:@]*:)\S*@/g
/** `user:password@tcp(host:3306)`, and `Password=...` or `"password": "..."` inside a text. */
const secretInDsn = /^([^\s/:@]+:)(?!\/\/)\S*@/
const secretInText = /((?:pass(?:word|wd|phrase)?|pwd|secret|token|credential)s?["']?\s*[=:]\s*)\S.*/is
const mask = '******'
const longestText = 200
/** Text is cut to this before anything is searched in it, so that a megabyte costs no time. */
const longestSearched = 2_000
const mostEntries = 20
const deepest = 4

/** True for the name of a field whose value must never be shown. */
export function isSecretName(name: string): boolean {
  return secretName.test(name)
}

/**
 * @param field the path of the field, `Tasks[0].Config.Password`; its last name decides whether it is secret
 * @returns a copy of `value` that is safe to answer and to log
 */
export function shownValue(field: string, value: unknown): unknown {
  if (value === undefined) return null
  const name = field.slice(field.lastIndexOf('.') + 1).replace(/\[\d+\]$/, '')
  return copy(name, value, 0)
}

function copy(name: string, value: unknown, depth: number): unknown {
  if (isSecretName(name) && value !== null && value !== '') return mask
  if (typeof value === 'string') return shortText(withoutSecrets(value))
  if (typeof value !== 'object' || value === null) return value
  if (depth >= deepest) return '...'
  if (Array.isArray(value)) return value.slice(0, mostEntries).map((item) => copy(name, item, depth + 1))
  const entries = Object.entries(value).slice(0, mostEntries)
  return Object.fromEntries(entries.map(([key, inner]) => [shortText(key), copy(key, inner, depth + 1)]))
}

function withoutSecrets(text: string): string {
  return text
    .slice(0, longestSearched)
    .replace(secretInUrl, `$1${mask}@`)
    .replace(secretInDsn, `$1${mask}@`)
    .replace(secretInText, `$1${mask}`)
}

function shortText(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}...` : text
}
