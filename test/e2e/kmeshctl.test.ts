/** What kmeshctl, the access log and the metrics tell of real traffic through a real daemon. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Connections, Dump, MemberStatus, Monitoring, Status } from '../../controller/admin/api.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { Daemon, PROJECT } from '../../lab/daemon.ts'
import { UndoStack } from '../../lab/undo.ts'
import { endpointsYaml, needsRoot, serviceYaml, TIME_SCALE } from './mesh.ts'

const [ADDRESS, PORT] = ['10.96.0.77', 7]
const PATIENCE_MS = 10_000 * TIME_SCALE

/** Connects, says five bytes, prints the answer, and waits for the end of its input. */
const TALK = `
const socket = require('net').connect(${PORT}, '${ADDRESS}', () => socket.write('hello'))
socket.on('data', (data) => process.stdout.write(data))
socket.on('error', (error) => { process.stdout.write(error.code); process.exit(9) })
process.stdin.resume().on('end', () => socket.end())
`

t.test('people see what happens', needsRoot, async (t) => {
  t.setTimeout(0)
  const undo = new UndoStack()
  t.teardown(() => undo.run())
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  undo.push('server', () => void server.close())
  const target = (server.address() as { port: number }).port
  const cgroup = makeLabCgroup(undo, `kmesh-test-kmeshctl-${process.pid}`)
  const log = join(tmpdir(), `kmesh-test-kmeshctl-${process.pid}.log`)
  for (const file of [log, `${log}.1`]) undo.push(file, () => rmSync(file, { force: true }))
  const yaml =
    serviceYaml({ name: 'echo', addresses: [ADDRESS], port: PORT, targetPort: target }) +
    endpointsYaml('echo', target, [{ address: '127.0.0.1' }])
  const daemon = await Daemon.start(undo, {
    cgroup,
    files: { 'mesh.yaml': yaml },
    flags: ['--access-log', `json:${log}`],
  })

  const ask = async <T>(command: string, ...args: readonly string[]): Promise<T> => {
    return JSON.parse(await daemon.kmeshctl(command, ...args, '-o', 'json')) as T
  }
  const talk = () => {
    const args = [
      join(PROJECT, 'bin', 'kmeshctl'),
      'run',
      '--socket',
      daemon.socket,
      '--',
      process.execPath,
      '-e',
      TALK,
    ]
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  }
  const talkAndEnd = async (): Promise<void> => {
    const child = talk()
    await once(child.stdout, 'data')
    child.stdin.end()
    await once(child, 'close')
  }
  const linesOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [])
  const until = async (what: string, condition: () => boolean) => {
    for (const end = Date.now() + PATIENCE_MS; !condition(); await sleep(20)) {
      if (Date.now() > end) throw new Error(`${what}: not within ${PATIENCE_MS} ms`)
    }
  }

  await t.test('an open connection, its member and its service', async (t) => {
    const child = talk()
    const [answer] = (await once(child.stdout, 'data')) as [Buffer]
    t.equal(String(answer), 'hello')
    const { connections } = await ask<Connections>('conns')
    t.match(connections, [
      {
        protocol: 'TCP',
        direction: 'outbound',
        destination: { address: `127.0.0.1:${target}` },
        asked: `${ADDRESS}:${PORT}`,
        service: 'default/echo',
        verdict: 'routed',
        state: 'ESTABLISHED',
        sentBytes: 5,
        receivedBytes: 5,
      },
    ])
    t.equal(connections.length, 1)
    t.match(await ask<Dump>('dump', 'members'), {
      members: [{ kind: 'cgroup', path: /kmesh-run-\d+$/, covered: true }],
    })
    t.match(await ask<Status>('status'), { ready: true, members: { cgroup: 1 }, mesh: { services: 1, endpoints: 1 } })
    const [{ path }] = (await ask<{ members: [MemberStatus] }>('dump', 'members')).members
    t.match(await ask('bypass', '--cgroup', path ?? '', 'on'), { members: [{ bypass: true }] })
    t.match(await ask<Status>('status'), { members: { bypassed: 1 } })
    child.stdin.end()
    t.same(await once(child, 'close'), [0, null])
    t.same((await ask<Connections>('conns')).connections, [])
    t.match(await ask<Dump>('dump', 'members'), { members: [] })
  })

  await t.test('its line in the access log, and its part in the metrics', async (t) => {
    await until('line', () => linesOf(log).length > 0)
    t.match(
      linesOf(log).map((line) => JSON.parse(line)),
      [
        {
          'dst.addr': `127.0.0.1:${target}`,
          'dst.service': 'echo.default.svc.cluster.local',
          direction: 'OUTBOUND',
          sent_bytes: 5,
          received_bytes: 5,
          asked: `${ADDRESS}:${PORT}`,
          verdict: 'routed',
        },
      ],
    )
    const metrics = await daemon.metrics()
    t.match(metrics, /^kmesh_verdict_total\{verdict="accepted"\} 0$/m, 'nothing of the self-tests')
    const value = (name: string) =>
      new RegExp(`^${name}\\{.*destination_service_name="echo".*\\} (\\d+)$`, 'm').exec(metrics)?.[1]
    t.equal(value('istio_tcp_connections_opened_total'), '1')
    t.equal(value('istio_tcp_connections_closed_total'), '1')
    t.equal(value('istio_tcp_sent_bytes_total'), '5')
    t.equal(value('kmesh_tcp_received_bytes_total'), '5')
    t.match(metrics, /^kmesh_lane_total\{lane="connect",reason="routed"\} 1$/m)
    t.match(metrics, /^kmesh_map_entries\{map="frontends"\} 2$/m)
  })

  await t.test('the access log goes on in a new file after a rotation, and can be switched off', async (t) => {
    renameSync(log, `${log}.1`)
    process.kill(daemon.pid, 'SIGUSR1')
    await until('new file', () => existsSync(log))
    await talkAndEnd()
    await until('line', () => linesOf(log).length === 1)
    t.equal(linesOf(`${log}.1`).length, 1)
    t.same(await ask<Monitoring>('monitoring', '--accesslog', 'disable'), { monitoring: true, accessLog: false })
    await talkAndEnd()
    t.same(await ask<Monitoring>('monitoring', '--accesslog', 'enable'), { monitoring: true, accessLog: true })
    await talkAndEnd()
    await until('line', () => linesOf(log).length >= 2)
    t.equal(linesOf(log).length, 2, 'nothing of the connection in between')
  })

  await t.test('a service without endpoints refuses, which is told', async (t) => {
    daemon.write('mesh.yaml', serviceYaml({ name: 'echo', addresses: [ADDRESS], port: PORT, targetPort: target }))
    await daemon.kmeshctl('reload')
    const child = talk()
    const [said] = (await once(child.stdout, 'data')) as [Buffer]
    await once(child, 'close')
    t.match(String(said), /^(ECONNREFUSED|EPERM)$/)
    t.equal(child.exitCode, 9)
    await until('line', () => linesOf(log).some((line) => line.includes('no_endpoint')))
    t.match(await daemon.metrics(), /^kmesh_tcp_connections_failed_total\{.*destination_service_name="echo".*\} 1$/m)
    daemon.write('mesh.yaml', yaml)
  })

  await t.test('a broken file is told, and what it said before stays in force', async (t) => {
    await daemon.kmeshctl('reload')
    writeFileSync(join(daemon.config, 'mesh.yaml'), `${yaml}\nkind: [`)
    await t.rejects(daemon.kmeshctl('reload'), { message: /the last good state stays in force: .*mesh.yaml:\d+: / })
    t.match(await daemon.kmeshctl('explain'), /mesh.yaml:\d+ .*\n\n1 error, 0 warnings\n$/)
    t.match(await ask<Status>('status'), { lastReload: { ok: false }, problems: { errors: 1 }, mesh: { services: 1 } })
    await talkAndEnd()
    daemon.write('mesh.yaml', yaml)
    t.match(await daemon.kmeshctl('reload'), /^1 file in /)
    t.equal(await daemon.kmeshctl('explain'), 'Everything in the configuration is honoured.\n')
  })

  await t.test('the other commands answer', async (t) => {
    t.match(await daemon.kmeshctl('status'), /^kmeshd v\S+: ready\n/)
    t.match(await daemon.kmeshctl('maps'), /^frontends +2 +65536 +1 % /m)
    t.match(await daemon.kmeshctl('dump', 'slots'), /default\/echo\S* 127\.0\.0\.1:\d+ 100%/)
    t.match(await daemon.kmeshctl('log', '--set', 'kernel:debug'), 'Logger Name: kernel\nLogger Level: debug\n')
    t.match(await daemon.kmeshctl('version'), /kmesh-daemon version: v\S+ \(1 daemon\)/)
    await t.rejects(daemon.kmeshctl('enroll', '--pid', '999999999'), { message: /there is no process 999999999/ })
  })

  await t.test('a second daemon at the same place is refused in one line', async (t) => {
    const args = ['--config', daemon.config, '--cgroup2-path', cgroup, '--bpf-fs-path', daemon.bpfFs]
    const complaint = await new Promise<string>((resolve) => {
      execFile(join(PROJECT, 'bin', 'kmeshd'), [...args, '--socket', daemon.socket], (_, __, text) => resolve(text))
    })
    t.match(complaint, /^kmeshd: .* is in use by process \d+: .*\n$/)
  })

  await t.test('all is undone', async (t) => t.same(await undo.run(), []))
})
