/** Tables as a server describes them: types only; schema-reader.ts reads them. */

export interface TableName {
  readonly schema: string
  readonly name: string
}

export interface TableSummary extends TableName {
  /** `InnoDB`, `MyISAM`, ...; empty for views. */
  readonly engine: string
  readonly kind: 'table' | 'view' | 'sequence'
  /** Estimates of the server; 0 where it has none. */
  readonly estimatedRows: number
  readonly averageRowBytes: number
  readonly dataBytes: number
}

export interface ColumnDefinition {
  readonly name: string
  /** Lower case without length, for example `varchar`. */
  readonly dataType: string
  /** As written, for example `int(10) unsigned`. */
  readonly columnType: string
  readonly characterSet: string | null
  readonly collation: string | null
  readonly isNullable: boolean
  readonly isGenerated: boolean
  readonly isInvisible: boolean
  /**
   * It belongs to the key by which the server tells rows apart: the primary key, or the unique one that stands in for it.
   * A log with `binlog_row_image` MINIMAL always has these columns.
   */
  readonly isInRowKey: boolean
}

export interface KeyPart {
  /** Null: an expression. */
  readonly column: string | null
  /** Characters or bytes of the column that the key holds; null: all. */
  readonly prefixLength: number | null
  readonly isNullable: boolean
}

export interface KeyDefinition {
  readonly name: string
  readonly isPrimary: boolean
  readonly isUnique: boolean
  /** False for invisible (MySQL) and ignored (MariaDB) ones: FORCE INDEX refuses them. */
  readonly isVisible: boolean
  readonly parts: readonly KeyPart[]
}

export interface TableDefinition extends TableName {
  readonly columns: readonly ColumnDefinition[]
  readonly keys: readonly KeyDefinition[]
}
