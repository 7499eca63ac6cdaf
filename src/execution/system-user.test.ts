import { expect, test } from 'vitest'
import { commandEnvironment } from './command-environment.ts'
import { checkRunAsUser, findUser } from './system-user.ts'

const files = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nann:x:1001:1001:Ann,,,:/home/ann:/bin/sh\nbad:x:no:1:::\n\n',
  group: 'root:x:0:\nann:x:1001:ann\ndocker:x:998:bob,ann\nannex:x:997:annex\nsudo:x:27:ann\n',
}

test('a user has a home and the groups it is listed in', () => {
  const supplementaryGids = [998, 27]
  expect(findUser(files, 'ann')).toEqual({ name: 'ann', uid: 1001, gid: 1001, supplementaryGids, home: '/home/ann' })
})

test.each(['nobody-here', '', 'bad', 'an'])('there is no user %j', (name) => {
  expect(findUser(files, name)).toBeNull()
})

test('an unknown user is refused with its name', () => {
  expect(checkRunAsUser('no-such-user')).toBe("there is no user 'no-such-user' on this machine")
})

test('commands get the environment without the settings of the agent', () => {
  const env = { PATH: '/bin', MILLRACE_TOKEN: 'secret', NODE_CHANNEL_FD: '3', EMPTY: '', GONE: undefined }
  expect(commandEnvironment(env)).toEqual({ PATH: '/bin', EMPTY: '' })
})
