/**
 * A member as both documents describe it: Serf's shape (`Member` in hashicorp/serf, serf/serf.go), of which the
 * original programs answered the Go struct as it is.
 */
import type { Member, MemberStatus } from '../../model/member.ts'
import { memberTags } from '../../model/member-tags.ts'

export interface MemberJson {
  readonly Name: string
  readonly Addr: string
  readonly Port: number
  readonly Tags: Readonly<Record<string, string>>
  readonly Status: number
  readonly ProtocolMin: number
  readonly ProtocolMax: number
  readonly ProtocolCur: number
  readonly DelegateMin: number
  readonly DelegateMax: number
  readonly DelegateCur: number
}

const statusNumbers: Readonly<Record<MemberStatus, number>> = { alive: 1, leaving: 2, left: 3, failed: 4 }

// What a Serf of that time reported of itself (memberlist protocol 1 to 4, spoken 2; Serf's own 2 to 4, spoken 4).
const protocol = { ProtocolMin: 1, ProtocolMax: 4, ProtocolCur: 2, DelegateMin: 2, DelegateMax: 4, DelegateCur: 4 }

/** `Port` is the one the cluster talks through, as Serf's was. */
export function memberJson(member: Member): MemberJson {
  return {
    Name: member.nodeName,
    Addr: member.address,
    Port: member.natsPort,
    Tags: memberTags(member),
    Status: statusNumbers[member.status],
    ...protocol,
  }
}
