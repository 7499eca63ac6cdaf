/**
 * The HTTP server that each API is registered on: what every answer has in common, and nothing of any one API.
 *
 * Easy to get wrong: handlers get the body as bytes and read it with `jsonBody`, because a route that needs no body
 * must not fail on one; and they answer with `answer`, because only that knows `pretty`.
 */
import type { Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { UnavailableError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import { type AccessTokens, assertAuthorized } from './access-guard.ts'
import { discardBody } from './discard-body.ts'
import { BodyTooLargeError, MalformedRequestError, MethodNotAllowedError, UnknownPathError } from './errors.ts'
import { type HostGuardOptions, hostGuard } from './host-guard.ts'
import { answerError, headerSafe } from './json-answer.ts'
import { problem, statusOf } from './problem.ts'
import { RouteTable } from './route-table.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Holds no data and changes nothing: served without a token, and to whoever follows a link to it. */
    readonly isOpen?: boolean
  }
}

export interface ApiOptions {
  /** Told in `X-Whom` of every answer. */
  readonly nodeName: string
  readonly guard: HostGuardOptions
  /** Callers must show one of these; without it everybody who reaches the API may use it. */
  readonly tokens?: AccessTokens | undefined
  readonly log: Log
  /** Longest body, 1 MB unless told. */
  readonly bodyLimitBytes?: number
}

const defaultBodyLimitBytes = 1_048_576
/** A client that takes longer to send its request is cut off. */
const requestTimeoutMs = 60_000

/**
 * An app without routes. Register them with plain functions that take the app, then `listen`.
 *
 * `close` lets running requests end; a request on an open connection then gets 503.
 */
export function createApi(options: ApiOptions): FastifyInstance {
  const bodyLimit = options.bodyLimitBytes ?? defaultBodyLimitBytes
  const app = fastify({
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 10_000 },
    frameworkErrors: (error, request, reply) =>
      fail(options.log, bodyLimit, withAccessFirst(error, request, options), request, reply),
    clientErrorHandler: (error, socket) => refuse(error, socket, options.nodeName),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  app.setErrorHandler((error, request, reply) => fail(options.log, bodyLimit, error, request, reply))
  addCommonHooks(app, options)
  answerUnknownPaths(app)
  return app
}

function addCommonHooks(app: FastifyInstance, { nodeName, guard, tokens, log }: ApiOptions): void {
  const whom = headerSafe(nodeName)
  const assertOurs = hostGuard(guard)
  let isClosing = false
  app.addHook('preClose', async () => {
    isClosing = true
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ 'x-whom': whom, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    const { isOpen = false } = request.routeOptions.config
    if (tokens !== undefined && !isOpen) assertAuthorized(request.headers.authorization, tokens)
    if (isClosing) throw new UnavailableError('this node is shutting down, ask another one')
    // A link on another site may lead to what is open; it must still be asked for by a name of ours.
    assertOurs(isOpen ? { host: request.headers.host } : request.headers, tokens !== undefined)
    // The framework refuses a Content-Type that it cannot parse; here every body is JSON, whatever it is called.
    if (request.raw.headers['content-type'] !== undefined) request.raw.headers['content-type'] = 'application/json'
  })
  app.addHook('onResponse', async (request, reply) => {
    const facts = { method: request.method, path: pathOf(request), status: reply.statusCode }
    log.debug({ ...facts, durationMs: Math.round(reply.elapsedTime) }, 'request answered')
  })
}

function answerUnknownPaths(app: FastifyInstance): void {
  const routes = new RouteTable()
  app.addHook('onRoute', ({ url, method }) => routes.add(url, [method].flat()))
  app.setNotFoundHandler((request) => {
    const path = pathOf(request)
    const allowed = routes.methodsOf(path)
    if (allowed.length > 0) throw new MethodNotAllowedError(request.method, path, allowed)
    throw new UnknownPathError(`there is no ${path} here`)
  })
}

async function fail(
  log: Log,
  limitBytes: number,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const error = ownError(thrown, limitBytes)
  if (statusOf(error) === 500)
    log.error({ err: thrown, requestId: request.id, method: request.method, path: pathOf(request) }, 'request failed')
  if (error instanceof BodyTooLargeError) await discardBody(request.raw)
  return answerError(request, reply, error)
}

/** The hooks do not see a request that the framework refuses; who may not call learns nothing from that either. */
function withAccessFirst(error: unknown, request: FastifyRequest, { tokens }: ApiOptions): unknown {
  try {
    if (tokens !== undefined) assertAuthorized(request.headers.authorization, tokens)
    return error
  } catch (refusal) {
    return refusal
  }
}

/** What the framework refuses by itself, in our classes; anything else stays as it is. */
function ownError(error: unknown, limitBytes: number): unknown {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return new BodyTooLargeError(limitBytes)
  if (typeof code === 'string' && code.startsWith('FST_ERR') && statusCode === 404)
    return new UnknownPathError('there is no such path here')
  if (typeof code === 'string' && code.startsWith('FST_ERR') && isRefusal(statusCode))
    return new MalformedRequestError('the request is not valid HTTP, check its target, headers and length')
  return error
}

function isRefusal(status: unknown): boolean {
  return typeof status === 'number' && status >= 400 && status < 500
}

function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? ''
}

/** Answers what never became a request; there is no framework around it. */
function refuse(error: NodeJS.ErrnoException, socket: Socket, nodeName: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = refusalStatus(error.code)
  const refusal = problem(status, 'HTTP_MALFORMED_REQUEST', 'the request is not valid HTTP or came too slowly')
  const body = JSON.stringify(refusal)
  socket.end(
    `HTTP/1.1 ${status} ${refusal.title}\r\nX-Whom: ${headerSafe(nodeName)}\r\nConnection: close\r\n` +
      `Content-Type: application/problem+json; charset=UTF-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}

function refusalStatus(code: string | undefined): number {
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
}
