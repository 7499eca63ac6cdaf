/**
 * The walls between the folders of src/, the one around web/, and whether the check that keeps them still sees anything:
 * it runs a second time on a small tree with planted violations, each of which must be reported.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tryCommand } from '../setup/command.ts'
import { projectRoot, withScratchDir } from '../setup/project.ts'
import { type Outcome, oneFailed, onePassed } from './outcome.ts'
import { runShown } from './shown-command.ts'

const cruiser = join(projectRoot, 'node_modules/.bin/depcruise')

const folders = ['src', 'web/src']

const planted: Readonly<Record<string, string>> = {
  'src/core/planted.ts': "import '../model/planted.ts'\n",
  'src/model/planted.ts': 'export const nothing = 0\n',
  'src/http/dkron/planted.ts': "import '../udup/planted.ts'\n",
  'src/http/udup/planted.ts': "import 'mysql2/promise'\n",
  'src/schedule/planted.ts': "import '@nats-io/jetstream'\n",
  'src/agent/planted.ts': "import '../../web/src/planted.ts'\n",
  'web/src/planted.ts': "import '../../src/core/planted.ts'\n",
  'src/cluster/one.ts': "import './two.ts'\n",
  'src/cluster/two.ts': "import './one.ts'\n",
}

const mustBeReported = [
  'page-and-agent-apart: src/',
  'page-and-agent-apart: web/',
  'walls-of-core',
  'walls-of-http-dkron',
  'mysql2-only-in-mysql-and-binlog',
  'nats-only-in-engine',
  'no-cycles',
]

/** Checks the real tree, then the planted one. */
export async function wallsGate(limitMs: number): Promise<Outcome> {
  const status = await runShown(cruiser, folders, limitMs)
  if (status !== 0) return oneFailed('walls: an import crosses a wall, see above')
  const unseen = await unseenViolations()
  return unseen.length === 0 ? onePassed : oneFailed(`walls: planted violations not caught: ${unseen.join(', ')}`)
}

async function unseenViolations(): Promise<readonly string[]> {
  // Inside the project, so that packages are found in its node_modules.
  return withScratchDir(async (folder) => {
    for (const [path, text] of Object.entries(planted)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    const config = join(projectRoot, '.dependency-cruiser.cjs')
    const { stdout } = await tryCommand(cruiser, ['--config', config, ...folders], { cwd: folder })
    return mustBeReported.filter((rule) => !stdout.includes(rule))
  })
}
