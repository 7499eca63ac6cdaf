/** What needs a look, or that nothing does. */
import { useState } from 'preact/hooks'
import { Link } from 'wouter-preact'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { sentence } from '../../ui/sentence.ts'
import { Skeleton } from '../../ui/states.tsx'
import { TimeText } from '../../ui/time-text.tsx'
import { type AttentionSources, type Matter, mattersOf } from './attention.ts'

const shownAtFirst = 6

export function AttentionCard(sources: AttentionSources) {
  const [isWhole, setIsWhole] = useState(false)
  if (sources.cluster === undefined)
    return (
      <Card title="Needs attention">
        <Skeleton lines={2} />
      </Card>
    )
  const matters = mattersOf(sources)
  const urgent = matters.filter(({ tone }) => tone !== 'note').length
  const shown = isWhole ? matters : matters.slice(0, shownAtFirst)
  return (
    <Card title="Needs attention" note={urgent === 0 ? undefined : String(urgent)} isFlush class="attention">
      {urgent === 0 && (
        <p class="attention-well">
          <Icon name="check" /> Nothing needs your attention.
        </p>
      )}
      <ul>
        {shown.map((matter) => (
          <MatterLine key={matter.key} matter={matter} />
        ))}
      </ul>
      {matters.length > shown.length && (
        <Button kind="quiet" class="attention-more" onClick={() => setIsWhole(true)}>
          Show {matters.length - shown.length} more
        </Button>
      )}
    </Card>
  )
}

function MatterLine({ matter }: { readonly matter: Matter }) {
  const { tone, subject, href, text, at } = matter
  return (
    <li class={`matter is-${tone}`}>
      <Icon name={tone} />
      <p>
        {subject !== '' && (
          <>
            <Link href={href} class="matter-subject">
              {subject}
            </Link>{' '}
          </>
        )}
        {subject === '' ? sentence(text) : text}
      </p>
      {at !== null && <TimeText at={at} />}
    </li>
  )
}
