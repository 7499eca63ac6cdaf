/** Where the `millrace` command begins. */
import { runAgent } from './agent/run-agent.ts'
import { version } from './agent/version.ts'
import { runProgram } from './cli/program.ts'

process.exitCode = await runProgram(process.argv.slice(2), {
  version,
  runAgent,
  print: (text) => console.log(text),
  printError: (text) => console.error(text),
})
