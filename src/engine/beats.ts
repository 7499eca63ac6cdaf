/**
 * What every node tells all others again and again: over core NATS, stored nowhere. Implements `BeatChannel` of
 * cluster/ports.ts.
 *
 * Easy to get wrong: the client keeps what is published while it is not connected and sends it later, when it is not
 * true any more; so nothing is published then.
 */
import { UnavailableError } from '../core/errors.ts'
import type { Connection } from './connection.ts'

const subject = 'cluster.beat'

export interface Beats<Beat> {
  send(beat: Beat): void
  flush(): Promise<void>
  listen(hear: (beat: Beat) => void, signal: AbortSignal): void
  onReturn(listener: () => void, signal: AbortSignal): void
}

export function openBeats<Beat>(connection: Connection): Beats<Beat> {
  return {
    /** Those who listen now hear it, the sender too. @throws UnavailableError while not connected */
    send(beat) {
      if (!connection.isConnected) throw new UnavailableError('a heartbeat cannot be sent: NATS is not connected')
      connection.nats.publish(subject, JSON.stringify(beat))
    },
    /** Resolves when the server has what was sent. @throws UnavailableError */
    flush: () => connection.call('heartbeats cannot be sent', () => connection.nats.flush()),
    /** Goes on after reconnects, until `signal` aborts. */
    listen(hear, signal) {
      if (signal.aborted) return
      const subscription = connection.nats.subscribe(subject, {
        callback: (error, message) => {
          if (error !== null) return
          const beat = parse(message.data)
          if (beat !== null) hear(beat as Beat)
        },
      })
      signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true })
    },
    onReturn(listener, signal) {
      if (signal.aborted) return
      const stop = connection.onChange((isConnected) => {
        if (isConnected) listener()
      })
      signal.addEventListener('abort', stop, { once: true })
    },
  }
}

/** One agent of another version must not silence the others: what cannot be read was not heard. */
function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.length).toString('utf8'))
  } catch {
    return null
  }
}
