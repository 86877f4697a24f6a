/**
 * A process that holds a data plane, to be killed at any moment: opens, fills, activates,
 * closes, again and again, each time as the next of its turns says. The last one is kept open.
 */
import { openDataplane } from '../../controller/kernel/open.ts'
import { type Holder, SERVICE_ID } from './holder-turns.ts'
import { writeService } from './tables.ts'

const { cgroupPath, bpfFsPath, service, turns } = JSON.parse(process.argv[2] ?? '') as Holder
const silent = (): void => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }
console.log('started')
for (const [turn, size] of turns.entries()) {
  const dataplane = openDataplane({ cgroupPath, bpfFsPath, mapSizes: { frontends: size }, log })
  writeService(dataplane.store, { ...service, id: SERVICE_ID })
  dataplane.activate()
  if (turn < turns.length - 1) dataplane.close()
}
console.log('active')
setInterval(() => undefined, 1000)
