/** Members of a data plane: of the daemon's own, or of one whose daemon is not there. */
import type { Dataplane } from '../kernel/dataplane.ts'
import type { Log } from '../kernel/error.ts'
import { hasNetnsCookieOption } from '../kernel/features.ts'
import { MemberTable } from '../kernel/member-table.ts'
import { netnsCookieReader } from '../kernel/netns-cookie.ts'
import { openPinned } from '../kernel/pinned.ts'
import { SettingsEntry } from '../kernel/settings.ts'
import { Members } from './members.ts'

export function membersOf({ cgroupPath, features, members, settings }: Dataplane, log: Log): Members {
  const netnsCookie = netnsCookieReader(features.netnsCookieOption, cgroupPath, log)
  return new Members({ table: members, settings, cgroupPath, netnsCookie, log })
}

export interface PinnedMembers {
  readonly members: Members
  /** where the programs are attached */
  readonly cgroupPath: string
  close(): void
}

/** @throws KernelError where nothing is pinned */
export function openPinnedMembers(bpfFsPath: string, log: Log): PinnedMembers {
  const pinned = openPinned(bpfFsPath)
  const { cgroupPath, pins } = pinned
  const netnsCookie = netnsCookieReader(hasNetnsCookieOption(), cgroupPath, log)
  const table = new MemberTable(pinned.map('members'), pins)
  const settings = new SettingsEntry(pinned.map('settings'))
  return {
    members: new Members({ table, settings, cgroupPath, netnsCookie, log }),
    cgroupPath,
    close: () => pinned.close(),
  }
}
