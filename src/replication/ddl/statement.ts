/** What a logged statement is, as far as replication must know: its kind and every object that it names. */
import type { NamedObject } from './token-reader.ts'

export type Statement =
  | {
      readonly kind: 'create-table'
      readonly table: NamedObject
      readonly isTemporary: boolean
      /** CREATE TABLE ... LIKE this one. */
      readonly like: NamedObject | null
      /** Where MySQL's trailing `START TRANSACTION` begins, which says that the rows follow; null without. */
      readonly startTransactionAt: number | null
      /** Where `IF NOT EXISTS` would stand: behind TABLE. Null when it, or OR REPLACE, is there. */
      readonly ifNotExistsAt: number | null
    }
  | {
      readonly kind: 'alter-table'
      readonly table: NamedObject
      readonly renameTo: NamedObject | null
      readonly exchangeWith: NamedObject | null
    }
  | {
      readonly kind: 'drop-table' | 'drop-view'
      readonly tables: readonly NamedObject[]
      readonly isTemporary: boolean
      readonly hasIfExists: boolean
    }
  | {
      readonly kind: 'rename-table'
      readonly pairs: readonly { readonly from: NamedObject; readonly to: NamedObject }[]
    }
  | { readonly kind: 'truncate' | 'create-index' | 'drop-index'; readonly table: NamedObject }
  | { readonly kind: 'create-view' | 'alter-view'; readonly view: NamedObject }
  | { readonly kind: 'create-schema' | 'alter-schema' | 'drop-schema'; readonly schema: string }
  /** Things that Millrace leaves to the operator: they would act twice, or are of the server and not of the data. */
  | { readonly kind: 'trigger' | 'routine' | 'event' | 'account' | 'maintenance' | 'server' }
  /** A change of rows written as a statement. No table: it could not be told. */
  | { readonly kind: 'rows'; readonly tables: readonly NamedObject[] | null }
  | { readonly kind: 'unknown'; readonly firstWords: string }
