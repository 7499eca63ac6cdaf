/**
 * Chromium's headless shell from Debian 12, with its libraries and fonts, for the tests of the page.
 *
 * Easy to get wrong: Chromium starts itself again for each of its processes, by the name of the running file. Under a
 * loader of its own, as the database servers run, that name would be the loader's. So it runs on the machine's own C
 * library, which is as old as Debian 12's or newer, and finds all else by LD_LIBRARY_PATH.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from './command.ts'
import { SetupError } from './failure.ts'
import { exists, installFolder, type SetupStep } from './installation.ts'
import { cacheDir } from './project.ts'
import { versionIn } from './version.ts'

const folder = join(cacheDir, 'chromium')
const program = 'usr/lib/chromium/chromium-headless-shell'
const packageName = 'chromium-headless-shell'
const fontPackage = 'fonts-inter-variable'

/** The machine's C library, and what only windows, graphics cards and the package's scripts need (half of the bytes). */
const leftOut =
  /^(libc6|gcc-\d+-base|sysvinit-utils|lsb-base|debconf|perl.*|libperl.*|x11-(common|utils)|xdg-utils|libgl(1|x\d|x-mesa\d|1-mesa-dri)|libllvm.*|libz3-4|libicu\d+|libxml2|libsensors.*|libdrm-[a-z]+\d|libx(aw|f86dga|f86vm|ft|inerama|kbfile|mu|muu|pm|t|tst|v)\d|libice6|libsm6)$/

/** Makes texts look alike on every machine: these fonts, and none of the machine's. */
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <alias binding="same"><family>system-ui</family><prefer><family>Inter</family></prefer></alias>
  <alias binding="same"><family>sans-serif</family><prefer><family>Inter</family><family>DejaVu Sans</family></prefer></alias>
  <alias binding="same"><family>monospace</family><prefer><family>DejaVu Sans Mono</family></prefer></alias>
  <alias binding="same"><family>serif</family><prefer><family>DejaVu Serif</family></prefer></alias>
</fontconfig>
`

export interface ChromiumStart {
  readonly command: string
  /** Needed beside the environment of the process. */
  readonly env: Readonly<Record<string, string>>
}

/** How to start the project's own Chromium. @throws SetupError when it was not set up */
export async function findChromium(): Promise<ChromiumStart> {
  if (await exists(join(folder, program))) return startIn(folder)
  throw new SetupError("no Chromium in the project's cache\n  cure: run 'npm run setup -- --browser'")
}

export const chromiumStep: SetupStep = {
  name: 'Chromium',
  async check() {
    return (await exists(join(folder, program))) ? describe(folder) : null
  },
  async install(context) {
    context.say('Chromium: fetching it from Debian 12')
    const suite = await context.suite('bookworm')
    await installFolder(context, folder, async (fresh) => {
      await suite.unpackWithDependencies(packageName, fresh, leftOut)
      await suite.unpackOne(fontPackage, fresh)
      await writeFile(join(fresh, 'fonts.conf'), fontConfiguration)
      await describe(fresh)
    })
    return describe(folder)
  },
}

function startIn(root: string): ChromiumStart {
  const libraryDirs = ['usr/lib', 'lib'].flatMap((dir) => {
    const libraries = join(root, dir, 'x86_64-linux-gnu')
    return [libraries, join(libraries, 'nss'), join(libraries, 'pulseaudio')]
  })
  return {
    command: join(root, program),
    env: { LD_LIBRARY_PATH: libraryDirs.join(':'), FONTCONFIG_FILE: join(root, 'fonts.conf') },
  }
}

/** Starting it shows that no library is missing. */
async function describe(root: string): Promise<string> {
  const { command, env } = startIn(root)
  const printed = await runCommand(command, ['--version'], {
    env,
    cure: 'Chromium runs on x86-64 Debian 12 or later; on another system leave out the suites that open a page',
  })
  return `Chromium ${versionIn(printed) ?? printed.trim()}`
}
