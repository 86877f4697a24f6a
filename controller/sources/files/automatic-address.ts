/**
 * Addresses for services that were given none, as Istio does it: from 240.240.0.0/16 and 2001:2::/48, which nobody
 * routes. A name's place in the range is its hash, so the same folder always gives the same addresses; where two
 * names meet, the later in the alphabet moves on by a step that is its own (double hashing).
 */

/** Places in the range, from 240.240.0.1 on. A prime: steps of any length come by all of them. */
const PLACES = 65521

export interface AutomaticAddress {
  readonly v4: string
  readonly v6: string
}

/**
 * @param names `namespace/host` of each service in need
 * @param taken addresses that are given out already, by hand
 * @returns by name; a name that is missing found the range full
 */
export function automaticAddresses(
  names: Iterable<string>,
  taken: ReadonlySet<string>,
): ReadonlyMap<string, AutomaticAddress> {
  const given = new Map<string, AutomaticAddress>()
  const used = new Set<number>()
  for (const name of [...names].sort()) {
    const hash = fnv1a(name)
    const step = 1 + ((hash >>> 16) % (PLACES - 1))
    for (let tries = 0, place = hash % PLACES; tries < PLACES; tries++, place = (place + step) % PLACES) {
      if (used.has(place)) continue
      const address = addressAt(place)
      if (taken.has(address.v4) || taken.has(address.v6)) continue
      used.add(place)
      given.set(name, address)
      break
    }
  }
  return given
}

function addressAt(place: number): AutomaticAddress {
  const number = place + 1
  return { v4: `240.240.${number >> 8}.${number & 0xff}`, v6: `2001:2::${number.toString(16)}` }
}

/** 32 bits of FNV-1a over UTF-16 units; names are ASCII. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0
  return hash
}
