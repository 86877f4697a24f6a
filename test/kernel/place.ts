/** A cgroup and a BPF filesystem of a test's own, gone at its end with all that is in them. */
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { cleanup } from '../../controller/kernel/cleanup.ts'
import type { Dataplane } from '../../controller/kernel/dataplane.ts'
import type { Log } from '../../controller/kernel/error.ts'
import { type DataplaneOptions, openDataplane } from '../../controller/kernel/open.ts'
import { makeLabCgroup } from '../../lab/cgroup.ts'
import { UndoStack } from '../../lab/undo.ts'

const needsRoot = process.getuid?.() === 0 ? false : 'needs root'
export const timeScale = Number(process.env['KMESH_TIME_SCALE'] ?? 1)

export interface Place {
  readonly undo: UndoStack
  readonly cgroup: string
  readonly bpfFs: string
  /** what was logged, a line each, with its level */
  readonly lines: string[]
  readonly log: Log
  readonly open: (options?: Partial<DataplaneOptions>) => Dataplane
}

let places = 0

/** A test with a place of its own; that nothing of it stays behind is one more assertion. */
export function testAtPlace(name: string, body: (t: Test, place: Place) => Promise<void>): void {
  t.test(name, { skip: needsRoot }, async (t) => {
    const place = makePlace()
    try {
      await body(t, place)
    } finally {
      t.same(await place.undo.run(), [], 'nothing is left behind')
    }
  })
}

function makePlace(): Place {
  const undo = new UndoStack()
  const name = `kmesh-test-kernel-${process.pid}-${places++}`
  const cgroup = makeLabCgroup(undo, name)
  const folder = mkdtempSync(join(tmpdir(), `${name}-`))
  undo.push(folder, () => rmdirSync(folder))
  const bpfFs = join(folder, 'bpf')
  const lines: string[] = []
  const write = (level: string) => (message: string) => void lines.push(`${level} ${message}`)
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  undo.push('pins', () => {
    const { left } = cleanup(bpfFs, log)
    if (left.length > 0) throw new Error(left.join('; '))
  })
  const open = (options: Partial<DataplaneOptions> = {}): Dataplane => {
    const dataplane = openDataplane({ cgroupPath: cgroup, bpfFsPath: bpfFs, log, ...options })
    undo.push('data plane', () => dataplane.close())
    return dataplane
  }
  return { undo, cgroup, bpfFs, lines, log, open }
}
