/** What stands around every page: where one is, where one can go, and whether what is seen is live. */
import type { ComponentChildren } from 'preact'
import { Link, useLocation } from 'wouter-preact'
import { askedNode, connection, lostBecause } from '../api/events.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { sentence } from '../ui/sentence.ts'
import { ThemeSwitch } from './theme-switch.tsx'
import { Wordmark } from './wordmark.tsx'

const places: readonly { readonly path: string; readonly title: string; readonly icon: IconName }[] = [
  { path: '/', title: 'Overview', icon: 'overview' },
  { path: '/jobs', title: 'Scheduled', icon: 'clock' },
  { path: '/replications', title: 'Replication', icon: 'replicate' },
  { path: '/cluster', title: 'Cluster', icon: 'cluster' },
]

export function Frame({ children }: { readonly children: ComponentChildren }) {
  return (
    <div class="frame">
      <a class="skip-link" href="#contents">
        Skip to contents
      </a>
      <header class="rail">
        <Wordmark />
        <Navigation />
        <div class="rail-foot">
          <Liveness />
          <ThemeSwitch />
        </div>
      </header>
      <main class="contents" id="contents" tabIndex={-1}>
        <LostBanner />
        {children}
      </main>
    </div>
  )
}

function Navigation() {
  const [location] = useLocation()
  return (
    <nav class="nav" aria-label="Pages">
      <ul>
        {places.map(({ path, title, icon }) => (
          <li key={path}>
            <Link href={path} class="nav-link" aria-current={isWithin(location, path) ? 'page' : undefined}>
              <Icon name={icon} />
              <span>{title}</span>
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function isWithin(location: string, path: string): boolean {
  return path === '/' ? location === '/' : location === path || location.startsWith(`${path}/`)
}

/** Whether events come, and from which node. */
function Liveness() {
  const state = connection.value
  const node = askedNode.value
  const text = { connecting: 'Connecting', open: 'Live', lost: 'No connection' }[state]
  return (
    <div class={`liveness is-${state}`} title={node === null ? undefined : `Millrace ${node.version}`}>
      <span class="liveness-mark" aria-hidden="true" />
      <span>
        <span class="liveness-state">{text}</span>
        {node !== null && <span class="liveness-node">{node.node_name}</span>}
      </span>
    </div>
  )
}

function LostBanner() {
  const reason = connection.value === 'lost' ? lostBecause.value : null
  return (
    <div role="status">
      {reason !== null && (
        <p class="banner is-warn">
          <Icon name="warn" />
          <span>
            <strong>Not live.</strong> {sentence(reason)} It is tried again by itself.
          </span>
        </p>
      )}
    </div>
  )
}
