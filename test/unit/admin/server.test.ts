/** The admin surface over real sockets: routes, limits, who may ask. */
import { existsSync, linkSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type ClientRequest, type RequestOptions, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { listenLoopback, listenMetrics, listenUnix } from '../../../controller/admin/server.ts'
import { MemoryApi } from '../../support/memory-api.ts'

interface Reply {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

const folder = mkdtempSync(join(tmpdir(), `kmesh-test-admin-${process.pid}-`))
t.teardown(() => rmSync(folder, { recursive: true, force: true }))

function ask(options: RequestOptions, body?: string): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked: ClientRequest = request({ agent: false, host: '127.0.0.1', ...options }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text, headers: response.headers }))
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

t.test('on the unix socket', async (t) => {
  const api = new MemoryApi()
  const faults: unknown[] = []
  const socketPath = join(folder, 'sub', 'admin.sock')
  const mask = process.umask(0o022)
  process.umask(mask)
  const listener = await listenUnix(api, socketPath, (error) => faults.push(error))
  t.teardown(() => listener.close())
  const get = (path: string) => ask({ socketPath, path })
  const post = (path: string, body?: unknown) => {
    return ask({ socketPath, path, method: 'POST' }, body === undefined ? undefined : JSON.stringify(body))
  }

  t.test('only its owner may connect', async (t) => {
    t.equal(lstatSync(socketPath).mode & 0o777, 0o600)
    t.equal(lstatSync(join(folder, 'sub')).mode & 0o777, 0o700)
    t.equal(process.umask(mask), mask, 'the umask is what it was')
  })

  t.test('a second daemon is told that one answers there', async (t) => {
    await t.rejects(
      listenUnix(api, socketPath, () => undefined),
      { message: /another kmeshd answers there/ },
    )
    t.equal((await get('/v1/version')).status, 200, 'and the first one goes on')
  })

  t.test("Kmesh's paths answer as Kmesh does", async (t) => {
    t.match(JSON.parse((await get('/version')).body), { gitVersion: 'v1.2.3', platform: 'linux/amd64' })
    t.match(await get('/debug/ready'), { status: 200, body: 'OK\n' })
    t.same(JSON.parse((await get('/debug/loggers')).body), ['default', 'kernel'])
    t.same(JSON.parse((await get('/debug/loggers?name=kernel')).body), { name: 'kernel', level: 'info' })
    t.equal((await get('/debug/loggers?name=nope')).status, 404)
    t.equal((await post('/debug/loggers', { name: 'kernel', level: 'debug' })).status, 200)
    t.same(JSON.parse((await get('/debug/loggers?name=kernel')).body), { name: 'kernel', level: 'debug' })
    for (const mode of ['kernel-native', 'dual-engine', 'bpf/dual-engine']) {
      t.match(await get(`/debug/config_dump/${mode}`), { status: 400, body: '\tInvalid Client Mode\n' })
    }
    t.match(await post('/accesslog?enable=true'), { status: 200, body: '' })
    t.same(await api.monitoring(), { monitoring: true, accessLog: true })
    t.equal((await post('/monitoring?enable=false')).status, 200)
    t.match(await post('/accesslog?enable=true'), {
      status: 400,
      body: 'Kmesh monitoring is disabled, cannot enable accesslog.\n',
    })
    t.equal((await post('/accesslog?enable=maybe')).status, 400)
    await api.setMonitoring({ monitoring: true, accessLog: false })
  })

  t.test('it is ready only when all it waits for is there', async (t) => {
    api.set({ ready: false })
    t.match(await get('/healthz/ready'), { status: 503, body: 'waiting for the first configuration\n' })
    api.set({ ready: true })
    t.match(await get('/healthz/ready'), { status: 200, body: 'OK\n' })
  })

  t.test('unknown paths and methods are told so', async (t) => {
    t.match(await get('/nope'), { status: 404, body: 'nothing at /nope\n' })
    t.equal((await get('/v1/../etc')).status, 404)
    t.match(await get('/v1/reload'), { status: 405, headers: { allow: 'POST' } })
    t.match(await ask({ socketPath, path: '/v1/members', method: 'PUT' }), {
      status: 405,
      headers: { allow: /GET, POST/ },
    })
    t.match(await ask({ socketPath, path: '/v1/status', method: 'HEAD' }), { status: 200, body: '' })
    t.equal((await get('//')).status, 400)
  })

  t.test('members come and go', async (t) => {
    const enrolled = await post('/v1/members', { target: { cgroup: '/sys/fs/cgroup/a' }, namespace: 'shop' })
    t.equal(enrolled.status, 201)
    t.match(JSON.parse(enrolled.body), { kind: 'cgroup', namespace: 'shop', path: '/sys/fs/cgroup/a' })
    t.equal((await post('/v1/members', { target: { cgroup: '/sys/fs/cgroup/a' } })).status, 409)
    t.equal(JSON.parse((await get('/v1/members')).body).members.length, 1)
    t.match(JSON.parse((await post('/v1/bypass', { target: { cgroup: '/sys/fs/cgroup/a' }, on: true })).body), {
      members: [{ bypass: true }],
    })
    t.equal((await ask({ socketPath, path: '/v1/members?cgroup=/sys/fs/cgroup/a', method: 'DELETE' })).status, 200)
    t.match(await ask({ socketPath, path: '/v1/members?pid=12', method: 'DELETE' }), {
      status: 404,
      body: /is not a member/,
    })
  })

  t.test('requests that make no sense are refused with the place and the reason', async (t) => {
    const bad: readonly (readonly [path: string, body: unknown, reason: RegExp])[] = [
      ['/v1/members', undefined, /Expected Object/],
      ['/v1/members', {}, /target/],
      ['/v1/members', { target: { pid: 0 } }, /target/],
      ['/v1/members', { target: { cgroup: 'relative' } }, /absolute/],
      ['/v1/members', { target: { pid: 1, cgroup: '/a' } }, /target/],
      ['/v1/members', { target: { pid: 1 }, namespace: 'NOT ok' }, /namespace: not a namespace/],
      ['/v1/members', { target: { pid: 1 }, extra: 1 }, /extra/],
      ['/v1/bypass', { target: { pid: 1 }, on: 'yes' }, /on/],
      ['/v1/loggers', { name: '', level: 'x' }, /name: empty/],
      ['/v1/monitoring', { accessLog: 1 }, /accessLog/],
    ]
    for (const [path, body, reason] of bad) {
      t.match(await post(path, body), { status: 400, body: reason }, `${path} ${JSON.stringify(body)}`)
    }
    t.match(await ask({ socketPath, path: '/v1/reload', method: 'POST' }, '{'), { status: 400, body: /not JSON/ })
    t.match(await get('/v1/dump?section=x'), { status: 400, body: /section: none of services/ })
    t.match(await get('/v1/connections?limit=-1'), { status: 400, body: /limit: not a number/ })
    t.same(faults, [], 'none of this is a fault of ours')
  })

  t.test('a body that is too large is refused, and the next request works', async (t) => {
    const reply = await ask({ socketPath, path: '/v1/reload', method: 'POST' }, 'x'.repeat(1 << 20))
    t.equal(reply.status, 413)
    t.equal((await get('/v1/version')).status, 200)
  })

  t.test('a fault of ours is a 500, and told to the log', async (t) => {
    api.set({ fault: new Error('broken') })
    t.match(await get('/v1/status'), { status: 500, body: /broken/ })
    api.set({ fault: undefined })
    t.match(faults, [{ message: 'broken' }])
  })

  t.test('a dump is text or JSON', async (t) => {
    t.match(await get('/v1/dump?section=services&format=text'), { body: /^services {2}default\/reviews/ })
    t.same(JSON.parse((await get('/v1/dump?section=services')).body), { services: [{ name: 'default/reviews' }] })
  })

  t.test('metrics are here too', async (t) => {
    t.match(await get('/metrics'), { body: 'kmesh_up 1\n', headers: { 'content-type': /text\/plain/ } })
  })
})

t.test('a socket that a killed daemon left is replaced, anything else is not', async (t) => {
  const path = join(folder, 'stale.sock')
  const dead = createServer()
  await new Promise<void>((resolve) => dead.listen(path, resolve))
  // As after SIGKILL: the file is there, and nobody listens.
  const copy = join(folder, 'kept')
  linkSync(path, copy)
  await new Promise((resolve) => dead.close(resolve))
  renameSync(copy, path)
  const listener = await listenUnix(new MemoryApi(), path, () => undefined)
  t.equal((await ask({ socketPath: path, path: '/v1/version' })).status, 200)
  await listener.close()
  t.notOk(existsSync(path), 'a daemon that ends takes its socket away')

  writeFileSync(path, 'precious')
  await t.rejects(
    listenUnix(new MemoryApi(), path, () => undefined),
    { message: /exists and is not a socket/ },
  )
})

t.test('on loopback', async (t) => {
  const listener = await listenLoopback(new MemoryApi(), { host: '127.0.0.1', port: 0 }, () => undefined)
  t.teardown(() => listener.close())
  const port = Number(listener.address.split(':')[1])
  const get = (path: string, headers: Record<string, string> = {}) => ask({ port, path, headers })

  t.equal((await get('/v1/status')).status, 200)
  t.equal((await get('/v1/status', { host: `localhost:${port}` })).status, 200)
  t.equal((await get('/v1/status', { host: '[::1]:1' })).status, 200)
  t.equal((await get('/version', { origin: 'http://localhost:3000' })).status, 200)

  for (const headers of [
    { host: 'attacker.example' },
    { host: '127.0.0.1.attacker.example' },
    { host: '10.0.0.1' },
    { origin: 'https://attacker.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ] as Record<string, string>[]) {
    t.equal((await get('/version', headers)).status, 403, JSON.stringify(headers))
  }

  for (const [method, path] of [
    ['POST', '/v1/members'],
    ['DELETE', '/v1/members?pid=1'],
    ['POST', '/v1/bypass'],
    ['POST', '/v1/reload'],
    ['POST', '/v1/loggers'],
  ] as const) {
    const reply = await ask({ port, path, method })
    t.match(reply, { status: 403, body: /unix socket only/ }, `${method} ${path}`)
  }

  await t.rejects(
    listenLoopback(new MemoryApi(), { host: '127.0.0.1', port }, () => undefined),
    {
      message: `cannot listen on 127.0.0.1:${port}: already in use`,
    },
  )
})

t.test('the metrics port has nothing but metrics', async (t) => {
  const listener = await listenMetrics(
    () => new MemoryApi().metrics(),
    { host: '127.0.0.1', port: 0 },
    () => undefined,
  )
  t.teardown(() => listener.close())
  const port = Number(listener.address.split(':')[1])
  for (const path of ['/metrics', '/status/metric']) {
    t.match(await ask({ port, path, headers: { host: 'node-1.example' } }), { status: 200, body: 'kmesh_up 1\n' })
  }
  t.equal((await ask({ port, path: '/v1/status' })).status, 404)
  t.equal((await ask({ port, path: '/metrics', method: 'POST' })).status, 405)
})
