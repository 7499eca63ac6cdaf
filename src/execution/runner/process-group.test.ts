import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { eventually } from '../../../test/harness/eventually.ts'
import { systemClock } from '../../core/clock.ts'
import { endGroup, signalGroup } from './process-group.ts'
import { readProcess } from './process-table.ts'

test('a group of which only a zombie is left has ended', async () => {
  const parent = spawn('sh', ['-c', 'setsid sleep 0.05 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const groupId = Number(String((await once(parent.stdout, 'data'))[0]))
  await eventually(() => readProcess(groupId)?.state === 'Z', 5_000)
  expect(signalGroup(groupId, 0)).toBe(true)
  await endGroup(groupId, 30_000, systemClock)
})

test('a group that ignores SIGTERM is killed after its grace, with the children that its leader left', async () => {
  const leader = spawn('sh', ['-c', 'trap "" TERM; sleep 60 & echo up; wait'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const groupId = leader.pid ?? 0
  onTestFinished(() => void signalGroup(groupId, 'SIGKILL'))
  await once(leader.stdout, 'data')
  const ended = once(leader, 'exit')
  await endGroup(groupId, 200, systemClock)
  expect((await ended)[1]).toBe('SIGKILL')
})
