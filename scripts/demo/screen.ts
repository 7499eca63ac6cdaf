/** What the demonstration prints: steps, the requests as they can be pasted, and one line that is drawn again. */

const isTerminal = process.stdout.isTTY === true
let hasOpenLine = false

export function say(text = ''): void {
  closeLine()
  console.log(text)
}

export function step(title: string): void {
  say(`\n== ${title}`)
}

/** On a terminal drawn over itself, elsewhere printed as a line of its own. */
export function progress(text: string): void {
  if (!isTerminal) {
    say(`   ${text}`)
    return
  }
  process.stdout.write(`\r\u001b[K   ${text}`)
  hasOpenLine = true
}

function closeLine(): void {
  if (!hasOpenLine) return
  process.stdout.write('\n')
  hasOpenLine = false
}

/** Prints a request as a curl line that can be pasted, sends it, and gives the answer. */
export async function request(method: string, url: string, body?: unknown): Promise<unknown> {
  const data = body === undefined ? '' : ` -d '${JSON.stringify(body).replaceAll("'", "'\\''")}'`
  const verb = method === 'GET' ? '' : ` -X ${method}`
  say(`$ curl -s${verb} '${url}'${data}`)
  return await quietRequest(method, url, body)
}

/** @throws Error with the agent's own words when it does not answer 2xx */
export async function quietRequest(method: string, url: string, body?: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}

export function bar(done: number, total: number, width = 28): string {
  const share = total <= 0 ? 0 : Math.min(1, done / total)
  const filled = Math.round(share * width)
  return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${(share * 100).toFixed(0).padStart(3)} %`
}
