/** Every answer that said "stored" is still true: jobs that were created, changed or deleted, and orders to run one. */
import type { Facts } from './facts.ts'

export function checkStored(facts: Facts): readonly string[] {
  return [...checkLedger(facts), ...checkOrders(facts)]
}

function checkLedger({ ledger, views }: Facts): readonly string[] {
  return ledger.flatMap(({ name, allowed }) =>
    views.flatMap(({ nodeName, versions }) => {
      const found = versions.get(name) ?? null
      if (allowed.includes(found)) return []
      const wanted = allowed.map((version) => version ?? 'no such job').join(' or ')
      return [`${name} is ${found ?? 'not there'} at ${nodeName}, instead of ${wanted}`]
    }),
  )
}

function checkOrders({ runNow, jobs }: Facts): readonly string[] {
  return runNow.flatMap(({ jobName, confirmed, unclear }) => {
    const executions = jobs.find(({ plan }) => plan.name === jobName)?.executions ?? []
    const orders = new Set(executions.map(({ id }) => id.split('-')[0])).size
    if (orders >= confirmed && orders <= confirmed + unclear) return []
    return [`${jobName} has records of ${orders} orders; ${confirmed} were confirmed, ${unclear} are unclear`]
  })
}
