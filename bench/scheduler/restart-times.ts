/** How long an agent takes from its start until it answers, and until it leads. */

import { eventually } from '../../test/harness/eventually.ts'
import type { TestAgent } from '../../test/harness/millrace-agent.ts'

export interface StartTimes {
  readonly answersMs: number
  readonly leadsMs: number
}

const leadsWithinMs = 120_000

/** Starts an agent that was stopped or killed before. */
export async function timedStart(agent: TestAgent): Promise<StartTimes> {
  const reignsBefore = reignsOf(agent)
  const startedAt = performance.now()
  await agent.start()
  const answersMs = performance.now() - startedAt
  // Only its log tells a new reign from the one that the killed agent had.
  await eventually(() => reignsOf(agent) > reignsBefore, leadsWithinMs, 'the agent leads')
  return { answersMs, leadsMs: performance.now() - startedAt }
}

function reignsOf(agent: TestAgent): number {
  return agent.log().split('"this node leads"').length - 1
}
