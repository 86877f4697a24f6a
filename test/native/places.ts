/**
 * Where the tests of the addon happen: cgroups, network namespaces and a bpffs of their own,
 * which go away with the test that made them.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { type BpfObject, native, projectRoot } from '../../native/index.ts'

/** For t.test(name, needsRoot, ...). */
export const needsRoot = process.getuid?.() === 0 ? {} : { skip: 'needs root' }

const TIME_SCALE = Number(process.env['KMESH_TIME_SCALE'] ?? 1)
let places = 0

function uniqueName(): string {
  return `kmesh-test-native-${process.pid}-${++places}`
}

export function objectFile(name: string): string {
  return join(projectRoot(), 'build', 'test-bpf', `${name}.bpf.o`)
}

export function openTestObject(t: Test, name: string): BpfObject {
  const object = native().openObject(objectFile(name))
  t.teardown(() => object.close())
  return object
}

/** A folder for files. */
export function ownFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'kmesh-test-native-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A folder below which objects can be pinned. */
export function ownBpffs(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'kmesh-test-native-'))
  native().mountBpffs(folder)
  t.teardown(() => {
    native().unmount(folder)
    rmdirSync(folder)
  })
  return folder
}

/** A cgroup (v2) without processes. */
export function ownCgroup(t: Test): string {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/self/mounts', 'utf8'))?.[1]
  if (mount === undefined) throw new Error('cgroup2 is not mounted')
  const folder = join(mount, uniqueName())
  mkdirSync(folder)
  // The kernel takes a moment to part with a process that has ended.
  t.teardown(() => eventually(() => rmdirSync(folder)))
  return folder
}

/** The file of a network namespace with a working loopback. */
export async function ownNetns(t: Test): Promise<string> {
  const script = 'ip link set lo up && echo ready && exec sleep 600'
  const keeper = spawn('unshare', ['--net', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(keeper, 'close')
  t.teardown(async () => {
    keeper.kill('SIGKILL')
    await closed
  })
  await Promise.race([once(keeper.stdout, 'data'), closed])
  if (keeper.pid === undefined || keeper.exitCode !== null) throw new Error('unshare --net failed')
  return `/proc/${keeper.pid}/ns/net`
}

/** What a command prints, when it has ended with status 0. */
export async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [status] = (await once(child, 'close')) as [number | null]
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${output}`)
  return output
}

/** Tries until it does not throw: for what other parts of the system do in their own time. */
export async function eventually<T>(attempt: () => T): Promise<T> {
  for (const deadline = performance.now() + 5000 * TIME_SCALE; ; ) {
    try {
      return attempt()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await sleep(10)
  }
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

export function u64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

/** Packed keys first .. first + count - 1. */
export function u32Range(first: number, count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => u32(first + index)))
}
