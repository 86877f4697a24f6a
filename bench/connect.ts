/** What the connect lane costs: new connections through a service against connections straight to its endpoint. */
import type { UndoStack } from '../lab/undo.ts'
import { runLoad, startServer } from './load.ts'
import type { Bench } from './main.ts'
import { medianOf, ratio, runRounds, type Variant } from './rounds.ts'
import { buildTopology, SERVICE_ADDRESS, SERVICE_PORT } from './topology.ts'

const SIZES = { request: 64, response: 64 }
const [MESH_PORT, DIRECT_PORT] = [9001, 9002]
const SECONDS = 1.5

export const connect: Bench = {
  summary: 'connections per second and the established path: connect lane against direct',
  async run(undo: UndoStack, { rounds, progress }) {
    const topology = await buildTopology(undo, MESH_PORT, { flags: ['--lanes', 'connect'] })
    const { client, server, mesh, direct } = topology
    await startServer(undo, mesh(server), server.ipv4, MESH_PORT, SIZES)
    await startServer(undo, direct(server), server.ipv4, DIRECT_PORT, SIZES)
    const routed = { ...SIZES, address: SERVICE_ADDRESS, port: SERVICE_PORT, seconds: SECONDS }
    const straight = { ...SIZES, address: server.ipv4, port: DIRECT_PORT, seconds: SECONDS }
    const variant = (name: string, kind: 'short' | 'keep', through: boolean, count: number): Variant => ({
      name,
      run: () => runLoad(undo, (through ? mesh : direct)(client), { ...(through ? routed : straight), kind, count }),
    })
    const variants = [
      variant('direct_short', 'short', false, 4),
      variant('mesh_short', 'short', true, 4),
      variant('direct_keep', 'keep', false, 32),
      variant('mesh_keep', 'keep', true, 32),
    ]
    const measured = await runRounds(variants, rounds, 'per_second', progress)
    return {
      ...measured,
      ratios: {
        connect_lane_cps: ratio(measured.rounds, 'per_second', 'mesh_short', 'direct_short'),
        established: ratio(measured.rounds, 'per_second', 'mesh_keep', 'direct_keep'),
        direct_per_second: medianOf(measured.rounds, 'per_second', 'direct_short'),
        added_p50_us:
          medianOf(measured.rounds, 'p50_us', 'mesh_short') - medianOf(measured.rounds, 'p50_us', 'direct_short'),
      },
    }
  },
}
