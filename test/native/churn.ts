/** A worker thread that adds entries to a pinned map and takes them out again, until it is ended. */
import { parentPort, workerData } from 'node:worker_threads'
import { native } from '../../native/index.ts'
import { u32, u32Range } from './places.ts'

const { path, first, count } = workerData as { path: string; first: number; count: number }
const map = native().openPinnedMap(path)
const keys = u32Range(first, count)
parentPort?.postMessage('started')
for (;;) {
  for (let key = first; key < first + count; key++) map.update(u32(key), u32(1))
  map.deleteBatch(keys, count)
}
