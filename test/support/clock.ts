/** Time that passes only when a test says so. */
export interface TestClock {
  readonly now: () => number
  readonly schedule: (task: () => void, ms: number) => () => void
  /** Runs what is due until then, in order. */
  advance(ms: number): void
  /** tasks that wait */
  readonly pending: number
}

export function createTestClock(): TestClock {
  let time = 0
  const tasks = new Set<{ readonly at: number; readonly task: () => void }>()
  return {
    now: () => time,
    schedule(task, ms) {
      const entry = { at: time + ms, task }
      tasks.add(entry)
      return () => void tasks.delete(entry)
    },
    advance(ms) {
      const until = time + ms
      for (;;) {
        const [next] = [...tasks].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)
        if (next === undefined) break
        tasks.delete(next)
        time = Math.max(time, next.at)
        next.task()
      }
      time = until
    },
    get pending() {
      return tasks.size
    },
  }
}
