/** UDP: connected and unconnected sockets, where their datagrams go and whom replies seem to come from. */
import t from 'tap'
import { refusal } from './lane.ts'
import { makeStage, rooted } from './stage.ts'
import { putService } from './tables.ts'

const VIP = '10.96.0.30'
const VIP6 = 'fd96::30'
const TWIN = '10.96.0.31'
const EMPTY = '10.96.0.32'
const EMPTY6 = 'fd96::32'
const MANY = '10.96.0.33'

/** What an application asks for, from which kind of socket, and who serves it. */
const ASKED = [
  ['udp4', VIP, 'four'],
  ['udp6', VIP6, 'six'],
  ['udp6', `::ffff:${VIP}`, 'four'],
] as const

t.test('UDP', rooted, async (t) => {
  const stage = await makeStage(t, 'datagrams')
  const { client, lane, server, serverPod } = stage
  const v4 = { address: serverPod.ipv4, port: 9001 }
  const v6 = { address: serverPod.ipv6, port: 9001 }
  const many = [9002, 9003, 9004].map((port) => ({ address: serverPod.ipv4, port }))
  await server.call('serve', [
    { ...v4, name: 'four' },
    { ...v6, name: 'six' },
    ...many.map((target) => ({ ...target, name: String(target.port) })),
  ])
  putService(lane, { vips: [VIP, VIP6], port: 53, v4: [v4], v6: [v6] })
  putService(lane, { vips: [TWIN], port: 54, v4: [v4] })
  putService(lane, { vips: [EMPTY, EMPTY6], port: 53 })
  const open = (kind: 'udp4' | 'udp6' = 'udp4') => client.call('openDatagram', kind)
  /** Without the server's replies, which are not a member's. */
  const counting = async (action: () => Promise<unknown>) => {
    const { NOT_MEMBER: _, ...added } = await lane.counting(action)
    return added
  }
  t.afterEach(() => client.call('closeDatagrams'))

  await t.test('a connected socket sees the service as its peer', async (t) => {
    for (const [kind, asked, text] of ASKED) {
      const socket = await open(kind)
      const added = await counting(async () => {
        t.same(await client.call('connectDatagram', socket, asked, 53), { peer: `${asked}|53` }, asked)
        t.same(await client.call('ask', socket), { text, from: `${asked}|53` }, asked)
        t.same(await client.call('ask', socket), { text, from: `${asked}|53` }, 'once more')
      })
      // What a connected socket sends passes no hook, unless the address is mapped.
      t.same(added, asked.startsWith('::ffff:') ? { ROUTED: 1, FLOW: 2 } : { ROUTED: 1 })
    }
  })

  await t.test('an unconnected socket gets its replies from the service', async (t) => {
    for (const [kind, asked, text] of ASKED) {
      const socket = await open(kind)
      const added = await counting(async () => {
        t.same(await client.call('ask', socket, asked, 53), { text, from: `${asked}|53` }, asked)
        t.same(await client.call('ask', socket, asked, 53), { text, from: `${asked}|53` }, 'once more')
      })
      t.same(added, { ROUTED: 1, FLOW: 1 })
    }
  })

  await t.test('a service without endpoints refuses', async (t) => {
    for (const [kind, asked] of [
      ['udp4', EMPTY],
      ['udp6', EMPTY6],
      ['udp6', `::ffff:${EMPTY}`],
    ] as const) {
      const socket = await open(kind)
      const added = await counting(async () => {
        t.same(await client.call('ask', socket, asked, 53), { error: refusal() }, `sendmsg to ${asked}`)
        t.same(await client.call('connectDatagram', socket, asked, 53), { error: refusal() }, `connect to ${asked}`)
      })
      t.same(added, { NO_ENDPOINT: 2 })
    }
  })

  await t.test('each socket keeps its endpoint while the set is in force', async (t) => {
    putService(lane, { vips: [MANY], port: 53, v4: many })
    const used = new Set<string>()
    for (let i = 0; i < 12; i++) {
      const socket = await open()
      const texts = new Set<string>()
      const added = await counting(async () => {
        for (let n = 0; n < 10; n++) {
          const reply = await client.call('ask', socket, MANY, 53)
          texts.add('text' in reply ? reply.text : reply.error)
        }
      })
      t.same(added, { ROUTED: 1, FLOW: 9 })
      t.equal(texts.size, 1)
      for (const text of texts) used.add(text)
    }
    t.ok(used.size > 1, `12 sockets used ${[...used].join(', ')}`)

    const socket = await open()
    const before = await client.call('ask', socket, MANY, 53)
    const rest = many.filter(({ port }) => !('text' in before) || before.text !== String(port))
    putService(lane, { vips: [MANY], port: 53, v4: rest })
    const added = await counting(async () => {
      const after = await client.call('ask', socket, MANY, 53)
      t.ok('text' in after && rest.some(({ port }) => after.text === String(port)), 'not one that has left')
      t.same(await client.call('ask', socket, MANY, 53), after, 'and that one is kept again')
    })
    t.same(added, { ROUTED: 1, FLOW: 1 })
  })

  await t.test('two services behind one endpoint: the one asked for last', async (t) => {
    const socket = await open()
    t.same(await client.call('ask', socket, VIP, 53), { text: 'four', from: `${VIP}|53` })
    t.same(await client.call('ask', socket, TWIN, 54), { text: 'four', from: `${TWIN}|54` })
    t.same(await client.call('ask', socket, VIP, 53), { text: 'four', from: `${VIP}|53` })
  })

  await t.test('an endpoint that is asked for itself is shown as itself', async (t) => {
    const socket = await open()
    t.same(await client.call('ask', socket, VIP, 53), { text: 'four', from: `${VIP}|53` })
    const added = await counting(async () => {
      t.same(await client.call('ask', socket, v4.address, v4.port), { text: 'four', from: `${v4.address}|${v4.port}` })
    })
    t.same(added, { NO_SERVICE: 1 })
    t.same(await client.call('ask', socket, VIP, 53), { text: 'four', from: `${VIP}|53` })
  })

  await t.test('a socket that connects elsewhere shows nothing of before', async (t) => {
    const socket = await open()
    t.same(await client.call('connectDatagram', socket, VIP, 53), { peer: `${VIP}|53` })
    await client.call('disconnectDatagram', socket)
    t.same(
      await client.call('ask', socket, v4.address, v4.port),
      { text: 'four', from: `${v4.address}|${v4.port}` },
      'disconnected',
    )
    t.same(await client.call('connectDatagram', socket, v4.address, v4.port), { peer: `${v4.address}|${v4.port}` })
    t.same(
      await client.call('ask', socket),
      { text: 'four', from: `${v4.address}|${v4.port}` },
      'to the endpoint itself',
    )
    await client.call('disconnectDatagram', socket)
    t.same(await client.call('connectDatagram', socket, TWIN, 54), { peer: `${TWIN}|54` }, 'to another service')
    t.same(await client.call('ask', socket), { text: 'four', from: `${TWIN}|54` })
    await client.call('disconnectDatagram', socket)
    t.same(await client.call('ask', socket, VIP, 53), { text: 'four', from: `${VIP}|53` }, 'unconnected')
    t.same(await client.call('connectDatagram', socket, v4.address, v4.port), { peer: `${v4.address}|${v4.port}` })
    t.same(
      await client.call('ask', socket),
      { text: 'four', from: `${v4.address}|${v4.port}` },
      'connected to the endpoint, after an unconnected question to the service',
    )
  })

  await t.test('affinity holds between the sockets of a client', async (t) => {
    putService(lane, { vips: [MANY], port: 55, v4: many, affinitySeconds: 10 })
    const texts = new Set<string>()
    const added = await counting(async () => {
      for (let i = 0; i < 5; i++) {
        const socket = await open()
        for (const reply of [await client.call('ask', socket, MANY, 55), await client.call('ask', socket, MANY, 55)]) {
          texts.add('text' in reply ? reply.text : reply.error)
        }
      }
    })
    t.equal(texts.size, 1, [...texts].join())
    t.same(added, { ROUTED: 1, AFFINITY: 4, FLOW: 5 })
  })

  await t.test('who is not a member is left alone', async (t) => {
    const socket = await server.call('openDatagram', 'udp4')
    const added = await lane.counting(async () => {
      t.same(await server.call('ask', socket, v4.address, v4.port), { text: 'four', from: `${v4.address}|${v4.port}` })
    })
    t.same(added, { NOT_MEMBER: 2 }, 'the question and the reply')
    await server.call('closeDatagrams')
  })

  await t.test('replies to what was asked as a member are still understood afterwards', async (t) => {
    const socket = await open()
    t.same(await client.call('connectDatagram', socket, VIP, 53), { peer: `${VIP}|53` })
    stage.leave()
    t.same(await client.call('ask', socket), { text: 'four', from: `${VIP}|53` })
    stage.enrol()
  })
})
