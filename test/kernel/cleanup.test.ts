/** What takes us off a machine. */
import { existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { cleanup } from '../../controller/kernel/cleanup.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { start, stop } from '../../lab/process.ts'
import { native } from '../../native/index.ts'
import { testAtPlace, timeScale } from './place.ts'

testAtPlace('a cleaned-up machine has no trace of us', async (t, place) => {
  const dataplane = place.open()
  dataplane.activate()
  const own = makeLabCgroup(place.undo, 'kmesh-run-1', place.cgroup)
  makeLabCgroup(place.undo, 'kmesh-run-below', own)
  const foreign = makeLabCgroup(place.undo, 'foreign', place.cgroup)
  const busy = makeLabCgroup(place.undo, 'kmesh-run-2', place.cgroup)
  const sleeper = start(place.undo, { cgroup: busy }, ['sleep', '60'])
  const programs = dataplane.programs().map(({ id }) => id)
  t.throws(() => cleanup(place.bpfFs, place.log), { code: 'in-use', message: RegExp(`by process ${process.pid}:`) })
  dataplane.close()

  const { removed, left } = cleanup(place.bpfFs, place.log)
  t.match(left, [/^cgroup .*kmesh-run-2: processes are in it$/])
  t.equal(removed.filter((what) => what.startsWith('attachment')).length, programs.length)
  t.notOk(existsSync(place.bpfFs), 'neither the mount nor its directory')
  t.same(
    readdirSync(place.cgroup).filter((name) => name.startsWith('kmesh-')),
    ['kmesh-run-2'],
  )
  t.ok(existsSync(foreign), 'cgroups of others stay')
  await t.resolves(areGone(programs), 'the programs are gone')
  await stop(sleeper)
  t.same(cleanup(place.bpfFs, place.log), { removed: [], left: [] }, 'once more does nothing')
})

testAtPlace('a clean-up copes with pins that are broken', async (t, place) => {
  const dataplane = place.open()
  dataplane.activate()
  const programs = dataplane.programs().map(({ id }) => id)
  dataplane.close()
  const pins = join(place.bpfFs, 'kmesh')
  unlinkSync(join(pins, 'maps'))
  unlinkSync(join(pins, 'generations', '1', 'settings'))
  unlinkSync(join(pins, 'links', 'connect4'))
  renameSync(join(pins, 'generations', '1', 'slots'), join(pins, 'links', 'connect4'))
  mkdirSync(join(pins, 'strange', 'folder'), { recursive: true })
  symlinkSync('nowhere', join(pins, 'members', 'cgroup-x'))
  t.same(cleanup(place.bpfFs, place.log).left, [])
  t.notOk(existsSync(place.bpfFs))
  await t.resolves(areGone(programs), 'the programs are gone')
})

testAtPlace('a BPF filesystem that others use stays mounted', async (t, place) => {
  place.open().close()
  symlinkSync('theirs', join(place.bpfFs, 'other'))
  t.match(cleanup(place.bpfFs, place.log).left, [/stays mounted: other is pinned in it$/])
  t.notOk(existsSync(join(place.bpfFs, 'kmesh')))
  unlinkSync(join(place.bpfFs, 'other'))
  t.same(cleanup(place.bpfFs, place.log).left, [])
  t.notOk(existsSync(place.bpfFs))
})

/** The kernel frees a program a moment after its last use. */
async function areGone(programs: readonly number[]): Promise<void> {
  for (let waited = 0; programs.some(isLoaded); waited += 20) {
    if (waited > 5000 * timeScale) throw new Error('programs are still loaded')
    await sleep(20)
  }
}

function isLoaded(programId: number): boolean {
  try {
    native().programById(programId).close()
    return true
  } catch {
    return false
  }
}
