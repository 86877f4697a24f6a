/** Every BPF object of the build loads on the kernel at hand, each of its programs passes the verifier. */
import { readdirSync } from 'node:fs'
import { release } from 'node:os'
import { basename, join } from 'node:path'
import t from 'tap'
import { type BpfError, native, projectRoot } from '../../native/index.ts'

const folder = join(projectRoot(), 'build', 'bpf')
const objects = readdirSync(folder).filter((name) => name.endsWith('.bpf.o'))

t.test(`kernel ${release()} loads the BPF objects`, { skip: process.getuid?.() !== 0 && 'needs root' }, async (t) => {
  t.ok(objects.length > 0, 'there are objects')
  for (const name of objects) {
    const object = native().openObject(join(folder, name))
    try {
      object.load()
      t.pass(`${name} loads`)
      for (const { name: program, section } of object.names().programs) {
        const loaded = object.program(program)
        t.match(loaded.tag, /^[0-9a-f]{16}$/, `${basename(name, '.bpf.o')}: ${section} ${program} is in the kernel`)
        t.comment(`${section} ${program}: ${loaded.verifiedInsns} instructions verified`)
        loaded.close()
      }
    } catch (error) {
      const { message, bpfLog } = error as BpfError
      t.fail(`${name}: ${message}`, { log: bpfLog?.split('\n').slice(-60).join('\n') })
    } finally {
      object.close()
    }
  }
})
