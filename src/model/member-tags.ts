/** The tags a member is known by: what a job's tags are matched with, and what the member lists show. */
import type { Member } from './member.ts'

/** The version of the API that clients of the original look for. */
const dkronVersion = '0.7.2'

/** The node's own tags, and those that every member carries, which win. */
export function memberTags(member: Pick<Member, 'tags' | 'version'>): Readonly<Record<string, string>> {
  return { ...member.tags, dkron_server: 'true', dkron_version: dkronVersion, millrace_version: member.version }
}
