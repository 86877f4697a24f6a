/** Maps that are full: connections go on, and what could not be written is counted. */
import t from 'tap'
import { SettingsFlags } from '../../controller/abi/layouts.generated.ts'
import { makeStage, rooted } from './stage.ts'
import { putService } from './tables.ts'

const EMPTY = '10.96.0.60'
const SERVICES = 4

t.test('full maps', rooted, async (t) => {
  const stage = await makeStage(t, 'limits', { events: 4096, traffic: 3, udp_flows: 8, udp_replies: 8 })
  const { client, lane, server, serverPod } = stage
  const target = { address: serverPod.ipv4, port: 9001 }
  await server.call('serve', [{ ...target, name: 'four' }])

  await t.test('a full ring buffer loses events, each of them counted', async (t) => {
    putService(lane, { vips: [EMPTY], port: 80 })
    stage.settings({ flags: SettingsFlags.SETTINGS_ACCESS_LOG })
    const added = await lane.counting(() => client.call('connectMany', EMPTY, 80, 100, 1))
    const read = lane.events().length
    t.ok(read > 0 && read < 100, `${read} of 100`)
    t.same(added, { NO_ENDPOINT: 100, EVENT_LOST: 100 - read })
    await client.call('connect', EMPTY, 80)
    t.equal(lane.events().length, 1, 'after reading there is room again')
  })

  await t.test('a full traffic map leaves connections uncounted there, each of them counted', async (t) => {
    stage.settings({ flags: SettingsFlags.SETTINGS_TRAFFIC })
    for (let i = 0; i < SERVICES; i++) putService(lane, { vips: [`10.96.0.${70 + i}`], port: 80, v4: [target] })
    const added = await lane.counting(async () => {
      for (let i = 0; i < SERVICES; i++) {
        const vip = `10.96.0.${70 + i}`
        t.same(await client.call('connect', vip, 80), { server: 'four', peer: `${vip}|80` })
      }
    })
    t.match(added, { ROUTED: SERVICES, TRAFFIC_LOST: 1 })
    t.equal(lane.traffic().length, 3)
  })

  await t.test('more UDP flows than the map holds: replies still seem to come from the service', async (t) => {
    const sockets: number[] = []
    for (let i = 0; i < 300; i++) sockets.push(await client.call('openDatagram', 'udp4'))
    const senders = new Set<string>()
    for (const socket of sockets) {
      const reply = await client.call('ask', socket, '10.96.0.70', 80)
      senders.add('from' in reply ? reply.from : reply.error)
    }
    t.same([...senders], ['10.96.0.70|80'])
    await client.call('closeDatagrams')
  })
})
