/** What a copy would find on both servers, before anything is changed. */
import type { CopyLook, CopyPlan, LookedTable, ServerLook } from '../../cli/copy/ports.ts'
import { systemClock } from '../../core/clock.ts'
import type { TaskRole } from '../../model/replication-job.ts'
import { createFilter } from '../../replication/filter.ts'
import type { CheckRequest, ConnectionCheck } from '../../replication/preflight/check-result.ts'
import { checkConnection, failureOf } from '../../replication/preflight/connection-check.ts'
import { lookForOneServer } from '../../replication/preflight/one-server-look.ts'

const withinMs = 20_000

export async function lookAtBoth(plan: CopyPlan): Promise<CopyLook> {
  const { include, exclude } = plan
  const check = (role: TaskRole) => {
    const request: CheckRequest = {
      ...{ role, include, exclude, skipsCreation: false },
      server: role === 'source' ? plan.from : plan.to,
    }
    return checkConnection(request, { clock: systemClock, withinMs })
  }
  const [source, target] = await Promise.all([check('source'), check('target')])
  const from = shown(source, plan.from)
  const to = shown(target, plan.to)
  return {
    from,
    to: from.failure === null && to.failure === null ? await withIdentity(plan, from, to) : to,
    tables: tablesOf(plan, source, target),
    hasAllTables: source.hasAllTables,
  }
}

function shown({ vendor, version, failure, findings }: ConnectionCheck, { host, port }: CopyPlan['from']): ServerLook {
  return { where: `${host}:${port}`, vendor, version, failure: failure?.text ?? null, findings }
}

/** The target, which must not be the source by another name: the copy would empty what it reads. */
async function withIdentity({ from: source, to: target }: CopyPlan, from: ServerLook, to: ServerLook) {
  try {
    if (!(await lookForOneServer(source, target, withinMs))) return to
    const finding = {
      severity: 'error',
      text: `--to ${to.where} is the server of --from ${from.where} under another name`,
      advice: 'a server cannot be copied into itself: name another server',
      ...{ cureSql: null, cureConfig: null },
    } as const
    return { ...to, findings: [finding, ...to.findings] }
  } catch (error) {
    return { ...to, failure: failureOf(error).text }
  }
}

function tablesOf(plan: CopyPlan, source: ConnectionCheck, target: ConnectionCheck): readonly LookedTable[] {
  const isFolded = [source, target].some(({ settings }) => Number(settings.lower_case_table_names ?? 0) !== 0)
  const filter = createFilter({ ...plan, lowerCaseTableNames: isFolded ? 1 : 0 })
  const nameOf = (schema: string, name: string) => {
    const text = `${schema}\0${name}`
    return isFolded ? text.toLowerCase() : text
  }
  const atTarget = new Map(
    target.schemas.flatMap(({ name: schema, tables }) =>
      tables.map(({ name, rowsEstimate }) => [nameOf(schema, name), rowsEstimate] as const),
    ),
  )
  return source.schemas.flatMap(({ name: schema, tables }) =>
    tables
      .filter(({ name }) => filter.includesTable(schema, name))
      .map(({ name, kind, rowsEstimate, bytes, hasKey }) => ({
        ...{ schema, name, kind, rows: rowsEstimate, bytes, hasKey },
        rowsAtTarget: atTarget.get(nameOf(schema, name)) ?? null,
      })),
  )
}
