/**
 * The settings of a source that decide whether, and how well, its changes can be followed.
 *
 * Easy to get wrong: what SET GLOBAL changes is gone after a restart, so each cure has a line for the configuration too.
 */
import type { ServerCapabilities } from '../../mysql/capabilities.ts'
import { isVendorAtLeast } from '../../mysql/server-version.ts'
import type { Finding } from './finding.ts'

const shortestRetentionSeconds = 86_400
const goodRetentionSeconds = 7 * 86_400

export function sourceSettingFindings(server: ServerCapabilities): readonly Finding[] {
  return [
    binaryLog(server),
    serverId(server),
    logFormat(server),
    gtids(server),
    rowImage(server),
    retention(server),
  ].filter((finding) => finding !== null)
}

function binaryLog({ hasBinaryLog, where, serverId: id }: ServerCapabilities): Finding | null {
  if (hasBinaryLog) return null
  return {
    severity: 'error',
    kind: 'setting',
    text: `log_bin is OFF on ${where}, so it records no changes`,
    advice: 'add log_bin, binlog_format=ROW and a server_id to its configuration and restart it',
    cureSql: null,
    cureConfig: `log_bin=binlog\nbinlog_format=ROW\nserver_id=${id === 0 ? 1 : id}`,
  }
}

function serverId({ serverId: id, where }: ServerCapabilities): Finding | null {
  if (id !== 0) return null
  return {
    severity: 'error',
    kind: 'setting',
    text: `server_id is 0 on ${where}, so it sends its log to nobody`,
    advice:
      'run SET GLOBAL server_id = 1 (or another number that no server beside it has), and set it in the configuration too',
    cureSql: 'SET GLOBAL server_id = 1',
    cureConfig: 'server_id=1',
  }
}

function logFormat({ binlogFormat, where }: ServerCapabilities): Finding | null {
  if (binlogFormat === 'ROW') return null
  return {
    severity: 'error',
    kind: 'setting',
    text: `binlog_format is ${binlogFormat} on ${where}, it must be ROW`,
    advice: "run SET GLOBAL binlog_format = 'ROW', set it in the configuration too, and reconnect all clients",
    cureSql: "SET GLOBAL binlog_format = 'ROW'",
    cureConfig: 'binlog_format=ROW',
  }
}

/** From 5.7.6 on the mode is changed step by step while the server runs (MySQL manual, "Changing GTID Mode Online"). */
function gtids(server: ServerCapabilities): Finding | null {
  const { hasGtids, gtidMode, where, version } = server
  if (hasGtids) return null
  const modes = ['OFF', 'OFF_PERMISSIVE', 'ON_PERMISSIVE', 'ON']
  const steps = modes.slice(modes.indexOf(gtidMode) + 1).map((mode) => `SET GLOBAL gtid_mode = ${mode}`)
  const isOnline = isVendorAtLeast(version, 'mysql', [5, 7, 6])
  return {
    severity: 'warning',
    kind: 'setting',
    text:
      `gtid_mode is ${gtidMode || 'OFF'} on ${where}: a job can't follow another server of the same history when this one ` +
      'is lost, and the copy locks each table for milliseconds',
    advice: isOnline
      ? 'switch gtid_mode to ON step by step, each step on all servers of its topology before the next one'
      : 'write gtid_mode into the configuration and restart the server',
    cureSql: isOnline ? ['SET GLOBAL enforce_gtid_consistency = ON', ...steps].join(';\n') : null,
    cureConfig: `gtid_mode=ON\nenforce_gtid_consistency=ON${isOnline ? '' : '\nlog_bin=binlog\nlog_slave_updates=ON'}`,
  }
}

function rowImage({ binlogRowImage, where }: ServerCapabilities): Finding | null {
  if (binlogRowImage.toUpperCase().startsWith('FULL')) return null
  return {
    severity: 'warning',
    kind: 'setting',
    text: `binlog_row_image is ${binlogRowImage} on ${where}: rows of which only parts are logged during the copy are read a second time`,
    advice: "run SET GLOBAL binlog_row_image = 'FULL', set it in the configuration too, and reconnect all clients",
    cureSql: "SET GLOBAL binlog_row_image = 'FULL'",
    cureConfig: 'binlog_row_image=FULL',
  }
}

/** A log that is gone before it was read makes a full copy necessary. */
function retention({ variables, where }: ServerCapabilities): Finding | null {
  const byDays = Number(variables.get('expire_logs_days') ?? 0) * 86_400
  const hasSeconds = variables.has('binlog_expire_logs_seconds')
  const seconds = Number(variables.get('binlog_expire_logs_seconds') ?? 0) || byDays
  if (seconds === 0 || seconds >= shortestRetentionSeconds) return null
  const name = hasSeconds ? 'binlog_expire_logs_seconds' : 'expire_logs_days'
  const value = hasSeconds ? goodRetentionSeconds : goodRetentionSeconds / 86_400
  return {
    severity: 'warning',
    kind: 'setting',
    text: `${where} keeps its binary logs for ${Math.round(seconds / 60)} minutes only: a job that rests longer has to copy everything again`,
    advice: `run SET GLOBAL ${name} = ${value}, and set it in the configuration too`,
    cureSql: `SET GLOBAL ${name} = ${value}`,
    cureConfig: `${name}=${value}`,
  }
}
