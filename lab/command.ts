/** Commands of the machine: `ip`, `mount` and what runs inside a lab. */
import { execFile } from 'node:child_process'

/** @returns standard output @throws Error with the command and the first line it complained with */
export function run(command: string, ...args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const why = stderr.trim().split('\n')[0] || error.message
      reject(new Error(`${command} ${args.join(' ')}: ${why}`))
    })
  })
}
