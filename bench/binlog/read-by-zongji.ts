/** The same log through the npm reader `@vlasky/zongji`, which makes an object of every row. */
import ZongJi from '@vlasky/zongji'
import type { TestServer } from '../../test/harness/mysql-servers.ts'

export interface ReadByZongji {
  readonly rows: number
  readonly sum: number
  readonly seconds: number
  readonly cpuSeconds: number
}

const rowEvents = new Set(['writerows', 'updaterows'])
let lastServerId = 70_000

/** @param rows how many the log has @throws Error what the reader reports */
export async function readByZongji({ host, port, user, password }: TestServer, rows: number): Promise<ReadByZongji> {
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const zongji = new ZongJi({ host, port, user, password, dateStrings: true })
  const totals = { rows: 0, sum: 0 }
  try {
    await new Promise<void>((resolve, reject) => {
      zongji.on('error', reject)
      zongji.on('binlog', (event) => {
        if (!rowEvents.has(event.getEventName())) return
        add(totals, (event as unknown as { readonly rows: readonly unknown[] }).rows)
        if (totals.rows >= rows) resolve()
      })
      lastServerId += 1
      zongji.start({
        serverId: lastServerId,
        includeEvents: ['tablemap', 'writerows', 'updaterows', 'deleterows'],
        includeSchema: { d: ['t'] },
      })
    })
  } finally {
    zongji.stop()
  }
  const { user: userUs, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - startedMs) / 1_000
  return { ...totals, seconds, cpuSeconds: (userUs + system) / 1e6 }
}

function add(totals: { rows: number; sum: number }, rows: readonly unknown[]): void {
  for (const row of rows) {
    const after = (row as { readonly after?: unknown }).after ?? row
    totals.rows += 1
    totals.sum += (after as { readonly id: number }).id
  }
}
