/** YAML files to the tables of a store, by the parts that the daemon is made of. Time passes only as it is told to. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TABLES } from '../../controller/abi/tables.ts'
import { type Compiled, compile } from '../../controller/compiler/compile.ts'
import { dumpTables } from '../../controller/compiler/dump.ts'
import { dumpLines } from '../../controller/compiler/dump-text.ts'
import { DEFAULT_LIMITS } from '../../controller/compiler/limits.ts'
import type { NodeView } from '../../controller/model/mesh.ts'
import type { Problem } from '../../controller/model/problem.ts'
import { createReconciler, type Outcome } from '../../controller/reconcile/reconciler.ts'
import type { MapStore } from '../../controller/reconcile/store.ts'
import { MeshBuilder } from '../../controller/sources/files/build/mesh.ts'
import { readFile } from '../../controller/sources/files/read-file.ts'
import { ResourceStore } from '../../controller/sources/files/store.ts'
import { createTestClock } from '../support/clock.ts'

const GRACE_MS = 1000
const CLUSTER_DOMAIN = 'cluster.local'

/** Longer than any retry and than the time of grace. */
const LONG_MS = 100_000

export interface World {
  view: NodeView
  /** @param files all that the folder holds now, by their names */
  push(files: ReadonlyMap<string, string>): void
  /** Lets all timers run; what is left then is there to stay. */
  settle(): void
  dump(): readonly string[]
  problems(): readonly string[]
  /** entries written and deleted since the last push began */
  writes(): number
  readonly settled: boolean
  close(): void
}

export function createWorld(store: MapStore): World {
  const folder = mkdtempSync(join(tmpdir(), `kmesh-test-scenarios-${process.pid}-`))
  const resources = new ResourceStore()
  const builder = new MeshBuilder(resources, { clusterDomain: CLUSTER_DOMAIN, rootNamespace: 'istio-system' })
  const { now, schedule, advance } = createTestClock()
  let outcome: Outcome = { settled: true, waiting: [], problems: [] }
  const onOutcome = (next: Outcome): void => {
    outcome = next
  }
  const reconciler = createReconciler({ store, now, schedule, graceMs: GRACE_MS, onOutcome })
  reconciler.adopt()
  const done = () => reconciler.stats.written + reconciler.stats.deleted
  let present: ReadonlySet<string> = new Set()
  let problems: readonly Problem[] = []
  let compiled: Compiled | undefined
  let before = 0

  return {
    view: { name: '', locality: { region: '', zone: '', subzone: '' } },
    push(files) {
      const paths = new Map(Array.from(files, ([name, text]) => [join(folder, `${name}.yaml`), text]))
      for (const path of present) if (!paths.has(path)) resources.remove(path)
      for (const [path, text] of paths) {
        writeFileSync(path, text)
        readFile(path, resources, CLUSTER_DOMAIN)
      }
      present = new Set(paths.keys())
      const built = builder.build(new Map())
      compiled = compile(built.mesh, this.view, DEFAULT_LIMITS, compiled)
      problems = [...resources.problems(), ...built.problems, ...compiled.problems]
      before = done()
      outcome = reconciler.apply(compiled)
    },
    settle() {
      outcome = reconciler.flush()
      advance(LONG_MS)
    },
    dump() {
      if (compiled === undefined) return []
      const tables = new Map(TABLES.map((table) => [table, store.dump(table)]))
      return dumpLines(dumpTables(tables, compiled.directory))
    },
    problems: () => [...problems, ...outcome.problems].map(lineOf),
    writes: () => done() - before,
    get settled() {
      return outcome.settled
    },
    close() {
      reconciler.close()
      rmSync(folder, { recursive: true })
    },
  }
}

function lineOf({ severity, resource, field, message }: Problem): string {
  return `${[severity, resource, field].filter((word) => word !== '').join(' ')}: ${message}`
}
