/** Whether the watch over the page sees what it is there for: each problem is planted, and must be found. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openTab, type Tab } from '../harness/browser.ts'
import { accessibilityFindings } from '../harness/browser-checks.ts'
import { eventually } from '../harness/eventually.ts'

test('an exception in the page is a problem', async () => {
  await using tab = await openPlanted('setTimeout(() => { throw new Error("planted") })')
  await found(tab, /^exception: Error: planted/)
})

test('an error on the console is a problem', async () => {
  await using tab = await openPlanted('console.error("planted")')
  await found(tab, /^console: planted/)
})

test('a style that the Content-Security-Policy forbids is a problem', async () => {
  await using tab = await openPlanted('document.body.innerHTML = `<p style="color: red">red</p>`')
  await found(tab, /^console: .*Content Security Policy/)
})

test('an answer of 400 and more is a problem', async () => {
  await using tab = await openPlanted('fetch("/missing")')
  await found(tab, /^404 for GET http.*\/missing$/)
})

test('a request that gets no answer is a problem', async () => {
  await using tab = await openPlanted('fetch("/cut").catch(() => {})')
  await found(tab, /^failed: GET http.*\/cut: net::/)
})

test('a request to another host is a problem', async () => {
  await using tab = await openPlanted('new Image().src = "http://127.0.0.1:9/picture.png"')
  await found(tab, /^request to another host: http:\/\/127\.0\.0\.1:9\/picture\.png$/)
  tab.allow(/127\.0\.0\.1:9/)
})

test('a field without a label and a text that is too pale are found', async () => {
  await using tab = await openPlanted(`
    document.querySelector('main').innerHTML = '<input><p>pale</p>'
    document.querySelector('p').style.color = '#ccc'`)
  const findings = await accessibilityFindings(tab.page)
  expect(findings.map((finding) => finding.split(' ')[0])).toEqual(['color-contrast', 'label'])
  await expect(tab.expectAccessible()).rejects.toThrow(/findings of axe in light/)
})

test('a page that is wider than its window is found', async () => {
  await using tab = await openPlanted('document.querySelector("main").style.width = "3000px"')
  await expect(tab.expectNoSidewaysScroll()).rejects.toThrow(/sideways overflow/)
})

const policy = "default-src 'none'; script-src 'self'; img-src *; connect-src 'self'"

/** A page that runs `script` and has no agent behind it. */
async function openPlanted(script: string): Promise<Tab> {
  const server = createServer((request, response) => {
    if (request.url === '/cut') return void request.socket.destroy()
    const [status, type, body] =
      request.url === '/'
        ? [
            200,
            'text/html',
            '<!doctype html><html lang="en"><title>t</title><main>x</main><script src="/s.js"></script>',
          ]
        : request.url === '/s.js'
          ? [200, 'text/javascript', script]
          : [404, 'text/plain', '']
    response.writeHead(status, { 'content-type': type, 'content-security-policy': policy }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const tab = await openTab({ dkronUrl: `http://127.0.0.1:${port}` }, '/')
  tab.allow(/favicon/)
  return {
    ...tab,
    get problems() {
      return tab.problems
    },
    async [Symbol.asyncDispose]() {
      await tab[Symbol.asyncDispose]()
      server.closeAllConnections()
      server.close()
    },
  }
}

async function found(tab: Tab, pattern: RegExp): Promise<void> {
  await eventually(() => expect(tab.problems).toContainEqual(expect.stringMatching(pattern)), 10_000)
  tab.allow(pattern)
}
