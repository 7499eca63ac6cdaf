/**
 * What the harness asks inside a page; browser.ts puts it there before the page's own scripts.
 *
 * Plain JavaScript, for the project's TypeScript knows no document: the agent must not either.
 */
let shift = 0
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value
}).observe({ type: 'layout-shift', buffered: true })

globalThis.probe = {
  /** Cumulative layout shift since the page was loaded, save what a key or a click has caused. */
  layoutShift() {
    return shift
  },

  /** By how many pixels the page is wider than its window, and what sticks out. */
  sidewaysOverflow() {
    const root = document.documentElement
    const pixels = root.scrollWidth - root.clientWidth
    if (pixels <= 0) return { pixels: 0, by: [] }
    const sticksOut = (element) => element.getBoundingClientRect().right > root.clientWidth + 1
    const wide = [...document.body.querySelectorAll('*')].filter(sticksOut)
    return { pixels, by: wide.slice(0, 8).map((element) => element.outerHTML.slice(0, 120)) }
  },

  /** What has the keyboard's focus, as `role "name"`, and whether a person can see that it has. */
  focus() {
    const element = document.activeElement
    if (element === null || element === document.body) return { what: 'nothing', isVisible: false }
    const described = document.getElementById(element.getAttribute('aria-labelledby') ?? '')?.textContent
    const label = element.getAttribute('aria-label') ?? described ?? element.labels?.[0]?.textContent
    const name = (label ?? element.textContent ?? '').trim().replace(/\s+/g, ' ').slice(0, 80)
    const role = element.getAttribute('role') ?? (element.tagName === 'A' ? 'link' : element.tagName.toLowerCase())
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    const isMarked = (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none'
    return { what: `${role} "${name}"`, isVisible: isMarked && box.width > 1 && box.height > 1 && box.bottom > 0 }
  },

  isLoaded() {
    return document.querySelector('h1') !== null && document.querySelector('.skeleton, [aria-busy=true]') === null
  },

  /** Runs axe, which must be there, on all or on what a selector finds. */
  accessibility(selector) {
    return globalThis.axe.run(selector ?? document, { resultTypes: ['violations'] })
  },

  whatIsSeen() {
    return `${location.href}\n\n${document.body.innerText}`
  },
}
