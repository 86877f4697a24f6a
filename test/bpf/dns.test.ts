/** DNS queries of a member: to the daemon's listener while there is one, else where they always went. */
import t, { type Test } from 'tap'
import { MemberFlags } from '../../controller/abi/layouts.generated.ts'
import { inNamespace } from '../../lab/netns.ts'
import { Agent } from './agent.ts'
import { makeStage, rooted } from './stage.ts'
import { bytesOf, putService } from './tables.ts'

const LISTENER_PORT = 15353
const OTHER = '10.99.0.3'

t.test('DNS', rooted, async (t) => {
  const stage = await makeStage(t, 'dns')
  const { client, clientPod, lane, server, serverPod, undo } = stage
  const { ipv4, ipv6 } = serverPod
  await inNamespace(serverPod.netns, 'ip', 'addr', 'add', `${OTHER}/24`, 'dev', 'eth0')
  await server.call('serve', [
    { address: ipv4, port: 53, name: 'upstream' },
    { address: ipv6, port: 53, name: 'upstream' },
    { address: ipv4, port: 54, name: 'port 54' },
    { address: OTHER, port: 53, name: 'other' },
  ])
  for (const address of [ipv4, ipv6]) lane.put('nameservers', bytesOf(address), 1)
  const daemon = new Agent(undo, { pod: clientPod })
  const listen = () =>
    daemon.call('serve', [
      { address: '127.0.0.1', port: LISTENER_PORT, name: 'daemon' },
      { address: '::1', port: LISTENER_PORT, name: 'daemon' },
    ])
  const stop = async () => {
    await daemon.call('stopServing', '127.0.0.1', LISTENER_PORT)
    await daemon.call('stopServing', '::1', LISTENER_PORT)
  }
  stage.enrol({ flags: MemberFlags.MEMBER_DNS, dnsPort: LISTENER_PORT })
  t.afterEach(() => client.call('closeDatagrams'))

  const ASKED = [
    ['udp4', ipv4],
    ['udp6', ipv6],
    ['udp6', `::ffff:${ipv4}`],
  ] as const

  /** Asks in every way. @returns the verdicts of the client's calls */
  async function askAll(t: Test, text: string): Promise<Record<string, number>> {
    const { NOT_MEMBER: _, ...added } = await lane.counting(async () => {
      for (const [kind, asked] of ASKED) {
        const from = `${asked}|53`
        t.same(await client.call('connect', asked, 53), { server: text, peer: from }, `TCP to ${asked}`)
        const connected = await client.call('openDatagram', kind)
        t.same(await client.call('connectDatagram', connected, asked, 53), { peer: from })
        t.same(await client.call('ask', connected), { text, from }, `connected to ${asked}`)
        const unconnected = await client.call('openDatagram', kind)
        t.same(await client.call('ask', unconnected, asked, 53), { text, from }, `unconnected to ${asked}`)
      }
    })
    return added
  }

  await t.test('without a listener, queries are left alone', async (t) => {
    // Three TCP and three UDP connects, three unconnected questions, and one by the mapped address of the connected socket.
    t.same(await askAll(t, 'upstream'), { NO_SERVICE: 10 })
  })

  await t.test('with a listener they go there, and the name server seems to answer', async (t) => {
    await listen()
    t.same(await askAll(t, 'daemon'), { DNS: 9, FLOW: 1 })
  })

  await t.test('other ports and other servers are not touched', async (t) => {
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', ipv4, 54), { server: 'port 54', peer: `${ipv4}|54` })
      t.same(await client.call('connect', OTHER, 53), { server: 'other', peer: `${OTHER}|53` })
    })
    t.same(added, { NO_SERVICE: 2 })
  })

  await t.test('a member without the flag is not touched', async (t) => {
    stage.enrol({ dnsPort: LISTENER_PORT })
    t.same(await askAll(t, 'upstream'), { NO_SERVICE: 10 })
    stage.enrol({ flags: MemberFlags.MEMBER_DNS, dnsPort: LISTENER_PORT })
  })

  await t.test('when the listener goes, the next question of the same socket goes to the name server', async (t) => {
    const socket = await client.call('openDatagram', 'udp4')
    t.same(await client.call('ask', socket, ipv4, 53), { text: 'daemon', from: `${ipv4}|53` })
    await stop()
    t.same(await client.call('ask', socket, ipv4, 53), { text: 'upstream', from: `${ipv4}|53` })
    await listen()
    t.same(await client.call('ask', socket, ipv4, 53), { text: 'daemon', from: `${ipv4}|53` })
  })

  await t.test('a name server that is a service is routed when the listener is gone', async (t) => {
    const vip = '10.96.0.53'
    lane.put('nameservers', bytesOf(vip), 1)
    putService(lane, { vips: [vip], port: 53, v4: [{ address: ipv4, port: 53 }] })
    t.same(await client.call('connect', vip, 53), { server: 'daemon', peer: `${vip}|53` })
    await stop()
    t.same(await client.call('connect', vip, 53), { server: 'upstream', peer: `${vip}|53` })
  })

  await t.test('a socket that is not listening is no listener', async (t) => {
    const busy = await daemon.call('holdPort', LISTENER_PORT)
    const added = await lane.counting(async () => {
      t.same(await client.call('connect', ipv4, 53), { server: 'upstream', peer: `${ipv4}|53` })
    })
    t.same(added, { NO_SERVICE: 1 })
    await daemon.call('release', busy, 'reset')
  })
})
