/** The two jobs of the demonstration, as the two APIs take them. */
import type { TestServer } from '../../test/harness/mysql-servers.ts'

export const scheduledJob = {
  name: 'tick',
  schedule: '*/2 * * * * *',
  command: 'echo "the wheel turns at $(date +%T)"',
  shell: true,
  owner: 'demo',
}

/** The Udup document's own example with other addresses. */
export function replicationJob(source: TestServer, target: TestServer, schema: string): object {
  return {
    Name: 'shop',
    Type: 'synchronous',
    Tasks: [
      {
        Type: 'Src',
        Driver: 'MySQL',
        Config: {
          Gtid: '',
          ParallelWorkers: 4,
          ReplicateDoDb: [{ TableSchema: schema }],
          ConnectionConfig: connection(source),
        },
      },
      { Type: 'Dest', Driver: 'MySQL', Config: { ParallelWorkers: 4, ConnectionConfig: connection(target) } },
    ],
  }
}

function connection(server: TestServer): object {
  return { Key: { Host: server.host, Port: server.port }, User: server.user, Password: server.password }
}
