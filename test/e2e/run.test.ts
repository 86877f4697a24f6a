/** `kmeshctl run`: any program as a member, service names included, with and without the daemon. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PROJECT } from '../../lab/daemon.ts'
import { commandAt } from '../../lab/process.ts'
import { Agent } from '../bpf/agent.ts'
import { endpointsYaml, needsRoot, serviceYaml, startMesh } from './mesh.ts'

const [V4, V6, PORT, TARGET] = ['10.96.0.60', 'fd00:96::60', 80, 8080]

/** Resolves a name as programs do, connects, and prints what the server said. */
const CLIENT = `
const net = require('node:net')
const [host, port, family] = process.argv.slice(1)
const socket = net.connect({ host, port: Number(port), family: Number(family) })
socket.on('data', (data) => process.stdout.write(String(data)))
socket.on('error', (error) => { console.log(error.code); process.exitCode = 4 })
`

t.test('a program run as a member', needsRoot, async (t) => {
  const { undo, client, servers, member, daemon, cgroup } = await startMesh(t, 'run', 1, (pods) => ({
    'mesh.yaml':
      serviceYaml({ name: 'shop', addresses: [V4, V6], port: PORT, targetPort: TARGET }) +
      endpointsYaml(
        'shop',
        TARGET,
        pods.flatMap(({ ipv4, ipv6 }) => [{ address: ipv4 }, { address: ipv6 }]),
      ),
  }))
  for (const pod of servers) {
    const agent = new Agent(undo, { pod })
    await agent.call(
      'serve',
      [pod.ipv4, pod.ipv6].map((address) => ({ address, port: TARGET, name: 'shop' })),
    )
  }

  const run = async (
    options: readonly string[],
    ...command: string[]
  ): Promise<{ output: string; status: number | null }> => {
    const kmeshctl = [process.execPath, join(PROJECT, 'bin', 'kmeshctl'), 'run', '--socket', daemon.socket]
    const [file, ...args] = commandAt({ pod: client }, [...kmeshctl, ...options, '--', ...command])
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await once(child, 'close')
    return { output, status: child.exitCode }
  }
  const ask = (host: string, family = 4): Promise<{ output: string; status: number | null }> =>
    run([], process.execPath, '-e', CLIENT, '--', host, String(PORT), String(family))

  t.same(await ask(V4), { output: 'shop\n', status: 0 }, 'by address')
  t.same(await ask('shop.default'), { output: 'shop\n', status: 0 }, 'by name')
  t.same(await ask('shop.default.svc.cluster.local', 6), { output: 'shop\n', status: 0 }, 'by name, IPv6')
  t.same(await run([], 'sh', '-c', 'exit 7'), { output: '', status: 7 }, 'its status is passed on')
  t.same(await run([], 'sh', '-c', 'kill -TERM $$'), { output: '', status: 143 }, 'and its signal')
  t.same(
    readdirSync(cgroup).filter((name) => name.startsWith('kmesh-run')),
    [],
    'its cgroup is gone',
  )

  await daemon.end('SIGKILL')
  const pins = ['--bpf-fs-path', daemon.bpfFs]
  t.same(
    await run(pins, process.execPath, '-e', CLIENT, '--', V4, String(PORT), '4'),
    { output: 'shop\n', status: 0 },
    'without the daemon, by the last state',
  )
  t.notOk(existsSync(join(cgroup, 'kmesh-run')))
  const agent = new Agent(undo, member(client))
  t.match(await agent.call('connect', V4, PORT), { server: 'shop' }, 'members go on')
})
