/**
 * A logged statement's bytes as text, to read names in it. Never to pass it on: that is done with the bytes.
 *
 * Easy to get wrong: in sjis, gbk, big5 and gb18030 the second byte of a character may be a backslash or a backtick, so
 * such statements can't be scanned byte by byte.
 */

/** Collation ids by the name under which TextDecoder knows their character set; UTF-8 for all others. */
const idsByEncoding: Readonly<Record<string, readonly number[]>> = {
  'windows-1252': [5, 8, 15, 31, 47, 48, 49, 94],
  'iso-8859-2': [2, 9, 21, 27, 77],
  'windows-1250': [26, 34, 44, 66, 99],
  'windows-1251': [14, 23, 50, 51, 52],
  'windows-1256': [57, 67],
  'windows-1257': [29, 58, 59],
  'koi8-r': [7, 74],
  'koi8-u': [22, 75],
  ibm866: [36, 68],
  'iso-8859-7': [25, 70],
  'iso-8859-8': [16, 71],
  'iso-8859-9': [30, 78],
  'iso-8859-13': [20, 41, 42, 79],
  macintosh: [39, 53],
  'windows-874': [18, 89],
  big5: [1, 84],
  'euc-kr': [19, 85],
  gbk: [24, 28, 86, 87],
  gb18030: [248, 249, 250],
  shift_jis: [13, 88, 95, 96],
  'euc-jp': [12, 91, 97, 98],
}

const encodings = new Map(Object.entries(idsByEncoding).flatMap(([encoding, ids]) => ids.map((id) => [id, encoding])))

/** @param collationId the session's character_set_client as the event tells it; null is taken for UTF-8 */
export function decodeSql(sql: Uint8Array, collationId: number | null): string {
  return new TextDecoder(encodings.get(collationId ?? 0) ?? 'utf-8').decode(sql)
}
