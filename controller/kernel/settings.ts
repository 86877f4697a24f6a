/** The one entry of `settings`: what every program looks at first. */
import type { BpfMap } from '../../native/index.ts'
import { decode, encode, u32 } from '../abi/codec.ts'
import { layoutHash, Settings } from '../abi/layouts.generated.ts'

const ONLY_ENTRY = encode(u32, 0)

export class SettingsEntry {
  readonly #map: BpfMap
  constructor(map: BpfMap) {
    this.#map = map
  }

  read(): Settings {
    const bytes = this.#map.lookup(ONLY_ENTRY)
    if (bytes === undefined) throw new Error('the map settings has no entry')
    return decode(Settings, bytes)
  }

  /** An entry that says the same already is not written. */
  change(change: Partial<Settings>): void {
    const held = this.read()
    const wanted = { ...held, ...change }
    if (encode(Settings, wanted).some((byte, at) => byte !== encode(Settings, held)[at])) {
      this.#map.update(ONLY_ENTRY, encode(Settings, wanted))
    }
  }
}

/** Were these maps made by programs of our layout? */
export function hasOurLayout(settings: BpfMap): boolean {
  return settings.valueSize === Settings.size && new SettingsEntry(settings).read().layout === layoutHash
}
