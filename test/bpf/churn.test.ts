/**
 * A service that changes all the time, under load: every connection reaches an endpoint of the old set or of the new
 * one. Unlike the controller, which waits, this test deletes the old slots at once, so their memory is used again while
 * it is being read; and the other entries that get it lead to an endpoint that nobody may reach.
 */

import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { makeStage, rooted } from './stage.ts'
import { deleteSet, frontendKey, putService, type Target, TCP, UDP } from './tables.ts'

const VIP = '10.96.0.80'
const DECOY = '10.96.0.81'
const SLOW = Number(process.env['KMESH_TIME_SCALE'] ?? 1) > 1
const FLIPS = SLOW ? 400 : 2000

t.test('a service under churn', rooted, async (t) => {
  const { client, lane, server, serverPod } = await makeStage(t, 'churn')
  const at = (port: number): Target => ({ address: serverPod.ipv4, port })
  const one = [at(9001)]
  const other = [at(9002), at(9003)]
  const decoy = [at(9009), at(9010)]
  await server.call(
    'serve',
    [...one, ...other, ...decoy].map((target) => ({ ...target, name: String(target.port) })),
  )
  putService(lane, { vips: [VIP], port: 80, v4: one })

  let flips = 0
  function flip(): void {
    const [now, was] = ++flips % 2 === 0 ? [one, other] : [other, one]
    putService(lane, { vips: [VIP], port: 80, v4: now })
    deleteSet(lane, was)
    putService(lane, { vips: [DECOY], port: 80, v4: decoy })
    deleteSet(lane, decoy)
    for (const protocol of [TCP, UDP]) lane.delete('frontends', frontendKey(DECOY, 80, protocol))
  }

  /** Changes the service for as long as the load runs. */
  async function during<T>(load: Promise<T>): Promise<T> {
    let running = true
    const ended = load.finally(() => {
      running = false
    })
    while (running) {
      for (let i = 0; i < 8; i++) flip()
      await turn()
    }
    return await ended
  }

  function checkPorts(t: Test, seen: Readonly<Record<string, number>>, what: string): void {
    t.comment(`${what}: ${JSON.stringify(seen)} during ${flips} changes`)
    t.same(Object.keys(seen).sort(), ['9001', '9002', '9003'], 'both sets were used, and nothing else')
  }
  const refused = () => ({ UNSETTLED: 0, NO_ENDPOINT: 0, NO_SERVICE: 0, ...lane.verdicts() })

  await t.test('UDP connects, one after the other', async (t) => {
    const seen: Record<string, number> = {}
    let connected = 0
    const batch = SLOW ? 100 : 1000
    for (let rounds = 0; flips < FLIPS || rounds < 5; rounds++) {
      await during(client.call('connectDatagrams', VIP, 80, batch))
      for (const { remotePort } of lane.connections()) {
        seen[remotePort] = (seen[remotePort] ?? 0) + 1
        connected++
      }
      await client.call('closeDatagrams')
      t.equal(connected, (rounds + 1) * batch, 'every one is connected')
    }
    checkPorts(t, seen, 'UDP')
    t.match(refused(), { UNSETTLED: 0, NO_ENDPOINT: 0, NO_SERVICE: 0 })
  })

  await t.test('TCP connections that are answered', async (t) => {
    flips = 0
    const seen: Record<string, number> = {}
    while (flips < FLIPS) {
      for (const [name, count] of Object.entries(
        await during(client.call('connectMany', VIP, 80, SLOW ? 20 : 100, 2)),
      )) {
        seen[name] = (seen[name] ?? 0) + count
      }
    }
    checkPorts(t, seen, 'TCP')
    t.match(refused(), { UNSETTLED: 0, NO_ENDPOINT: 0, NO_SERVICE: 0 })
  })
})
