/**
 * What a data directory knows of its cluster: `cluster.json`.
 *
 * Easy to get wrong: writing it is the commit of every step of forming, so it is on disk before anything follows; and a
 * program that does not know its version must not touch it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerSeat, Topology } from '../../cluster/topology/topology.ts'
import { messageOf } from '../../core/errors.ts'
import { writeDurably } from '../durable-file.ts'
import { ClusterRecordError } from '../errors.ts'

const fileName = 'cluster.json'
const version = 1

/** A server that was started for an attempt which nobody has decided yet. */
export interface Candidate {
  readonly attempt: string
  /** Who asked for it, and knows how it ended. */
  readonly homeName: string
  /** Its folder under `nats/`. */
  readonly store: string
  readonly topology: Topology
}

export interface ClusterRecord {
  readonly version: typeof version
  readonly clusterId: string
  /** `home`: its server stands alone; `server`: it runs one of several; `client`: none. */
  readonly role: 'home' | 'server' | 'client'
  /** The folder under `nats/` that holds this node's share of the data; empty for a client. */
  readonly store: string
  readonly generation: number
  readonly clusterName: string
  readonly servers: readonly ServerSeat[]
  readonly candidate: Candidate | null
  /** Stores that are kept until the data is safe elsewhere. */
  readonly retired: readonly string[]
}

/** Reads and writes the record of one data directory. */
export class ClusterRecordFile {
  readonly #path: string

  constructor(dataDir: string) {
    this.#path = join(dataDir, fileName)
  }

  /** @returns null when the directory knows no cluster yet @throws ClusterRecordError */
  read(): ClusterRecord | null {
    let text: string
    try {
      text = readFileSync(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
      throw this.#unreadable(messageOf(error), error)
    }
    return this.#parse(text)
  }

  write(record: Omit<ClusterRecord, 'version'>): void {
    writeDurably(this.#path, `${JSON.stringify({ version, ...record }, null, 2)}\n`)
  }

  #parse(text: string): ClusterRecord {
    let record: Partial<ClusterRecord>
    try {
      record = JSON.parse(text) as Partial<ClusterRecord>
    } catch (error) {
      throw this.#unreadable(messageOf(error), error)
    }
    if (typeof record.version === 'number' && record.version > version)
      throw new ClusterRecordError(
        `${this.#path} was written by a newer Millrace (its format is ${record.version}, this program knows ${version}); start that version, or upgrade this one`,
      )
    if (typeof record.clusterId !== 'string' || !Array.isArray(record.servers))
      throw this.#unreadable('it holds no cluster record')
    return record as ClusterRecord
  }

  #unreadable(reason: string, cause?: unknown): ClusterRecordError {
    return new ClusterRecordError(
      `${this.#path} cannot be read: ${reason}; restore it from a backup, or move the data directory away to join the cluster as a new node`,
      { cause },
    )
  }
}
