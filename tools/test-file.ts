/**
 * Runs one compiled test file in a process group of its own, for a limited time.
 * What it leaves running is a failure, and ended.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Outcome, readTap } from './tap-output.ts'

const TERM_GRACE_MS = 5000
/** After its own time limit node-tap fails the test by name and lets it clean up, for 10 s at most. */
const TAP_GRACE_SECONDS = 30

/** Never throws: what goes wrong with the file is a failure in it. */
export async function runTestFile(file: string, seconds: number, interrupt: AbortSignal): Promise<Outcome> {
  const child = spawn(process.execPath, ['--enable-source-maps', file], {
    detached: true, // leads a process group
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TAP_TIMEOUT: String(seconds) },
  })
  const group = child.pid
  if (group === undefined) return broken(`cannot start ${process.execPath}`)
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000)
  })

  let timedOut = false
  const end = () => {
    signal(group, 'SIGTERM')
    setTimeout(() => signal(group, 'SIGKILL'), TERM_GRACE_MS).unref()
  }
  const limit = seconds + TAP_GRACE_SECONDS
  const timer = setTimeout(() => {
    timedOut = true
    end()
  }, limit * 1000)
  interrupt.addEventListener('abort', end, { once: true })
  const closed = once(child, 'close')
  const status = await new Promise<number | string>((resolve) => {
    child.on('exit', (code, by) => resolve(code ?? by ?? 1))
  })
  clearTimeout(timer)
  interrupt.removeEventListener('abort', end)
  const left = await endGroup(group)
  // All output is there when the pipes close; a process outside the group may hold them open.
  await Promise.race([closed, sleep(2000)])
  child.stdout.destroy()
  child.stderr.destroy()

  const outcome = readTap(output)
  const problems: string[] = []
  if (timedOut) problems.push(`still running after ${limit} s`)
  else if (outcome === undefined) problems.push(`ended with ${status} before its last test`)
  else if (status !== 0 && outcome.failed === 0) problems.push(`ended with ${status}`)
  if (left.length > 0) problems.push(`left running: ${left.join(', ')}`)
  return [outcome ?? nothing, ...problems.map((problem) => broken(problem, errors))].reduce(add, nothing)
}

export const nothing: Outcome = { passed: 0, failed: 0, skipped: [], failures: [] }

export function add(sum: Outcome, one: Outcome): Outcome {
  return {
    passed: sum.passed + one.passed,
    failed: sum.failed + one.failed,
    skipped: [...sum.skipped, ...one.skipped],
    failures: [...sum.failures, ...one.failures],
  }
}

function broken(problem: string, errors = ''): Outcome {
  const details = errors.trim() === '' ? [] : errors.trim().split('\n')
  return { ...nothing, failed: 1, failures: [{ name: problem, details }] }
}

/** Gives the group a moment to end by itself, then ends it. @returns the commands that had to be ended */
async function endGroup(group: number): Promise<readonly string[]> {
  for (let tries = 0; tries < 10; tries++) {
    if (!signal(group, 0) || commandsOf(group).length === 0) return []
    await sleep(100)
  }
  const left = commandsOf(group)
  signal(group, 'SIGKILL')
  return left
}

/** The live processes of a group, zombies apart: those wait for init, not for us. */
function commandsOf(group: number): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return []
    try {
      // proc(5): pid (comm) state ppid pgrp ...; comm may hold blanks and brackets
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(processGroup) !== group || state === 'Z') return []
      return [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()]
    } catch {
      return [] // it ended meanwhile
    }
  })
}

/** @returns false: the group has no process any more */
function signal(group: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-group, name)
  } catch {
    return false
  }
}
