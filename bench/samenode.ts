/** What joining both ends of a connection below TCP gains, between two namespaces of one node. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Daemon } from '../lab/daemon.ts'
import type { UndoStack } from '../lab/undo.ts'
import { runLoad, startServer } from './load.ts'
import type { Bench } from './main.ts'
import { ratio, runRounds, type Variant } from './rounds.ts'
import { buildTopology, SERVICE_ADDRESS, SERVICE_PORT } from './topology.ts'

const SIZES = { request: 1024, response: 1024 }
const [MESH_PORT, DIRECT_PORT] = [9001, 9002]
const SECONDS = 1.5

export const samenode: Bench = {
  summary: 'requests of 1 KB and responses of 1 KB over 16 and 32 connections: socket lane against direct TCP',
  async run(undo: UndoStack, { rounds, progress }) {
    const { client, server, daemon, mesh, direct } = await buildTopology(undo, MESH_PORT)
    await waitForSocketLane(daemon)
    await startServer(undo, mesh(server), server.ipv4, MESH_PORT, SIZES)
    await startServer(undo, direct(server), server.ipv4, DIRECT_PORT, SIZES)
    const routed = { ...SIZES, address: SERVICE_ADDRESS, port: SERVICE_PORT, kind: 'keep', seconds: SECONDS } as const
    const straight = { ...routed, address: server.ipv4, port: DIRECT_PORT }
    // The very first connection only shows that the server is near.
    await runLoad(undo, mesh(client), { ...routed, kind: 'short', seconds: 0.1, count: 1 })
    const variant = (name: string, through: boolean, count: number): Variant => ({
      name,
      run: () => runLoad(undo, (through ? mesh : direct)(client), { ...(through ? routed : straight), count }),
    })
    const variants = [
      variant('direct_16', false, 16),
      variant('mesh_16', true, 16),
      variant('direct_32', false, 32),
      variant('mesh_32', true, 32),
    ]
    const measured = await runRounds(variants, rounds, 'per_second', progress)
    return {
      ...measured,
      ratios: {
        samenode_rps: ratio(measured.rounds, 'per_second', 'mesh_32', 'direct_32'),
        samenode_rps_16: ratio(measured.rounds, 'per_second', 'mesh_16', 'direct_16'),
      },
    }
  },
}

interface Lanes {
  readonly lanes: readonly { readonly lane: string; readonly state: string; readonly reason: string }[]
}

/** Its self-test takes some seconds. @throws with the reason where the lane stays off */
async function waitForSocketLane(daemon: Daemon): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const { lanes } = JSON.parse(await daemon.kmeshctl('status', '-o', 'json')) as Lanes
    const found = lanes.find(({ lane }) => lane === 'socket')
    if (found?.state === 'on') return
    if (attempt === 100) throw new Error(`the socket lane is off: ${found?.reason ?? 'not in the status'}`)
    await sleep(200)
  }
}
