/** What a task process is told of NATS and logging; opaque to everybody between. */
import type { NatsAccess } from './nats-access.ts'

export interface TaskNats {
  readonly access: NatsAccess
  readonly streamLimitBytes: number
  readonly logLevel: string
}
