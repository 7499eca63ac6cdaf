/** What matters of a storage engine. */

const transactional = new Set(['innodb', 'rocksdb', 'tokudb'])

/** True for engines that know transactions and snapshots. */
export function isTransactionalEngine(engine: string): boolean {
  return transactional.has(engine.toLowerCase())
}
