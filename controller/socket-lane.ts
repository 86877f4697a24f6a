/** Whether connections within this node are joined below TCP: only where that was proved, and nothing speaks against it. */
import { release } from 'node:os'
import { SettingsFlags } from './abi/layouts.generated.ts'
import type { LaneStatus } from './admin/api.ts'
import type { Dataplane } from './kernel/dataplane.ts'
import type { Log } from './kernel/error.ts'
import { guardedReason } from './kernel/socket-lane-guard.ts'
import { testSocketLane } from './kernel/socket-lane-test.ts'

export interface SocketLaneOptions {
  readonly dataplane: Dataplane
  readonly wanted: boolean
  readonly netnsCookie: (path: string) => bigint
  readonly log: Log
}

export class SocketLane {
  readonly #options: SocketLaneOptions
  #reason = 'the self-test has not ended yet'

  constructor(options: SocketLaneOptions) {
    this.#options = options
  }

  status(): LaneStatus {
    return { lane: 'socket', state: this.#reason === '' ? 'on' : 'off', reason: this.#reason }
  }

  /** Tests, and switches on or off. What an earlier daemon switched on stays on meanwhile. */
  async decide(): Promise<void> {
    const { dataplane, wanted, netnsCookie, log } = this.#options
    const known = wanted ? (dataplane.withoutSocketLane ?? guardedReason(release())) : '--lanes leaves it out'
    if (known !== undefined) this.#set(known)
    else this.#set((await testSocketLane(dataplane, netnsCookie)) ?? '')
    if (this.#reason === '') log.info('socket lane: on, the self-test passed')
    else log.info(`socket lane: off: ${this.#reason}`)
  }

  #set(reason: string): void {
    const { settings } = this.#options.dataplane
    this.#reason = reason
    const { flags } = settings.read()
    const lane = SettingsFlags.SETTINGS_SOCKET_LANE
    settings.change({ flags: reason === '' ? flags | lane : flags & ~lane })
  }
}
