/** The networks of demo, benches and tests: pods reach each other, and nothing of them stays behind. */
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { inNamespace } from '../../lab/netns.ts'
import { Network } from '../../lab/network.ts'
import { UndoStack } from '../../lab/undo.ts'

const root = process.getuid?.() === 0

t.test(
  'two pods reach each other; afterwards nothing of them is left',
  {
    skip: root ? false : 'needs root',
  },
  async (t) => {
    const undo = new UndoStack()
    t.teardown(() => undo.run())
    const network = await Network.create(undo, 'test-lab')
    const [a, b] = [await network.addPod('a', 1), await network.addPod('b', 2)]
    for (const address of [b.ipv4, b.ipv6]) {
      await inNamespace(a.netns, 'bash', '-c', `exec 3<> /dev/udp/${address}/9; echo >&3`)
      const answered = new RegExp(`^${address} .*lladdr`, 'm')
      let neighbours = ''
      // As long as the kernel itself asks; then the entry says FAILED.
      while (!answered.test(neighbours) && !neighbours.includes(`${address} dev eth0 FAILED`)) {
        await sleep(50)
        neighbours = await inNamespace(a.netns, 'ip', 'neighbour')
      }
      t.match(neighbours, answered)
    }
    await t.rejects(network.addPod('a', 3), { code: 'EEXIST' }, 'a name is taken once')
    t.ok(existsSync(a.netnsPath), 'and stays with the first')

    t.same(await undo.run(), [])
    t.notOk(existsSync(a.netnsPath))
    t.notMatch(readFileSync('/proc/self/mounts', 'utf8'), network.prefix)
  },
)
