/** Everything that must hold after a run. */
import { checkCluster } from './check-cluster.ts'
import { checkFires } from './check-fires.ts'
import { checkStarts } from './check-starts.ts'
import { checkStored } from './check-stored.ts'
import type { Facts } from './facts.ts'

/** @returns what is wrong, one line each; nothing when all is well */
export function violationsIn(facts: Facts): readonly string[] {
  return [checkCluster, checkStored, checkStarts, checkFires].flatMap((check) => check(facts))
}
