/** How far the source has been read and the target written. */
import { Card } from '../../../ui/card.tsx'
import { Code } from '../../../ui/code.tsx'
import { shownPosition } from '../figures/position-text.ts'
import type { OpsJobDetails } from '../wire.ts'

export function JobPositions({ job: { tasks } }: { readonly job: OpsJobDetails }) {
  return (
    <Card title="Positions">
      <div class="rj-positions">
        <PositionText title="Source, read up to" position={tasks.source.position} />
        <PositionText title="Target, committed up to" position={tasks.target.position} />
      </div>
    </Card>
  )
}

function PositionText({ title, position }: { readonly title: string; readonly position: string }) {
  const { gtids, place, parts } = shownPosition(position)
  return (
    <div class="rj-position">
      <h3>{title}</h3>
      {position === '' && <p class="rj-soft">Not known yet.</p>}
      {gtids !== '' && <Code text={gtids} isBlock canCopy />}
      {position !== '' && gtids === '' && <p class="rj-soft">This server writes no GTIDs.</p>}
      {(parts.length > 0 || place !== '') && (
        <dl class="rj-facts">
          {parts.map(({ name, upTo }) => (
            <PositionFact key={name} name={name} value={`up to ${upTo}`} />
          ))}
          {place !== '' && <PositionFact name="place in the log" value={place} />}
        </dl>
      )}
    </div>
  )
}

function PositionFact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  )
}
