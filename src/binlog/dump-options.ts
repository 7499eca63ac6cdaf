/** What a caller says to open a stream, and what a stream gives. */
import type { Log } from '../core/log.ts'
import type { Position } from './position.ts'
import type { RawEvent } from './raw-event.ts'

export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly passphrase?: string
  /** Refuse certificates that do not verify. Default true. */
  readonly rejectUnauthorized?: boolean
  /** Refuse certificates whose name is not the host's. Default false, as MySQL's VERIFY_CA. */
  readonly verifyIdentity?: boolean
}

export interface DumpOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** Absent: no TLS. */
  readonly tls?: TlsOptions
  readonly connectTimeoutMs?: number
  /**
   * The replica id, 1 to 4294967295, unique among all replicas of the source. The source drops an older connection with
   * the same id, so keep it over reconnects.
   */
  readonly serverId: number
  /** Where to begin: the first event after this position is sent. */
  readonly start: Position
  /** The source says something at least this often. Default 10000. Three of them without a packet: BinlogSilentError. */
  readonly heartbeatMs?: number
  /**
   * So long a transaction that was read may still be on its way to its commit, for which a source may wait for a
   * semisynchronous replica; one that did not come true by then was lost. Default 15000.
   */
  readonly commitWithinMs?: number
  /** `verify` (default): check each event's CRC32. `none`: cut it off unread; TLS checks too, and it costs little. */
  readonly checksum?: 'verify' | 'none'
  /** Bytes of events held before the socket is paused; one larger event is let in. Default 16 MiB. */
  readonly queueBytes?: number
  readonly log?: Log
  /** Aborting closes the stream; a waiting `nextBatch` rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface BinlogStream extends AsyncDisposable {
  readonly vendor: 'mysql' | 'mariadb'
  /** As the server says it, for example `9.7.0` or `10.11.14-MariaDB-0+deb12u2-log`. */
  readonly serverVersion: string
  /** Bytes received and not yet taken. */
  readonly queuedBytes: number
  /** Milliseconds since the last packet; grows past the heartbeat only while the socket is paused or about to fail. */
  readonly idleMs: number
  /**
   * Every event that has arrived, in order, or waits for the first. One caller at a time. Checksums are checked and cut
   * off; heartbeats and made-up rotate events are among them; compressed transactions are not unpacked (the transaction
   * reader does).
   *
   * @returns null after `close`
   * @throws BinlogConnectionError, BinlogSilentError, BinlogReplicaIdTakenError, BinlogChecksumError to try again;
   * BinlogPurgedError, BinlogDivergedError, BinlogDumpError for a person
   */
  nextBatch(): Promise<readonly RawEvent[] | null>
  /** Drops the connection; safe to repeat. */
  close(): Promise<void>
}
