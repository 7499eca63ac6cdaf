/** Where the `millrace` command begins. */
import { text } from 'node:stream/consumers'
import { keepCompiled, useCompileCache } from './agent/compile-cache.ts'
import { version } from './agent/version.ts'
import { askSecret } from './cli/copy/ask-secret.ts'
import { endsWithItsReader } from './cli/lost-reader.ts'
import { runProgram } from './cli/program.ts'
import { terminalOf } from './cli/screen.ts'

// A reader such as head closes its end when it has enough: that is no error, but work that was begun is done.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  if (endsWithItsReader(process.argv.slice(2))) process.exit(0)
})

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
  write: (text) => process.stdout.write(text),
  terminal: terminalOf(process.stdout, process.env),
  readInput: () => text(process.stdin),
  copy: {
    loadEngine: async () => (await import('./agent/copy/copy-engine.ts')).createCopyEngine(process.env),
    askSecret: process.stdin.isTTY
      ? (question) => askSecret(process.stdin, (piece) => process.stderr.write(piece), question)
      : null,
  },
})
