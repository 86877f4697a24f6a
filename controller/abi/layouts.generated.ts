// Generated from bpf/include/types.h and maps.h by `npm run gen`. Do not edit.
import { type Codec, getBytes, putBytes, u32, u64 } from './codec.ts'

export const Limits = {
  ADDRESS_BYTES: 16,
  CGROUP_LEVELS: 16,
  FAST_CONNECTIONS: 16384,
  DAEMON_MARK: 27501,
} as const

export const Verdict = {
  VERDICT_NOT_MEMBER: 0,
  VERDICT_BYPASSED: 1,
  VERDICT_NO_SERVICE: 2,
  VERDICT_ROUTED: 3,
  VERDICT_AFFINITY: 4,
  VERDICT_FLOW: 5,
  VERDICT_DNS: 6,
  VERDICT_NO_ENDPOINT: 7,
  VERDICT_REFUSED_SHARE: 8,
  VERDICT_UNSETTLED: 9,
  VERDICT_ACCEPTED: 10,
  VERDICT_CONNECT_FAILED: 11,
  VERDICT_JOINED: 12,
  VERDICT_NOT_JOINED: 13,
  VERDICT_EVENT_LOST: 14,
  VERDICT_TRAFFIC_LOST: 15,
  VERDICT_MAX: 16,
} as const
export type Verdict = (typeof Verdict)[Exclude<keyof typeof Verdict, 'VERDICT_MAX'>]
export const verdictNames: Readonly<Record<number, Exclude<keyof typeof Verdict, 'VERDICT_MAX'>>> = {
  0: 'VERDICT_NOT_MEMBER',
  1: 'VERDICT_BYPASSED',
  2: 'VERDICT_NO_SERVICE',
  3: 'VERDICT_ROUTED',
  4: 'VERDICT_AFFINITY',
  5: 'VERDICT_FLOW',
  6: 'VERDICT_DNS',
  7: 'VERDICT_NO_ENDPOINT',
  8: 'VERDICT_REFUSED_SHARE',
  9: 'VERDICT_UNSETTLED',
  10: 'VERDICT_ACCEPTED',
  11: 'VERDICT_CONNECT_FAILED',
  12: 'VERDICT_JOINED',
  13: 'VERDICT_NOT_JOINED',
  14: 'VERDICT_EVENT_LOST',
  15: 'VERDICT_TRAFFIC_LOST',
}

export const MemberKind = {
  MEMBER_NETNS: 1,
  MEMBER_CGROUP: 2,
} as const
export type MemberKind = (typeof MemberKind)[keyof typeof MemberKind]
export const memberKindNames: Readonly<Record<number, keyof typeof MemberKind>> = {
  1: 'MEMBER_NETNS',
  2: 'MEMBER_CGROUP',
}

export const MemberFlags = {
  MEMBER_BYPASS: 1,
  MEMBER_DNS: 2,
  MEMBER_NO_SOCKET_LANE: 4,
  MEMBER_SOCKET_LANE_TEST: 8,
} as const
export type MemberFlags = (typeof MemberFlags)[keyof typeof MemberFlags]
export const memberFlagsNames: Readonly<Record<number, keyof typeof MemberFlags>> = {
  1: 'MEMBER_BYPASS',
  2: 'MEMBER_DNS',
  4: 'MEMBER_NO_SOCKET_LANE',
  8: 'MEMBER_SOCKET_LANE_TEST',
}

export const Balance = {
  BALANCE_RANDOM: 0,
  BALANCE_ROUND_ROBIN: 1,
} as const
export type Balance = (typeof Balance)[keyof typeof Balance]
export const balanceNames: Readonly<Record<number, keyof typeof Balance>> = {
  0: 'BALANCE_RANDOM',
  1: 'BALANCE_ROUND_ROBIN',
}

export const ServiceFlags = {
  SERVICE_NO_SOCKET_LANE: 1,
  SERVICE_SET_MEMBERS: 2,
} as const
export type ServiceFlags = (typeof ServiceFlags)[keyof typeof ServiceFlags]
export const serviceFlagsNames: Readonly<Record<number, keyof typeof ServiceFlags>> = {
  1: 'SERVICE_NO_SOCKET_LANE',
  2: 'SERVICE_SET_MEMBERS',
}

export const SlotFlags = {
  SLOT_REFUSE: 1,
} as const
export type SlotFlags = (typeof SlotFlags)[keyof typeof SlotFlags]
export const slotFlagsNames: Readonly<Record<number, keyof typeof SlotFlags>> = {
  1: 'SLOT_REFUSE',
}

export const ConnectionFlags = {
  CONNECTION_ESTABLISHED: 1,
  CONNECTION_COUNTED: 2,
  CONNECTION_ENDED: 4,
  CONNECTION_WATCHED: 8,
} as const
export type ConnectionFlags = (typeof ConnectionFlags)[keyof typeof ConnectionFlags]
export const connectionFlagsNames: Readonly<Record<number, keyof typeof ConnectionFlags>> = {
  1: 'CONNECTION_ESTABLISHED',
  2: 'CONNECTION_COUNTED',
  4: 'CONNECTION_ENDED',
  8: 'CONNECTION_WATCHED',
}

export const Reporter = {
  REPORTER_SOURCE: 0,
  REPORTER_DESTINATION: 1,
} as const
export type Reporter = (typeof Reporter)[keyof typeof Reporter]
export const reporterNames: Readonly<Record<number, keyof typeof Reporter>> = {
  0: 'REPORTER_SOURCE',
  1: 'REPORTER_DESTINATION',
}

export const SettingsFlags = {
  SETTINGS_ACCESS_LOG: 1,
  SETTINGS_SOCKET_LANE: 2,
  SETTINGS_TRAFFIC: 4,
} as const
export type SettingsFlags = (typeof SettingsFlags)[keyof typeof SettingsFlags]
export const settingsFlagsNames: Readonly<Record<number, keyof typeof SettingsFlags>> = {
  1: 'SETTINGS_ACCESS_LOG',
  2: 'SETTINGS_SOCKET_LANE',
  4: 'SETTINGS_TRAFFIC',
}

export const JoinState = {
  JOIN_UNDECIDED: 0,
  JOIN_JOINED: 1,
  JOIN_APART: 2,
} as const
export type JoinState = (typeof JoinState)[keyof typeof JoinState]
export const joinStateNames: Readonly<Record<number, keyof typeof JoinState>> = {
  0: 'JOIN_UNDECIDED',
  1: 'JOIN_JOINED',
  2: 'JOIN_APART',
}

export type Address = Uint8Array

export const Address: Codec<Address> = {
  size: 16,
  write: (value, to, at) => putBytes(to, at, 16, value),
  read: (from, at) => getBytes(from, at, 16),
}

export interface FrontendKey {
  readonly vip: Address
  readonly port: number
  readonly protocol: number
}

export const FrontendKey: Codec<FrontendKey> = {
  size: 24,
  write(value, to, at) {
    Address.write(value.vip, to, at)
    to.setUint16(at + 16, value.port, false)
    to.setUint8(at + 18, value.protocol)
  },
  read(from, at) {
    return {
      vip: Address.read(from, at),
      port: from.getUint16(at + 16, false),
      protocol: from.getUint8(at + 18),
    }
  },
}

export interface Connection {
  readonly asked: FrontendKey
  readonly port: number
  readonly ip: Address
  readonly service: bigint
  readonly endpoint: bigint
  readonly source: bigint
  readonly destination: bigint
  readonly startedNs: bigint
  readonly verdict: Verdict
  readonly flags: number
}

export const Connection: Codec<Connection> = {
  size: 96,
  write(value, to, at) {
    FrontendKey.write(value.asked, to, at)
    to.setUint16(at + 24, value.port, false)
    Address.write(value.ip, to, at + 32)
    to.setBigUint64(at + 48, value.service, true)
    to.setBigUint64(at + 56, value.endpoint, true)
    to.setBigUint64(at + 64, value.source, true)
    to.setBigUint64(at + 72, value.destination, true)
    to.setBigUint64(at + 80, value.startedNs, true)
    to.setUint32(at + 88, value.verdict, true)
    to.setUint32(at + 92, value.flags, true)
  },
  read(from, at) {
    return {
      asked: FrontendKey.read(from, at),
      port: from.getUint16(at + 24, false),
      ip: Address.read(from, at + 32),
      service: from.getBigUint64(at + 48, true),
      endpoint: from.getBigUint64(at + 56, true),
      source: from.getBigUint64(at + 64, true),
      destination: from.getBigUint64(at + 72, true),
      startedNs: from.getBigUint64(at + 80, true),
      verdict: from.getUint32(at + 88, true) as Verdict,
      flags: from.getUint32(at + 92, true),
    }
  },
}

export interface ConnectionRecord {
  readonly connection: Connection
  readonly sentBytes: bigint
  readonly receivedBytes: bigint
  readonly local: Address
  readonly remote: Address
  readonly localPort: number
  readonly remotePort: number
  readonly state: number
}

export const ConnectionRecord: Codec<ConnectionRecord> = {
  size: 152,
  write(value, to, at) {
    Connection.write(value.connection, to, at)
    to.setBigUint64(at + 96, value.sentBytes, true)
    to.setBigUint64(at + 104, value.receivedBytes, true)
    Address.write(value.local, to, at + 112)
    Address.write(value.remote, to, at + 128)
    to.setUint16(at + 144, value.localPort, false)
    to.setUint16(at + 146, value.remotePort, false)
    to.setUint32(at + 148, value.state, true)
  },
  read(from, at) {
    return {
      connection: Connection.read(from, at),
      sentBytes: from.getBigUint64(at + 96, true),
      receivedBytes: from.getBigUint64(at + 104, true),
      local: Address.read(from, at + 112),
      remote: Address.read(from, at + 128),
      localPort: from.getUint16(at + 144, false),
      remotePort: from.getUint16(at + 146, false),
      state: from.getUint32(at + 148, true),
    }
  },
}

export interface ConnectionEvent {
  readonly atNs: bigint
  readonly durationNs: bigint
  readonly service: bigint
  readonly source: bigint
  readonly destination: bigint
  readonly sentBytes: bigint
  readonly receivedBytes: bigint
  readonly local: Address
  readonly remote: Address
  readonly asked: FrontendKey
  readonly localPort: number
  readonly remotePort: number
  readonly srttUs: number
  readonly minRttUs: number
  readonly retransmitted: number
  readonly lost: number
  readonly verdict: Verdict
  readonly reporter: Reporter
  readonly protocol: number
}

export const ConnectionEvent: Codec<ConnectionEvent> = {
  size: 144,
  write(value, to, at) {
    to.setBigUint64(at, value.atNs, true)
    to.setBigUint64(at + 8, value.durationNs, true)
    to.setBigUint64(at + 16, value.service, true)
    to.setBigUint64(at + 24, value.source, true)
    to.setBigUint64(at + 32, value.destination, true)
    to.setBigUint64(at + 40, value.sentBytes, true)
    to.setBigUint64(at + 48, value.receivedBytes, true)
    Address.write(value.local, to, at + 56)
    Address.write(value.remote, to, at + 72)
    FrontendKey.write(value.asked, to, at + 88)
    to.setUint16(at + 112, value.localPort, false)
    to.setUint16(at + 114, value.remotePort, false)
    to.setUint32(at + 116, value.srttUs, true)
    to.setUint32(at + 120, value.minRttUs, true)
    to.setUint32(at + 124, value.retransmitted, true)
    to.setUint32(at + 128, value.lost, true)
    to.setUint32(at + 132, value.verdict, true)
    to.setUint32(at + 136, value.reporter, true)
    to.setUint8(at + 140, value.protocol)
  },
  read(from, at) {
    return {
      atNs: from.getBigUint64(at, true),
      durationNs: from.getBigUint64(at + 8, true),
      service: from.getBigUint64(at + 16, true),
      source: from.getBigUint64(at + 24, true),
      destination: from.getBigUint64(at + 32, true),
      sentBytes: from.getBigUint64(at + 40, true),
      receivedBytes: from.getBigUint64(at + 48, true),
      local: Address.read(from, at + 56),
      remote: Address.read(from, at + 72),
      asked: FrontendKey.read(from, at + 88),
      localPort: from.getUint16(at + 112, false),
      remotePort: from.getUint16(at + 114, false),
      srttUs: from.getUint32(at + 116, true),
      minRttUs: from.getUint32(at + 120, true),
      retransmitted: from.getUint32(at + 124, true),
      lost: from.getUint32(at + 128, true),
      verdict: from.getUint32(at + 132, true) as Verdict,
      reporter: from.getUint32(at + 136, true) as Reporter,
      protocol: from.getUint8(at + 140),
    }
  },
}

export interface SocketKey {
  readonly netns: bigint
  readonly local: Address
  readonly remote: Address
  readonly localPort: number
  readonly remotePort: number
}

export const SocketKey: Codec<SocketKey> = {
  size: 48,
  write(value, to, at) {
    to.setBigUint64(at, value.netns, true)
    Address.write(value.local, to, at + 8)
    Address.write(value.remote, to, at + 24)
    to.setUint16(at + 40, value.localPort, false)
    to.setUint16(at + 42, value.remotePort, false)
  },
  read(from, at) {
    return {
      netns: from.getBigUint64(at, true),
      local: Address.read(from, at + 8),
      remote: Address.read(from, at + 24),
      localPort: from.getUint16(at + 40, false),
      remotePort: from.getUint16(at + 42, false),
    }
  },
}

export interface MemberKey {
  readonly id: bigint
  readonly kind: MemberKind
}

export const MemberKey: Codec<MemberKey> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.id, true)
    to.setUint32(at + 8, value.kind, true)
  },
  read(from, at) {
    return {
      id: from.getBigUint64(at, true),
      kind: from.getUint32(at + 8, true) as MemberKind,
    }
  },
}

export interface Member {
  readonly workload: bigint
  readonly flags: number
  readonly dnsPort: number
}

export const Member: Codec<Member> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.workload, true)
    to.setUint32(at + 8, value.flags, true)
    to.setUint16(at + 12, value.dnsPort, false)
  },
  read(from, at) {
    return {
      workload: from.getBigUint64(at, true),
      flags: from.getUint32(at + 8, true),
      dnsPort: from.getUint16(at + 12, false),
    }
  },
}

export interface Frontend {
  readonly service: bigint
  readonly self: FrontendKey
  readonly serviceAgain: bigint
}

export const Frontend: Codec<Frontend> = {
  size: 40,
  write(value, to, at) {
    to.setBigUint64(at, value.service, true)
    FrontendKey.write(value.self, to, at + 8)
    to.setBigUint64(at + 32, value.serviceAgain, true)
  },
  read(from, at) {
    return {
      service: from.getBigUint64(at, true),
      self: FrontendKey.read(from, at + 8),
      serviceAgain: from.getBigUint64(at + 32, true),
    }
  },
}

export interface EndpointSet {
  readonly id: bigint
  readonly count: number
}

export const EndpointSet: Codec<EndpointSet> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.id, true)
    to.setUint32(at + 8, value.count, true)
  },
  read(from, at) {
    return {
      id: from.getBigUint64(at, true),
      count: from.getUint32(at + 8, true),
    }
  },
}

export interface Service {
  readonly id: bigint
  readonly v4: EndpointSet
  readonly v6: EndpointSet
  readonly balance: Balance
  readonly affinitySeconds: number
  readonly flags: number
  readonly idAgain: bigint
}

export const Service: Codec<Service> = {
  size: 64,
  write(value, to, at) {
    to.setBigUint64(at, value.id, true)
    EndpointSet.write(value.v4, to, at + 8)
    EndpointSet.write(value.v6, to, at + 24)
    to.setUint32(at + 40, value.balance, true)
    to.setUint32(at + 44, value.affinitySeconds, true)
    to.setUint32(at + 48, value.flags, true)
    to.setBigUint64(at + 56, value.idAgain, true)
  },
  read(from, at) {
    return {
      id: from.getBigUint64(at, true),
      v4: EndpointSet.read(from, at + 8),
      v6: EndpointSet.read(from, at + 24),
      balance: from.getUint32(at + 40, true) as Balance,
      affinitySeconds: from.getUint32(at + 44, true),
      flags: from.getUint32(at + 48, true),
      idAgain: from.getBigUint64(at + 56, true),
    }
  },
}

export interface SlotKey {
  readonly set: bigint
  readonly slot: number
}

export const SlotKey: Codec<SlotKey> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.set, true)
    to.setUint32(at + 8, value.slot, true)
  },
  read(from, at) {
    return {
      set: from.getBigUint64(at, true),
      slot: from.getUint32(at + 8, true),
    }
  },
}

export interface Slot {
  readonly set: bigint
  readonly ip: Address
  readonly port: number
  readonly flags: number
  readonly threshold: number
  readonly alias: number
  readonly endpoint: bigint
  readonly workload: bigint
  readonly setAgain: bigint
}

export const Slot: Codec<Slot> = {
  size: 64,
  write(value, to, at) {
    to.setBigUint64(at, value.set, true)
    Address.write(value.ip, to, at + 8)
    to.setUint16(at + 24, value.port, false)
    to.setUint16(at + 26, value.flags, true)
    to.setUint32(at + 28, value.threshold, true)
    to.setUint32(at + 32, value.alias, true)
    to.setBigUint64(at + 40, value.endpoint, true)
    to.setBigUint64(at + 48, value.workload, true)
    to.setBigUint64(at + 56, value.setAgain, true)
  },
  read(from, at) {
    return {
      set: from.getBigUint64(at, true),
      ip: Address.read(from, at + 8),
      port: from.getUint16(at + 24, false),
      flags: from.getUint16(at + 26, true),
      threshold: from.getUint32(at + 28, true),
      alias: from.getUint32(at + 32, true),
      endpoint: from.getBigUint64(at + 40, true),
      workload: from.getBigUint64(at + 48, true),
      setAgain: from.getBigUint64(at + 56, true),
    }
  },
}

export interface SetMemberKey {
  readonly set: bigint
  readonly endpoint: bigint
}

export const SetMemberKey: Codec<SetMemberKey> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.set, true)
    to.setBigUint64(at + 8, value.endpoint, true)
  },
  read(from, at) {
    return {
      set: from.getBigUint64(at, true),
      endpoint: from.getBigUint64(at + 8, true),
    }
  },
}

export interface Settings {
  readonly flags: number
  readonly cgroupLevels: number
  readonly layout: bigint
}

export const Settings: Codec<Settings> = {
  size: 16,
  write(value, to, at) {
    to.setUint32(at, value.flags, true)
    to.setUint32(at + 4, value.cgroupLevels, true)
    to.setBigUint64(at + 8, value.layout, true)
  },
  read(from, at) {
    return {
      flags: from.getUint32(at, true),
      cgroupLevels: from.getUint32(at + 4, true),
      layout: from.getBigUint64(at + 8, true),
    }
  },
}

export interface Cursor {
  readonly next: bigint
}

export const Cursor: Codec<Cursor> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at + 8, value.next, true)
  },
  read(from, at) {
    return {
      next: from.getBigUint64(at + 8, true),
    }
  },
}

export interface AffinityKey {
  readonly service: bigint
  readonly netns: bigint
  readonly ipv6: number
}

export const AffinityKey: Codec<AffinityKey> = {
  size: 24,
  write(value, to, at) {
    to.setBigUint64(at, value.service, true)
    to.setBigUint64(at + 8, value.netns, true)
    to.setUint32(at + 16, value.ipv6, true)
  },
  read(from, at) {
    return {
      service: from.getBigUint64(at, true),
      netns: from.getBigUint64(at + 8, true),
      ipv6: from.getUint32(at + 16, true),
    }
  },
}

export interface Affinity {
  readonly endpoint: bigint
  readonly usedNs: bigint
}

export const Affinity: Codec<Affinity> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.endpoint, true)
    to.setBigUint64(at + 8, value.usedNs, true)
  },
  read(from, at) {
    return {
      endpoint: from.getBigUint64(at, true),
      usedNs: from.getBigUint64(at + 8, true),
    }
  },
}

export interface FlowKey {
  readonly socket: bigint
  readonly asked: FrontendKey
}

export const FlowKey: Codec<FlowKey> = {
  size: 32,
  write(value, to, at) {
    to.setBigUint64(at, value.socket, true)
    FrontendKey.write(value.asked, to, at + 8)
  },
  read(from, at) {
    return {
      socket: from.getBigUint64(at, true),
      asked: FrontendKey.read(from, at + 8),
    }
  },
}

export interface Flow {
  readonly set: bigint
  readonly service: bigint
  readonly endpoint: bigint
  readonly workload: bigint
  readonly ip: Address
  readonly port: number
}

export const Flow: Codec<Flow> = {
  size: 56,
  write(value, to, at) {
    to.setBigUint64(at, value.set, true)
    to.setBigUint64(at + 8, value.service, true)
    to.setBigUint64(at + 16, value.endpoint, true)
    to.setBigUint64(at + 24, value.workload, true)
    Address.write(value.ip, to, at + 32)
    to.setUint16(at + 48, value.port, false)
  },
  read(from, at) {
    return {
      set: from.getBigUint64(at, true),
      service: from.getBigUint64(at + 8, true),
      endpoint: from.getBigUint64(at + 16, true),
      workload: from.getBigUint64(at + 24, true),
      ip: Address.read(from, at + 32),
      port: from.getUint16(at + 48, false),
    }
  },
}

export interface ReplyKey {
  readonly socket: bigint
  readonly ip: Address
  readonly port: number
}

export const ReplyKey: Codec<ReplyKey> = {
  size: 32,
  write(value, to, at) {
    to.setBigUint64(at, value.socket, true)
    Address.write(value.ip, to, at + 8)
    to.setUint16(at + 24, value.port, false)
  },
  read(from, at) {
    return {
      socket: from.getBigUint64(at, true),
      ip: Address.read(from, at + 8),
      port: from.getUint16(at + 24, false),
    }
  },
}

export interface Reply {
  readonly vip: Address
  readonly port: number
}

export const Reply: Codec<Reply> = {
  size: 24,
  write(value, to, at) {
    Address.write(value.vip, to, at)
    to.setUint16(at + 16, value.port, false)
  },
  read(from, at) {
    return {
      vip: Address.read(from, at),
      port: from.getUint16(at + 16, false),
    }
  },
}

export interface FastConnection {
  readonly socket: bigint
  readonly at: bigint
  readonly connection: Connection
}

export const FastConnection: Codec<FastConnection> = {
  size: 120,
  write(value, to, at) {
    to.setBigUint64(at + 8, value.socket, true)
    to.setBigUint64(at + 16, value.at, true)
    Connection.write(value.connection, to, at + 24)
  },
  read(from, at) {
    return {
      socket: from.getBigUint64(at + 8, true),
      at: from.getBigUint64(at + 16, true),
      connection: Connection.read(from, at + 24),
    }
  },
}

export interface TrafficKey {
  readonly source: bigint
  readonly destination: bigint
  readonly service: bigint
  readonly reporter: Reporter
  readonly protocol: number
}

export const TrafficKey: Codec<TrafficKey> = {
  size: 32,
  write(value, to, at) {
    to.setBigUint64(at, value.source, true)
    to.setBigUint64(at + 8, value.destination, true)
    to.setBigUint64(at + 16, value.service, true)
    to.setUint32(at + 24, value.reporter, true)
    to.setUint8(at + 28, value.protocol)
  },
  read(from, at) {
    return {
      source: from.getBigUint64(at, true),
      destination: from.getBigUint64(at + 8, true),
      service: from.getBigUint64(at + 16, true),
      reporter: from.getUint32(at + 24, true) as Reporter,
      protocol: from.getUint8(at + 28),
    }
  },
}

export interface Traffic {
  readonly opened: bigint
  readonly closed: bigint
  readonly failed: bigint
  readonly sentBytes: bigint
  readonly receivedBytes: bigint
  readonly retransmitted: bigint
  readonly lost: bigint
}

export const Traffic: Codec<Traffic> = {
  size: 56,
  write(value, to, at) {
    to.setBigUint64(at, value.opened, true)
    to.setBigUint64(at + 8, value.closed, true)
    to.setBigUint64(at + 16, value.failed, true)
    to.setBigUint64(at + 24, value.sentBytes, true)
    to.setBigUint64(at + 32, value.receivedBytes, true)
    to.setBigUint64(at + 40, value.retransmitted, true)
    to.setBigUint64(at + 48, value.lost, true)
  },
  read(from, at) {
    return {
      opened: from.getBigUint64(at, true),
      closed: from.getBigUint64(at + 8, true),
      failed: from.getBigUint64(at + 16, true),
      sentBytes: from.getBigUint64(at + 24, true),
      receivedBytes: from.getBigUint64(at + 32, true),
      retransmitted: from.getBigUint64(at + 40, true),
      lost: from.getBigUint64(at + 48, true),
    }
  },
}

export interface JoinedSocket {
  readonly at: bigint
  readonly receivedBytes: bigint
}

export const JoinedSocket: Codec<JoinedSocket> = {
  size: 16,
  write(value, to, at) {
    to.setBigUint64(at, value.at, true)
    to.setBigUint64(at + 8, value.receivedBytes, true)
  },
  read(from, at) {
    return {
      at: from.getBigUint64(at, true),
      receivedBytes: from.getBigUint64(at + 8, true),
    }
  },
}

export interface Join {
  readonly state: JoinState
  readonly unread: number
  readonly sentBytes: bigint
  readonly key: SocketKey
}

export const Join: Codec<Join> = {
  size: 64,
  write(value, to, at) {
    to.setUint32(at, value.state, true)
    to.setUint32(at + 4, value.unread, true)
    to.setBigUint64(at + 8, value.sentBytes, true)
    SocketKey.write(value.key, to, at + 16)
  },
  read(from, at) {
    return {
      state: from.getUint32(at, true) as JoinState,
      unread: from.getUint32(at + 4, true),
      sentBytes: from.getBigUint64(at + 8, true),
      key: SocketKey.read(from, at + 16),
    }
  },
}

/** By their names in the kernel. `type` is an enum bpf_map_type; a per-CPU map holds one `value` for each CPU. */
export const maps = {
  members: { key: MemberKey, value: Member, type: 1, maxEntries: 8192, flags: 1 },
  frontends: { key: FrontendKey, value: Frontend, type: 1, maxEntries: 65536, flags: 1 },
  services: { key: u64, value: Service, type: 1, maxEntries: 32768, flags: 1 },
  slots: { key: SlotKey, value: Slot, type: 1, maxEntries: 262144, flags: 1 },
  set_members: { key: SetMemberKey, value: u32, type: 1, maxEntries: 65536, flags: 1 },
  workloads: { key: Address, value: u64, type: 1, maxEntries: 131072, flags: 1 },
  nameservers: { key: Address, value: u32, type: 1, maxEntries: 64, flags: 1 },
  settings: { key: u32, value: Settings, type: 2, maxEntries: 1, flags: 0 },
  cursors: { key: u64, value: Cursor, type: 1, maxEntries: 32768, flags: 1 },
  affinities: { key: AffinityKey, value: Affinity, type: 9, maxEntries: 16384, flags: 0 },
  udp_flows: { key: FlowKey, value: Flow, type: 9, maxEntries: 16384, flags: 0 },
  udp_replies: { key: ReplyKey, value: Reply, type: 9, maxEntries: 16384, flags: 0 },
  fast_connections: { key: u32, value: FastConnection, type: 2, maxEntries: 16384, flags: 0 },
  connections: { key: u32, value: Connection, type: 24, maxEntries: 0, flags: 1 },
  verdicts: { key: u32, value: u64, type: 6, maxEntries: 16, flags: 0 },
  traffic: { key: TrafficKey, value: Traffic, type: 5, maxEntries: 16384, flags: 1 },
  sockets: { key: SocketKey, value: u64, type: 18, maxEntries: 65536, flags: 0 },
  joined_sockets: { key: SocketKey, value: JoinedSocket, type: 9, maxEntries: 65536, flags: 0 },
  local_addresses: { key: Address, value: u32, type: 9, maxEntries: 4096, flags: 0 },
  joins: { key: u32, value: Join, type: 24, maxEntries: 0, flags: 1 },
} as const

/** Maps of records without keys: ring buffers. */
export const streams = {
  events: { type: 27, maxEntries: 1048576, flags: 0 },
} as const

/** Another hash means other layouts, enums or kinds of map: state pinned with it cannot be adopted. */
export const layoutHash = 0x3bc29420f6e253fbn
