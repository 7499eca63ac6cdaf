/** Where the `millrace` command begins. */
import { keepCompiled, useCompileCache } from './agent/compile-cache.ts'
import { version } from './agent/version.ts'
import { runProgram } from './cli/program.ts'

process.exitCode = await runProgram(process.argv.slice(2), {
  version,
  // The other commands answer three times as fast without the agent's parts.
  runAgent: async (loaded) => {
    useCompileCache(loaded.settings['data-dir'])
    const { runAgent } = await import('./agent/run-agent.ts')
    keepCompiled()
    await runAgent(loaded)
  },
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
})
