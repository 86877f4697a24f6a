/** Who becomes a member, by what, and until when. */
import { existsSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { MemberFlags, MemberKind } from '../../controller/abi/layouts.generated.ts'
import { hasNetnsCookieOption } from '../../controller/kernel/features.ts'
import { netnsCookieReader } from '../../controller/kernel/netns-cookie.ts'
import type { Members } from '../../controller/members/members.ts'
import { membersOf, openPinnedMembers } from '../../controller/members/open.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { addNamespace, deleteNamespace } from '../../lab/netns.ts'
import { start, stop, waitForLine } from '../../lab/process.ts'
import { native } from '../../native/index.ts'
import { type Place, testAtPlace } from './place.ts'
import { TCP, UDP, writeService } from './tables.ts'
import { startClient, startServer } from './traffic.ts'

const VIP = { ip: '240.77.0.1', port: 80 }
/** A second service that no member can reach shows that a connection met our program: it is refused at once. */
const REFUSED = { ip: '240.77.0.2', port: 80 }

function openWithServices(place: Place) {
  const dataplane = place.open()
  writeService(dataplane.store, { id: 78n, vip: REFUSED, protocol: UDP, endpoints: [] })
  dataplane.activate()
  return { dataplane, members: membersOf(dataplane, place.log) }
}

/** Does a connection from there meet the tables? */
function isRouted(cgroup: string, netns?: string): boolean {
  try {
    native().probeConnect(netns, cgroup, REFUSED.ip, REFUSED.port)
    return false
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'EPERM' || code === 'ECONNREFUSED') return true
    if (code === 'ENETUNREACH') return false
    throw error
  }
}

async function makeNetns(place: Place, name: string): Promise<string> {
  const full = `kmesh-test-kernel-${process.pid}-${name}`
  const path = await addNamespace(full)
  place.undo.push(`netns ${full}`, () => (existsSync(path) ? deleteNamespace(full) : undefined))
  return path
}

/** A process that sleeps, in a cgroup and possibly in a namespace of its own. */
async function startSleeper(place: Place, cgroup: string, ...before: string[]) {
  const child = start(place.undo, { cgroup }, [...before, 'sh', '-c', 'echo up; exec sleep 600'])
  await waitForLine(child, /up/)
  return { pid: child.pid ?? 0, stop: () => stop(child) }
}

testAtPlace('by cgroup: it and what is below it', async (t, place) => {
  const { dataplane, members } = openWithServices(place)
  const one = makeLabCgroup(place.undo, 'one', place.cgroup)
  const below = makeLabCgroup(place.undo, 'below', one)
  const other = makeLabCgroup(place.undo, 'other', place.cgroup)
  t.notOk(isRouted(one))
  const info = members.enroll({ cgroup: one }, { namespace: 'bookinfo', workload: 9n })
  t.match(info, { kind: 'cgroup', path: one, namespace: 'bookinfo', workload: 9n, covered: true, bypassed: false })
  t.ok(isRouted(one))
  t.ok(isRouted(below))
  t.notOk(isRouted(other))
  t.same(members.list(), [info])

  t.equal(members.leave(info.key), true)
  t.notOk(isRouted(one))
  t.equal(members.leave(info.key), false, 'it was none any more')
  t.equal(dataplane.settings.read().cgroupLevels, 0, 'programs look for no cgroup any more')
})

testAtPlace('by network namespace, with the name of a pod', async (t, place) => {
  const { members } = openWithServices(place)
  const netns = await makeNetns(place, 'a')
  const cgroup = makeLabCgroup(place.undo, 'any', place.cgroup)
  t.notOk(isRouted(cgroup, netns))
  const info = members.enroll({ netns }, { name: 'pod default/client', workloadUid: 'uid' })
  t.match(info, { kind: 'netns', path: netns, name: 'pod default/client', workloadUid: 'uid' })
  t.equal(info.key.kind, MemberKind.MEMBER_NETNS)
  t.ok(isRouted(cgroup, netns))
  t.notOk(isRouted(cgroup), 'not in our own namespace')
})

testAtPlace('by process: its namespace where it has one, else its cgroup', async (t, place) => {
  const { members } = openWithServices(place)
  const cgroup = makeLabCgroup(place.undo, 'processes', place.cgroup)
  const netns = await makeNetns(place, 'b')
  const inside = await startSleeper(place, cgroup, 'nsenter', `--net=${netns}`)
  const beside = await startSleeper(place, cgroup)
  const byNetns = members.enroll({ pid: inside.pid })
  t.match(byNetns, {
    kind: 'netns',
    path: `/proc/${inside.pid}/ns/net`,
    name: RegExp(`^s\\S+ \\(pid ${inside.pid}\\)$`),
  })
  t.same(byNetns.key, members.keyOf({ netns }), 'the same member by either name')
  t.match(members.enroll({ pid: beside.pid }), { kind: 'cgroup', path: cgroup })
  await inside.stop()
  await beside.stop()
})

testAtPlace('what cannot be a member is refused with the reason', async (t, place) => {
  const { members } = openWithServices(place)
  const outside = makeLabCgroup(place.undo, `kmesh-test-outside-${process.pid}`)
  const netns = await makeNetns(place, 'c')
  const refused = (source: Parameters<Members['enroll']>[0], message: RegExp) =>
    t.throws(() => members.enroll(source), { name: 'KernelError', message })
  refused({ pid: 2 ** 30 }, /^there is no process 1073741824$/)
  refused({ pid: process.pid }, /is in the root cgroup|is outside .*, where we are attached/)
  refused({ cgroup: outside }, /^cgroup .* is outside .*, where we are attached \(--cgroup2-path\)$/)
  refused({ cgroup: '/proc' }, /^\/proc is not a directory of a cgroup2 filesystem/)
  refused({ cgroup: join(place.cgroup, 'none') }, /no such directory$/)
  refused({ netns: '/run/netns/kmesh-none' }, /^there is no network namespace \/run\/netns\/kmesh-none$/)
  refused({ netns: '/etc/passwd' }, /^\/etc\/passwd: /)
  const stranger = await startSleeper(place, outside, 'nsenter', `--net=${netns}`)
  refused({ pid: stranger.pid }, /^process \d+, in cgroup .*, is outside/)
  refused({ netns }, /^process \d+ of namespace .*, in cgroup .*, is outside/)
  await stranger.stop()

  let deep = place.cgroup
  for (let level = 0; level < 16; level++) deep = makeLabCgroup(place.undo, 'deep', deep)
  refused({ cgroup: deep }, /lies 17 levels deep: 15 is the most that programs look at$/)
  t.same(members.list(), [])
})

testAtPlace('enrolling again keeps what is not named', async (t, place) => {
  const { members } = openWithServices(place)
  const cgroup = makeLabCgroup(place.undo, 'twice', place.cgroup)
  const { key } = members.enroll({ cgroup }, { namespace: 'a', workload: 1n, name: 'first' })
  members.update(key, { flags: MemberFlags.MEMBER_DNS, dnsPort: 5353 })
  t.match(members.enroll({ cgroup }, { workload: 2n }), {
    key,
    namespace: 'a',
    workload: 2n,
    flags: MemberFlags.MEMBER_DNS,
    dnsPort: 5353,
  })
  t.equal(members.list().length, 1)
})

testAtPlace('a bypass takes a member out at once, and touches no connection', async (t, place) => {
  const { dataplane, members } = openWithServices(place)
  const server = await startServer(place.undo, 'reviews', true)
  writeService(dataplane.store, { id: 77n, vip: VIP, protocol: TCP, endpoints: [server] })
  const cgroup = makeLabCgroup(place.undo, 'bypassed', place.cgroup)
  const { key } = members.enroll({ cgroup }, { flags: MemberFlags.MEMBER_NO_SOCKET_LANE })
  const askAgain = await startClient(place.undo, { cgroup }, VIP, 'reviews', 'hold')
  members.bypass(key, true)
  t.notOk(isRouted(cgroup))
  t.match(members.list(), [{ bypassed: true, flags: MemberFlags.MEMBER_BYPASS | MemberFlags.MEMBER_NO_SOCKET_LANE }])
  t.same(await askAgain(), { connected: 2, failed: [] }, 'the connection that it had goes on')
  members.bypass(key, false)
  t.ok(isRouted(cgroup))
  t.match(members.list(), [{ bypassed: false, flags: MemberFlags.MEMBER_NO_SOCKET_LANE }])
  t.throws(() => members.bypass({ ...key, id: 1n }, true), { message: 'cgroup 1 is not a member' })
})

testAtPlace('members are still known after a restart, with all that was said of them', async (t, place) => {
  const { dataplane, members } = openWithServices(place)
  const cgroup = makeLabCgroup(place.undo, 'kept', place.cgroup)
  members.enroll({ cgroup }, { name: 'a "name" with\nall sorts', namespace: 'ns', workload: 2n ** 64n - 1n, flags: 4 })
  const before = members.list()
  dataplane.close()
  for (const mapSizes of [{}, { frontends: 10 }]) {
    const next = place.open({ mapSizes })
    t.same(membersOf(next, place.log).list(), before)
    t.not(next.settings.read().cgroupLevels, 0)
    next.activate()
    next.close()
  }
})

testAtPlace('without the daemon, members are enrolled on the pinned maps', async (t, place) => {
  t.throws(() => openPinnedMembers(place.bpfFs, place.log), { code: 'not-running', message: /^nothing is pinned at / })
  openWithServices(place).dataplane.close()
  const cgroup = makeLabCgroup(place.undo, 'offline', place.cgroup)
  const { members, close } = openPinnedMembers(place.bpfFs, place.log)
  const { key } = members.enroll({ cgroup })
  t.ok(isRouted(cgroup))
  members.bypass(key, true)
  t.notOk(isRouted(cgroup))
  close()
  const dataplane = place.open()
  t.match(membersOf(dataplane, place.log).list(), [{ path: cgroup, bypassed: true }])
})

testAtPlace('a full map says so, and forgets the one that did not fit', async (t, place) => {
  const members = membersOf(place.open({ mapSizes: { members: 1 } }), place.log)
  members.enroll({ cgroup: makeLabCgroup(place.undo, 'first', place.cgroup) })
  const second = makeLabCgroup(place.undo, 'second', place.cgroup)
  t.throws(() => members.enroll({ cgroup: second }), {
    message: 'map members is full: it holds 1 entries (--map-size members=N)',
  })
  t.equal(members.list().length, 1)
  t.equal(readdirSync(join(place.bpfFs, 'kmesh', 'members')).length, 1)
})

testAtPlace('members that are gone are dropped, those that only look so are not', async (t, place) => {
  const { members } = openWithServices(place)
  const cgroup = makeLabCgroup(place.undo, 'here', place.cgroup)
  const gone = join(place.cgroup, 'gone')
  mkdirSync(gone)
  const lostNetns = await makeNetns(place, 'lost')
  const sharedNetns = await makeNetns(place, 'shared')
  const first = await startSleeper(place, cgroup, 'nsenter', `--net=${sharedNetns}`)
  members.enroll({ cgroup })
  members.enroll({ cgroup: gone })
  members.enroll({ netns: lostNetns })
  members.enroll({ pid: first.pid })
  await first.stop()
  rmdirSync(gone)
  await deleteNamespace(basename(lostNetns))

  t.same(members.sweep(), [], 'not at the first look')
  t.same(
    members
      .sweep()
      .map(({ path }) => path)
      .sort(),
    [lostNetns, gone].sort(),
  )
  t.same(
    members
      .list()
      .map(({ path }) => path)
      .sort(),
    [cgroup, sharedNetns].sort(),
    'found under another name',
  )
  t.same([...members.sweep(), ...members.sweep()], [])
})

testAtPlace('a sweep looks at a bounded number, and goes on from there', async (t, place) => {
  const { members } = openWithServices(place)
  const gone = Array.from({ length: 5 }, (_, at) => join(place.cgroup, `gone-${at}`))
  for (const cgroup of gone) {
    mkdirSync(cgroup)
    members.enroll({ cgroup })
    rmdirSync(cgroup)
  }
  let dropped = 0
  for (let sweeps = 0; sweeps < 20; sweeps++) dropped += members.sweep(2).length
  t.equal(dropped, 5)
})

testAtPlace('the cookie of a namespace, by a probe as on old kernels', async (t, place) => {
  const netns = await makeNetns(place, 'cookie')
  const probe = netnsCookieReader(false, place.cgroup, place.log)
  const cookie = probe(netns)
  t.ok(cookie > 0n)
  t.equal(probe(netns), cookie)
  t.not(probe('/proc/self/ns/net'), cookie)
  if (hasNetnsCookieOption()) t.equal(netnsCookieReader(true, place.cgroup, place.log)(netns), cookie)
  t.throws(() => probe('/etc/passwd'), { message: /^\/etc\/passwd: / })
})
