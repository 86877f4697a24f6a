/** One process at a time works on a set of pins. The lock ends with its holder. */
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { native } from '../../native/index.ts'
import { errnoOf, KernelError } from './error.ts'

/** Makes the directory where there is none. @returns a descriptor; closing it gives the lock back. @throws KernelError while another process has it */
export function lockPins(directory: string): number {
  const { lock, closeFd } = native()
  for (;;) {
    // It may go at any time: whoever cleans up holds the lock meanwhile.
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const ino = statSync(directory, { throwIfNoEntry: false })?.ino
    let fd: number
    try {
      fd = lock(directory)
    } catch (error) {
      if (errnoOf(error) !== 'EWOULDBLOCK' && errnoOf(error) !== 'EAGAIN') throw error
      const holder = holderOf(ino)
      const who = holder === undefined ? 'another process' : `process ${holder}`
      throw new KernelError('in-use', `${directory} is in use by ${who}: one daemon at a time`)
    }
    if (ino !== undefined && statSync(directory, { throwIfNoEntry: false })?.ino === ino) return fd
    closeFd(fd)
  }
}

/** A line of /proc/locks: `1: FLOCK  ADVISORY  WRITE 4711 00:29:16385 0 EOF` */
function holderOf(inode: number | undefined): string | undefined {
  const lines = readFileSync('/proc/locks', 'utf8').split('\n')
  return lines
    .map((line) => /FLOCK\s+\S+\s+\S+\s+(\d+)\s+[0-9a-f]+:[0-9a-f]+:(\d+)/.exec(line))
    .find((match) => match?.[2] === String(inode))?.[1]
}
