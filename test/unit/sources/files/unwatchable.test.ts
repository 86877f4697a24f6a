import { spawn, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { endpointAt, eventually, LiveFolder } from './folder-support.ts'
import { service } from './support.ts'

// A user namespace has a limit of its own for watches.
const FORBID = 'echo 0 >/proc/sys/user/max_inotify_watches'
const possible = spawnSync('unshare', ['-Ur', 'sh', '-c', FORBID]).status === 0

const skip = possible ? false : 'needs a user namespace of its own (unshare -Ur)'

t.test('where no folder can be watched changes are found by looking, which is reported', { skip }, async (t) => {
  const folder = new LiveFolder()
  t.teardown(() => folder.close())
  folder.write('reviews.yaml', service('reviews', 'clusterIP: 10.96.0.20\nports: [{name: http, port: 9080}]'))
  folder.write('endpoints.yaml', endpointAt('10.1.0.1'))

  const program = fileURLToPath(new URL('./print-meshes.js', import.meta.url))
  const child = spawn('unshare', [
    '-Ur',
    'sh',
    '-c',
    `${FORBID}; exec "$0" "$@"`,
    process.execPath,
    program,
    folder.path,
  ])
  t.teardown(() => void child.kill())
  let printed = ''
  child.stdout.on('data', (bytes: Buffer) => {
    printed += bytes.toString()
  })
  await eventually(() => printed.includes('10.1.0.1 | '))
  t.match(printed, /cannot be watched \(.*ENOSPC.*\): looked at once a second instead/)
  folder.put('endpoints.yaml', endpointAt('10.1.0.2'))
  await eventually(() => printed.includes('10.1.0.2 | '))
})
