/**
 * SQL that makes one text of a cell: equal on two servers exactly when the values are.
 *
 * Easy to get wrong: every server prints a FLOAT with six digits, so it is read as a DOUBLE, by multiplication. MySQL 8 and
 * later cut the text of a computed DOUBLE to 22 characters, but not inside JSON. MariaDB prints -0 as 0 (all tried on
 * 10.11.18, 9.7.4 and 5.6.24). A token is never NULL, and no two different rows may give the same sequence of tokens: texts carry their length.
 * Sessions are in `copyingState`: nothing is converted that is not said so here.
 */
import { quoteName } from '../../mysql/identifier.ts'
import { isVendorAtLeast, type ServerVersion } from '../../mysql/server-version.ts'
import type { ColumnDefinition } from '../../mysql/table-definition.ts'
import type { ColumnPair } from './column-pairs.ts'

export type Side = 'source' | 'target'

const alias = '`millrace row`'

/** How a statement names the table, so that columns can be told from it. */
export function asRow(quotedTable: string): string {
  return `${quotedTable} AS ${alias}`
}

export function columnOf(name: string): string {
  return `${alias}.${quoteName(name)}`
}

/** For NULL; no other token is or begins like this with nothing after it. */
export const nullToken = '-'

/** What the server hashes of a cell. Not for pairs of the kind `json`, see `jsonText`. */
export function cellToken(pair: ColumnPair, side: Side, version: ServerVersion): string {
  const column = columnOf(pair[side].name)
  const { dataType } = pair[side]
  switch (pair.kind) {
    case 'integer':
      // Addition takes away the zeros that ZEROFILL prints.
      return orNull(dataType === 'bit' ? `CAST(${column} AS UNSIGNED)` : `${column} + 0`)
    case 'index':
      // `+ 0` goes through a DOUBLE and loses members of a SET of 64.
      return orNull(`CAST(${column} AS UNSIGNED)`)
    case 'float':
      return orNull(
        doubleText(pair.keepsZeroSign ? `${column} * 1e0` : `IF(${column} = 0, 0e0, ${column} * 1e0)`, version),
      )
    case 'decimal':
    case 'plain':
      return orNull(column)
    case 'text':
      return lengthened(textBytes(pair, side), pair[side])
    case 'bytes':
      return lengthened(isOpaque(dataType) ? `HEX(${column})` : column, pair[side])
    case 'json':
      return orNull(jsonText(pair, side))
  }
}

/** The cell's JSON text in UTF-8, for `canonicalJson`. */
export function jsonText(pair: ColumnPair, side: Side): string {
  return `CONVERT(${columnOf(pair[side].name)} USING utf8mb4)`
}

/** What people read of a key: text in UTF-8, bytes in hexadecimal digits. */
export function shownCell(pair: ColumnPair, side: Side, version: ServerVersion): string {
  const column = columnOf(pair[side].name)
  if (pair.kind === 'bytes') return `CONCAT('0x', LOWER(HEX(${column})))`
  if (pair.kind === 'text') return `CONVERT(${column} USING utf8mb4)`
  if (pair[side].dataType === 'enum' || pair[side].dataType === 'set') return `CONVERT(${column} USING utf8mb4)`
  return cellToken(pair, side, version)
}

/** All digits that it takes to get the same double again, in the same form from every server. */
function doubleText(expression: string, version: ServerVersion): string {
  if (!isVendorAtLeast(version, 'mysql', [5, 7])) return expression
  return `TRIM(TRAILING '.0' FROM CAST(CAST(${expression} AS JSON) AS CHAR))`
}

function orNull(expression: string): string {
  return `IFNULL(${expression}, '${nullToken}')`
}

function textBytes(pair: ColumnPair, side: Side): string {
  const column = columnOf(pair[side].name)
  return `CAST(${pair.isConverted ? `CONVERT(${column} USING utf8mb4)` : column} AS BINARY)`
}

/** Of what may be long only the hash goes into the row's text, which must stay below max_allowed_packet. */
function lengthened(bytes: string, { dataType }: ColumnDefinition): string {
  return orNull(isShort(dataType) ? `CONCAT(LENGTH(${bytes}), ':', ${bytes})` : `SHA2(${bytes}, 256)`)
}

const shortTypes = new Set(['char', 'varchar', 'binary', 'varbinary', 'enum', 'set', 'uuid', 'inet4', 'inet6'])

/** A row without its BLOBs and TEXTs has at most 65,535 bytes. */
function isShort(dataType: string): boolean {
  return shortTypes.has(dataType)
}

const byteTypes = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob'])

/** Spatial values and vectors: not every function takes them as they are. */
function isOpaque(dataType: string): boolean {
  return !byteTypes.has(dataType)
}
