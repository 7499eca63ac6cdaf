/** What every stream of server-sent events is answered with; a proxy that gathers answers is asked not to. */
export const streamHeaders = {
  'content-type': 'text/event-stream; charset=UTF-8',
  'x-accel-buffering': 'no',
} as const
