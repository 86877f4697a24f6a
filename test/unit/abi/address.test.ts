import { SocketAddress } from 'node:net'
import t from 'tap'
import { addressBytes, addressText, hostText, isIpv4 } from '../../../controller/abi/address.ts'

const textOf = (text: string) => {
  const bytes = addressBytes(text)
  return bytes && addressText(bytes)
}

t.test('addresses survive the way to bytes and back', async (t) => {
  for (const text of [
    '0.0.0.0',
    '10.96.0.10',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    'fd00::10',
    '2001:db8::1:0:0:1',
    '2001:db8:0:1:1:1:1:1',
    'fe80::1:2:3:4',
    '1:2:3:4:5:6:7:8',
  ]) {
    t.equal(textOf(text), text)
  }
})

t.test('every spelling gives the canonical one', async (t) => {
  t.equal(textOf('2001:DB8:0:0:0:0:0:1'), '2001:db8::1')
  t.equal(textOf('2001:db8::0:1'), '2001:db8::1')
  t.equal(textOf('::ffff:10.0.0.1'), '10.0.0.1')
  t.equal(textOf('::ffff:a00:1'), '10.0.0.1')
  t.equal(textOf('64:ff9b::10.0.0.1'), '64:ff9b::a00:1')
  t.equal(textOf('0:0:1::'), '0:0:1::')
})

t.test('what is no address is none', async (t) => {
  for (const text of [
    '',
    '.',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4 ',
    '1..2.3',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    '::g',
    'fe80::1%eth0',
    '1.2.3.4::',
    '::1.2.3',
    '1:2:3:4:5:6:7::8:9',
    '1:2:3:4::5:6:7:8',
    'None',
  ]) {
    t.equal(addressBytes(text), undefined, text)
  }
})

t.test('random IPv6 addresses are written as the platform writes them', async (t) => {
  let seed = 12345
  const random = () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return seed >>> 16
  }
  const differing: string[] = []
  for (let i = 0; i < 500; i++) {
    const bytes = Uint8Array.from({ length: 16 }, () => (random() % 3 === 0 ? random() & 0xff : 0))
    // ::a.b.c.d is written with dots by some platforms, RFC 5952 leaves it open.
    bytes[0] = 0x20
    const groups = Array.from({ length: 8 }, (_, g) =>
      (((bytes[2 * g] ?? 0) << 8) | (bytes[2 * g + 1] ?? 0)).toString(16),
    )
    const { address } = new SocketAddress({ family: 'ipv6', address: groups.join(':') })
    const back = addressBytes(address)
    if (addressText(bytes) !== address || back === undefined || !Buffer.from(back).equals(bytes))
      differing.push(address)
  }
  t.strictSame(differing, [])
})

t.test('families and hosts', async (t) => {
  const v4 = addressBytes('10.0.0.1') ?? new Uint8Array()
  const v6 = addressBytes('fd00::1') ?? new Uint8Array()
  t.equal(isIpv4(v4), true)
  t.equal(isIpv4(v6), false)
  t.equal(hostText(v4), '10.0.0.1')
  t.equal(hostText(v6), '[fd00::1]')
})
