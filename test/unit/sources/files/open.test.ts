import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openFileSource } from '../../../../controller/sources/files/open.ts'
import { endpointAt, eventually, LiveFolder, writeSlowly } from './folder-support.ts'
import { service } from './support.ts'

const REVIEWS = service('reviews', 'clusterIP: 10.96.0.20\nports: [{name: http, port: 9080}]')

function live(t: { teardown: (undo: () => Promise<void>) => void }): LiveFolder {
  const folder = new LiveFolder()
  t.teardown(() => folder.close())
  folder.write('reviews.yaml', REVIEWS)
  folder.write('endpoints.yaml', endpointAt('10.1.0.1'))
  return folder
}

t.test('the first mesh holds all files, also below folders, of all three endings', async (t) => {
  const folder = live(t)
  folder.write('a/b/c.yml', endpointAt('10.1.0.2', 'two'))
  folder.write(
    'json/x.json',
    JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'j' }, spec: { clusterIP: '10.0.0.1' } }),
  )
  await folder.open()
  t.equal(folder.count, 1)
  t.same(folder.addresses(), ['10.1.0.1', '10.1.0.2'])
  t.equal(folder.mesh.services.size, 2)
  t.same(folder.problems, [])
})

t.test('hidden files, backups and other endings are passed over', async (t) => {
  const folder = live(t)
  for (const name of ['.x.yaml', 'x.yaml~', 'x.yaml.bak', '#x.yaml#', '.git/x.yaml', 'x.txt', 'x.yaml.swp']) {
    folder.write(name, service(`s${name.length}`, 'clusterIP: 10.0.0.1'))
  }
  await folder.open()
  t.equal(folder.mesh.services.size, 1)
})

t.test('a folder that is not there is an error at once', async (t) => {
  const { ready } = openFileSource('/nonexistent/kmesh', { clusterDomain: 'cluster.local', onMesh: () => undefined })
  await t.rejects(ready, { message: /^\/nonexistent\/kmesh cannot be read: ENOENT/ })
})

t.test('an empty folder is an empty mesh', async (t) => {
  const folder = new LiveFolder()
  t.teardown(() => folder.close())
  await folder.open()
  t.equal(folder.count, 1)
  t.equal(folder.mesh.services.size, 0)
})

t.test('a file renamed into the folder is in force, and everything else stays the object it was', async (t) => {
  const folder = live(t)
  folder.write('other.yaml', service('other', 'clusterIP: 10.96.0.21\nports: [{port: 80}]'))
  await folder.open()
  const { services, workloads } = folder.mesh
  folder.put('endpoints.yaml', endpointAt('10.1.0.2'))
  await eventually(() => folder.addresses().join() === '10.1.0.2')
  const other = 'default/other.default.svc.cluster.local'
  t.equal(folder.mesh.services.get(other), services.get(other))
  t.equal(folder.mesh.workloads, workloads)
  t.equal(folder.count, 2)
})

t.test('a file with the same content changes nothing', async (t) => {
  const folder = live(t)
  await folder.open()
  folder.put('endpoints.yaml', endpointAt('10.1.0.1'))
  folder.put('marker.yaml', service('marker', 'clusterIP: 10.0.0.1'))
  await eventually(() => folder.mesh.services.size === 2)
  t.equal(folder.count, 2)
})

t.test('a file edited in place is read when it is whole', async (t) => {
  const folder = live(t)
  await folder.open()
  const seen = new Set<string>()
  truncateSync(folder.at('endpoints.yaml'))
  const steady = await writeSlowly(folder.at('endpoints.yaml'), endpointAt('10.1.0.3'), () => {
    seen.add(folder.addresses().join())
  })
  await eventually(() => folder.addresses().join() === '10.1.0.3')
  if (steady) t.same([...seen], ['10.1.0.1'], 'no half of it was ever in force')
  t.same(folder.problems, [])
})

t.test('a new file that is written slowly is read when it is whole', async (t) => {
  const folder = live(t)
  await folder.open()
  const seen = new Set<number>()
  const steady = await writeSlowly(folder.at('new.yaml'), endpointAt('10.1.0.2', 'two'), () => {
    seen.add(folder.problems.length)
  })
  await eventually(() => folder.addresses().includes('10.1.0.2'))
  if (steady) t.same([...seen], [0], 'no half of it was ever complained about')
})

t.test('a temporary file beside its target is passed over until it is renamed', async (t) => {
  const folder = live(t)
  await folder.open()
  for (const draft of ['endpoints.yaml.tmp', '.endpoints.yaml.1', 'endpoints.new']) {
    const address = `10.1.3.${draft.length}`
    writeFileSync(folder.at(draft), endpointAt(address))
    renameSync(folder.at(draft), folder.at('endpoints.yaml'))
    await eventually(() => folder.addresses().join() === address)
  }
  t.equal(folder.count, 4)
})

t.test('a reload looks at everything and ends when it is in force', async (t) => {
  const folder = live(t)
  await folder.open()
  t.equal(folder.fileCount, 2)
  writeFileSync(folder.aside('far.yaml'), endpointAt('10.1.0.2', 'two'))
  await sleep(30)
  renameSync(folder.aside('far.yaml'), folder.at('far.yaml'))
  await folder.reload()
  t.same(folder.addresses(), ['10.1.0.1', '10.1.0.2'])
  t.equal(folder.fileCount, 3)
})

t.test('a file is no folder', async (t) => {
  const folder = live(t)
  const { ready } = openFileSource(folder.at('reviews.yaml'), { clusterDomain: 'x', onMesh: () => undefined })
  await t.rejects(ready, { message: /cannot be read: ENOTDIR/ })
})

t.test('a file that is deleted takes its resources with it', async (t) => {
  const folder = live(t)
  await folder.open()
  unlinkSync(folder.at('endpoints.yaml'))
  await eventually(() => folder.addresses().length === 0)
  t.equal(folder.mesh.services.size, 1)
})

t.test('a file that is away for a moment is not missed', async (t) => {
  const folder = live(t)
  await folder.open()
  renameSync(folder.at('endpoints.yaml'), folder.at('endpoints.yaml.bak'))
  writeFileSync(folder.at('endpoints.yaml'), endpointAt('10.1.0.5'))
  await eventually(() => folder.addresses().join() === '10.1.0.5')
  t.equal(folder.count, 2)
})

t.test('a broken file leaves what it said in force, and says where it is broken', async (t) => {
  const folder = live(t)
  await folder.open()
  const before = folder.mesh
  folder.put('endpoints.yaml', `${endpointAt('10.1.0.2')}\n  x: [1, 2\n`)
  await eventually(() => folder.problems.length > 0)
  t.equal(folder.mesh, before)
  t.match(folder.problems, [
    {
      severity: 'error',
      resource: 'EndpointSlice default/reviews-1',
      message: /\(what this file said before stays in force\)$/,
      place: { file: folder.at('endpoints.yaml'), line: Number },
    },
  ])
  folder.put('endpoints.yaml', endpointAt('10.1.0.2'))
  await eventually(() => folder.addresses().join() === '10.1.0.2')
  t.same(folder.problems, [])
})

const UNREADABLE: Readonly<Record<string, [content: string | Buffer, message: RegExp]>> = {
  'text that is not UTF-8': [Buffer.from('a: 1\nb: \xff\xfe\n', 'latin1'), /^is not UTF-8 text/],
  'a file that is too large': [
    Buffer.alloc(50_000_000, 0x23),
    /^has 50000000 bytes, more than the 41943040 that one file may have: split it/,
  ],
  'a file with nothing in it': ['# nothing\n---\n', /^is empty$/],
}

for (const [behaviour, [content, message]] of Object.entries(UNREADABLE)) {
  t.test(`reported by one line: ${behaviour}`, async (t) => {
    const folder = live(t)
    writeFileSync(folder.at('odd.yaml'), content)
    await folder.open()
    t.equal(folder.problems.length, 1)
    t.match(folder.messages()[0], message)
    t.equal(folder.mesh.services.size, 1)
  })
}

t.test('folders that come and go bring and take their files', async (t) => {
  const folder = live(t)
  await folder.open()
  mkdirSync(folder.aside('more'))
  writeFileSync(folder.aside('more/a.yaml'), endpointAt('10.1.0.2', 'two'))
  renameSync(folder.aside('more'), folder.at('more'))
  await eventually(() => folder.addresses().length === 2)
  writeFileSync(folder.at('more/b.yaml'), endpointAt('10.1.0.3', 'three'))
  await eventually(() => folder.addresses().length === 3)
  mkdirSync(folder.at('new/deep'), { recursive: true })
  writeFileSync(folder.at('new/deep/c.yaml'), endpointAt('10.1.0.4', 'four'))
  await eventually(() => folder.addresses().length === 4)
  rmSync(folder.at('more'), { recursive: true })
  await eventually(() => folder.addresses().length === 2)
})

t.test('a ConfigMap mount is followed when its data is swapped', async (t) => {
  const folder = new LiveFolder()
  t.teardown(() => folder.close())
  const publish = (version: string, address: string): void => {
    mkdirSync(folder.at(`..${version}`))
    writeFileSync(folder.at(`..${version}/endpoints.yaml`), endpointAt(address))
    writeFileSync(folder.at(`..${version}/reviews.yaml`), REVIEWS)
    symlinkSync(`..${version}`, folder.at('..data_tmp'))
    renameSync(folder.at('..data_tmp'), folder.at('..data'))
  }
  publish('1', '10.1.0.1')
  for (const name of ['endpoints.yaml', 'reviews.yaml']) symlinkSync(`..data/${name}`, folder.at(name))
  await folder.open()
  t.same(folder.addresses(), ['10.1.0.1'])
  for (const [version, address] of [
    ['2', '10.1.0.2'],
    ['3', '10.1.0.3'],
  ] as const) {
    publish(version, address)
    rmSync(folder.at(`..${Number(version) - 1}`), { recursive: true })
    await eventually(() => folder.addresses().join() === address)
    t.same(folder.problems, [])
  }
})

t.test('a file that a link leads to is watched where it is', async (t) => {
  const folder = live(t)
  writeFileSync(folder.aside('far.yaml'), endpointAt('10.1.0.2', 'two'))
  symlinkSync(folder.aside('far.yaml'), folder.at('far.yaml'))
  await folder.open()
  t.equal(folder.addresses().length, 2)
  writeFileSync(folder.aside('far.yaml'), endpointAt('10.1.0.9', 'two'))
  await eventually(() => folder.addresses().includes('10.1.0.9'))
})

t.test('folders that contain themselves by a link are read once', async (t) => {
  const folder = live(t)
  symlinkSync(folder.path, folder.at('again'))
  await folder.open()
  t.same(folder.problems, [])
  t.equal(folder.mesh.services.size, 1)
})

t.test('a folder that vanishes leaves everything in force, and is read when it is back', async (t) => {
  const folder = live(t)
  await folder.open()
  const before = folder.mesh
  renameSync(folder.path, folder.aside('away'))
  await eventually(() => folder.problems.length > 0)
  t.equal(folder.mesh, before)
  t.match(folder.messages()[0], /^cannot be read: ENOENT/)
  renameSync(folder.aside('away'), folder.path)
  folder.put('endpoints.yaml', endpointAt('10.1.0.2'))
  await eventually(() => folder.addresses().join() === '10.1.0.2')
  t.same(folder.problems, [])
})

t.test('after 200 renames in quick succession the last one is in force', async (t) => {
  const folder = live(t)
  await folder.open()
  for (let n = 0; n < 200; n++) {
    folder.put('endpoints.yaml', endpointAt(`10.1.1.${n}`))
    if (n % 3 === 0) await sleep(1)
  }
  await eventually(() => folder.addresses().join() === '10.1.1.199')
  t.same(folder.problems, [])
})

t.test('files renamed together give one mesh', async (t) => {
  const folder = live(t)
  await folder.open()
  for (let n = 0; n < 20; n++) writeFileSync(folder.aside(`s${n}`), endpointAt(`10.1.2.${n}`, `s${n}`))
  await sleep(30)
  for (let n = 0; n < 20; n++) renameSync(folder.aside(`s${n}`), folder.at(`s${n}.yaml`))
  await eventually(() => folder.addresses().length === 21)
  t.equal(folder.count, 2)
})

t.test('nothing is given any more after closing', async (t) => {
  const folder = live(t)
  await folder.open()
  await folder.close()
  t.equal(folder.count, 1)
})
