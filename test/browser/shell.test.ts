/** What every page has in common: how it is served, where one can go, colours, keyboard, phones, and a lost connection. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTab, phone, type Tab } from '../harness/browser.ts'
import { eventually } from '../harness/eventually.ts'
import { startAgent, type TestAgent } from '../harness/millrace-agent.ts'
import { allPages, fillAgent } from './pages.ts'

let agent: TestAgent

beforeAll(async () => {
  agent = await startAgent({ args: ['--node-name', 'mill'] })
  await fillAgent(agent)
})

afterAll(() => agent?.[Symbol.asyncDispose]())

const heading = (tab: Tab) => tab.page.getByRole('heading', { level: 1 })
const navigation = (tab: Tab) => tab.page.getByRole('navigation', { name: 'Pages' })

/** The address without the agent's. */
const place = (tab: Tab) => decodeURIComponent(new URL(tab.page.url()).pathname)

describe('how the page is served', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(agent.dkronUrl + path, { headers, redirect: 'manual' })

  test('a browser that asks for / is led to the page, everybody else is not', async () => {
    const forBrowser = await get('/', { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    expect([forBrowser.status, forBrowser.headers.get('location')]).toEqual([302, '/ui/'])
    expect((await get('/', { accept: 'application/json' })).status).toBe(404)
    expect((await get('/', { accept: '*/*' })).status).toBe(404)
  })

  test('the page may load nothing but its own files, and no other page may frame it', async () => {
    const answer = await get('/ui/')
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
    expect(answer.headers.get('cache-control')).toBe('no-cache')
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    const policy = new Map(
      (answer.headers.get('content-security-policy') ?? '').split(';').map((directive): [string, string] => {
        const [name = '', ...sources] = directive.trim().split(/\s+/)
        return [name, sources.join(' ')]
      }),
    )
    expect(Object.fromEntries(policy)).toEqual({
      'default-src': "'none'",
      'script-src': "'self'",
      'style-src': "'self'",
      'img-src': "'self' data:",
      'font-src': "'self'",
      'connect-src': "'self'",
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
  })

  test('files with a hash in their name are kept for good, and come compressed', async () => {
    const [script] = /\/ui\/assets\/[\w.-]+\.js/.exec(await (await get('/ui/')).text()) ?? []
    const answer = await get(script ?? 'no script in index.html', { 'accept-encoding': 'br' })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toMatch(/max-age=31536000.*immutable/)
    expect(answer.headers.get('content-encoding')).toBe('br')
  })

  test('a file that does not exist is not answered with the page', async () => {
    expect((await get('/ui/assets/gone-12345678.js')).status).toBe(404)
    expect((await get('/ui/..%2f..%2fpackage.json')).status).toBe(404)
  })

  test('the first load is less than 150 kB, and nothing comes from anywhere else', async () => {
    await using tab = await openTab(agent, '/ui/nowhere')
    const sizes = new Map<string, number>()
    const urls = new Map<string, string>()
    tab.cdp.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url))
    tab.cdp.on('Network.loadingFinished', ({ requestId, encodedDataLength }) =>
      sizes.set(urls.get(requestId) ?? requestId, encodedDataLength),
    )
    await tab.cdp.send('Network.enable')
    await tab.cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
    await tab.load('/ui/')
    await eventually(async () => expect(await heading(tab).textContent()).toBe('Overview'), 10_000)
    await tab.page.waitForTimeout(500)
    const files = [...sizes].filter(([url]) => new URL(url).pathname.startsWith('/ui/'))
    expect(files.length).toBeGreaterThanOrEqual(3)
    const total = files.reduce((sum, [, bytes]) => sum + bytes, 0)
    console.log(`first load: ${files.length} files, ${(total / 1_000).toFixed(1)} kB`)
    expect(total).toBeLessThan(150_000)
  })
})

describe('going about', () => {
  test('each link leads to its page, without loading anew, and back and forward do what they always do', async () => {
    await using tab = await openTab(agent, '/ui/')
    await tab.page.evaluate('globalThis.isSamePage = true')
    const seen: string[] = []
    for (const name of ['Scheduled', 'Replication', 'Cluster', 'Overview']) {
      const link = navigation(tab).getByRole('link', { name })
      await link.click()
      await eventually(async () => expect(await link.getAttribute('aria-current')).toBe('page'), 5_000)
      await tab.whenLoaded()
      expect(await tab.page.title()).toBe(`${await heading(tab).textContent()} · Millrace`)
      seen.push(`${place(tab)} ${await heading(tab).textContent()}`)
    }
    expect(seen.map((one) => one.split(' ')[0])).toEqual(['/ui/jobs', '/ui/replications', '/ui/cluster', '/ui/'])
    expect(new Set(seen.map((one) => one.slice(one.indexOf(' ')))).size).toBe(4)
    await tab.page.goBack()
    expect(place(tab)).toBe('/ui/cluster')
    await tab.page.goBack()
    expect(place(tab)).toBe('/ui/replications')
    await tab.page.goForward()
    await eventually(async () => expect(await heading(tab).textContent()).toBe('Cluster'), 5_000)
    expect(await tab.page.evaluate('globalThis.isSamePage')).toBe(true)
  })

  test('an address that does not exist says so, and leads on', async () => {
    await using tab = await openTab(agent, '/ui/nowhere/at/all')
    await tab.page.getByText('This page does not exist').waitFor()
    await tab.page.getByRole('link', { name: 'Go to the overview' }).click()
    await eventually(() => expect(place(tab)).toBe('/ui/'), 5_000)
  })

  test.each(allPages)(
    'the page "%s" can be opened by its address, everybody can use it, and nothing jumps',
    async (name, path) => {
      await using tab = await openTab(agent, path)
      await tab.whenLoaded()
      expect(await heading(tab).count()).toBe(1)
      await tab.expectNoLayoutJump()
      await tab.expectAccessible()
      await tab.shoot(`page ${name}`)
    },
  )
})

describe('colours', () => {
  const background = (tab: Tab) => tab.page.evaluate<string>('getComputedStyle(document.body).backgroundColor')

  test('follow the system until the user chooses, and the choice outlives a reload', async () => {
    await using tab = await openTab(agent, '/ui/cluster')
    await heading(tab).waitFor()
    const light = await background(tab)
    await tab.page.emulateMedia({ colorScheme: 'dark' })
    const dark = await background(tab)
    expect(dark).not.toBe(light)
    await tab.page.getByRole('radio', { name: 'Light' }).check({ force: true })
    expect(await background(tab)).toBe(light)
    await tab.page.reload()
    expect(await background(tab)).toBe(light)
    await heading(tab).waitFor()
    await tab.page.getByRole('radio', { name: 'As the system' }).check({ force: true })
    expect(await background(tab)).toBe(dark)
  })
})

describe('by keyboard', () => {
  test('the first stop skips to the contents', async () => {
    await using tab = await openTab(agent, '/ui/jobs')
    await heading(tab).waitFor()
    await tab.page.keyboard.press('Tab')
    expect(await tab.focus()).toEqual({ what: 'link "Skip to contents"', isVisible: true })
    await tab.page.keyboard.press('Enter')
    expect(await tab.page.evaluate('document.activeElement.id')).toBe('contents')
  })

  test('the stops come in the order in which one reads, and each of them is seen', async () => {
    await using tab = await openTab(agent, '/ui/cluster')
    await heading(tab).waitFor()
    const stops: string[] = []
    for (let stop = 0; stop < 7; stop += 1) {
      await tab.page.keyboard.press('Tab')
      const { what, isVisible } = await tab.focus()
      stops.push(`${what}${isVisible || what.startsWith('input') ? '' : ' (not seen)'}`)
    }
    expect(stops).toEqual([
      'link "Skip to contents"',
      'link "Millrace, to the overview"',
      'link "Overview"',
      'link "Scheduled"',
      'link "Replication"',
      'link "Cluster"',
      'input "As the system"',
    ])
  })

  test('a page that was reached by a link takes the focus to its heading', async () => {
    await using tab = await openTab(agent, '/ui/')
    await heading(tab).waitFor()
    const link = navigation(tab).getByRole('link', { name: 'Cluster' })
    await link.focus()
    await tab.page.keyboard.press('Enter')
    await eventually(async () => expect((await tab.focus()).what).toBe('h1 "Cluster"'), 5_000)
  })
})

describe('on a phone', () => {
  test.each(allPages)('the page "%s" needs no scrolling sideways', async (name, path) => {
    await using tab = await openTab(agent, path, phone)
    await tab.whenLoaded()
    await tab.expectNoSidewaysScroll()
    await tab.expectNoLayoutJump()
    await tab.shoot(`phone ${name}`)
  })

  test('all pages can be reached', async () => {
    await using tab = await openTab(agent, '/ui/', phone)
    for (const name of ['Scheduled', 'Replication', 'Cluster', 'Overview']) {
      const link = navigation(tab).getByRole('link', { name })
      await link.tap()
      await eventually(async () => expect(await link.getAttribute('aria-current')).toBe('page'), 5_000)
    }
  })
})
