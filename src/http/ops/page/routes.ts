/**
 * The page at `/ui/`, and the way there from `/` for browsers. It holds no data, so it needs no token: what it shows it asks
 * for as every client does.
 *
 * Easy to get wrong: every address below `/ui/` that is no file is a place inside the page, which a reload must find again;
 * names of jobs may have dots, so a dot alone makes no file of it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { UnknownPathError } from '../../shared/errors.ts'
import { acceptedEncoding } from './accepted-encoding.ts'
import type { PageFile, PageFiles } from './page-files.ts'

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const securityHeaders = {
  'content-security-policy': contentSecurityPolicy,
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'x-frame-options': 'DENY',
}

const notBuilt =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Millrace</title>' +
  '<h1>The page is not built</h1><p>This agent runs without its page. Build it with <code>npm run build:web</code> ' +
  'and reload; the command line and the APIs work without it.</p></html>\n'

const open = { config: { isOpen: true } } as const

/** Registers `/`, `/ui` and `/ui/*`. `app` comes from `createApi`. */
export function registerPage(app: FastifyInstance, files: PageFiles): void {
  app.get('/', open, async (request, reply) => {
    if (!takesHtml(request)) throw new UnknownPathError('there is no / here')
    return reply.header('vary', 'accept').redirect('/ui/', 302)
  })
  app.get('/ui', open, async (request, reply) => sendIndex(request, reply, files))
  app.get<{ Params: { '*': string } }>('/ui/*', open, async (request, reply) => {
    const name = request.params['*']
    const file = await files.find(name)
    if (file !== null) return sendFile(request, reply, file)
    if (isFileName(name) && !takesHtml(request)) throw new UnknownPathError('the page has no such file')
    return sendIndex(request, reply, files)
  })
}

async function sendIndex(request: FastifyRequest, reply: FastifyReply, files: PageFiles): Promise<FastifyReply> {
  const index = await files.index()
  if (index !== null) return sendFile(request, reply, index)
  return reply
    .code(503)
    .headers({ ...securityHeaders, 'content-type': 'text/html; charset=utf-8' })
    .send(notBuilt)
}

async function sendFile(request: FastifyRequest, reply: FastifyReply, file: PageFile): Promise<FastifyReply> {
  const encoding = acceptedEncoding(headerText(request.headers['accept-encoding']), file.encodings)
  const { bytes, etag } = await file.read(encoding)
  reply.headers({
    ...securityHeaders,
    'cache-control': file.isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    etag,
    vary: 'accept-encoding',
  })
  if (isKnown(request.headers['if-none-match'], etag)) return reply.code(304).send()
  if (encoding !== null) reply.header('content-encoding', encoding)
  return reply.header('content-type', file.type).send(bytes)
}

function isKnown(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((known) => known.trim().replace(/^W\//, '') === etag) === true
}

function takesHtml(request: FastifyRequest): boolean {
  return request.headers.accept?.includes('text/html') === true
}

function isFileName(name: string): boolean {
  return name.startsWith('assets/') || /\.[a-z0-9]+$/i.test(name)
}

function headerText(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' || header === undefined ? header : header.join(',')
}
