import t from 'tap'
import type { FileStamp } from '../../../../controller/sources/files/folder.ts'
import { QUIET_MS, Settling } from '../../../../controller/sources/files/settling.ts'

const written = (inode: string, at: number, size = 10): FileStamp => ({ inode, size, modified: at, changed: at })
const renamed = (inode: string, at: number): FileStamp => ({ inode, size: 10, modified: at - 5, changed: at })

t.test('a file that was renamed into the folder is read at once', async (t) => {
  t.equal(new Settling().look('a', renamed('1', 100), 100), 0)
})

t.test('a file that is written in place is read when it rests', async (t) => {
  const settling = new Settling()
  t.equal(settling.look('a', written('1', 100, 0), 100), QUIET_MS)
  t.equal(settling.look('a', written('1', 110, 20), 110), QUIET_MS, 'it grew')
  t.equal(settling.look('a', written('1', 110, 20), 110 + QUIET_MS - 5), 5)
  t.equal(settling.look('a', written('1', 110, 20), 110 + QUIET_MS), 0)
})

t.test('a file that never rests is read as it is', async (t) => {
  const settling = new Settling()
  let now = 0
  while (settling.look('a', written('1', now, now), now) > 0) now += 10
  t.ok(now >= 1000 && now <= 5000, `after ${now} ms`)
})

t.test('a file that is replaced faster than it could rest is read nevertheless', async (t) => {
  const settling = new Settling()
  t.equal(settling.look('a', written('1', 100), 100), QUIET_MS)
  t.equal(settling.look('a', written('2', 105), 105), 0)
})

t.test('a file that is gone is waited for, as editors take it away for a moment', async (t) => {
  const settling = new Settling()
  t.equal(settling.look('a', undefined, 100), QUIET_MS)
  t.equal(settling.look('a', undefined, 100 + QUIET_MS), 0)
})

t.test('each file rests for itself', async (t) => {
  const settling = new Settling()
  settling.look('a', written('1', 100), 100)
  t.equal(settling.look('b', written('2', 110), 100 + QUIET_MS), QUIET_MS)
  t.equal(settling.look('a', written('1', 100), 100 + QUIET_MS), 0)
})
