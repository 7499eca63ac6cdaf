/**
 * The commands of a replica, as packets without their four bytes of head.
 *
 * Source: sql/rpl_source.cc (com_binlog_dump, com_binlog_dump_gtid, register_replica).
 */

import { GtidSet } from './gtid-set.ts'
import { encodeGtidSet } from './gtid-set-encoding.ts'
import type { Position } from './position.ts'

const command = { binlogDump: 0x12, registerReplica: 0x15, binlogDumpGtid: 0x1e } as const
const throughGtid = 0x04
/** Where the first event of a file begins. */
export const firstOffset = 4
/** COM_BINLOG_DUMP has 32 bits for the offset. */
export const largestDumpOffset = 0xffff_ffff

/** Makes this replica visible in SHOW REPLICAS. */
export function registerPacket(serverId: number, hostName: string): Buffer {
  const host = Buffer.from(hostName.slice(0, 60), 'utf8')
  const packet = Buffer.alloc(1 + 4 + 1 + host.length + 1 + 1 + 2 + 4 + 4)
  packet.writeUInt8(command.registerReplica, 0)
  packet.writeUInt32LE(serverId, 1)
  packet.writeUInt8(host.length, 5)
  host.copy(packet, 6)
  return packet
}

/**
 * Asks for the log from `start` on. MariaDB takes its GTID position from a session variable, so its packet names no
 * file; an offset that the command can't say is asked for from the file's beginning.
 */
export function dumpPacket(serverId: number, start: Position): Buffer {
  if (start.kind === 'mysql-gtid') return gtidDumpPacket(serverId, GtidSet.parse(start.executed))
  const file = start.kind === 'file' ? start.file : ''
  const offset = start.kind === 'file' && start.offset <= largestDumpOffset ? start.offset : firstOffset
  const name = Buffer.from(file, 'utf8')
  const packet = Buffer.alloc(11 + name.length)
  packet.writeUInt8(command.binlogDump, 0)
  packet.writeUInt32LE(Math.max(offset, firstOffset), 1)
  packet.writeUInt32LE(serverId, 7)
  name.copy(packet, 11)
  return packet
}

function gtidDumpPacket(serverId: number, executed: GtidSet): Buffer {
  const set = encodeGtidSet(executed)
  const head = Buffer.alloc(23)
  head.writeUInt8(command.binlogDumpGtid, 0)
  head.writeUInt16LE(throughGtid, 1)
  head.writeUInt32LE(serverId, 3)
  head.writeBigUInt64LE(BigInt(firstOffset), 11)
  head.writeUInt32LE(set.length, 19)
  return Buffer.concat([head, set])
}
