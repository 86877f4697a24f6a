/** Workloads: whose address it is (for the kernel), and who an id is (for people). */
import { addressBytes } from '../abi/address.ts'
import type { Difference } from '../abi/difference.ts'
import { maps } from '../abi/layouts.generated.ts'
import { pack } from '../abi/packed.ts'
import type { Problem } from '../model/problem.ts'
import type { Workload } from '../model/workload.ts'
import { type Fragment, makeFragment } from './fragment.ts'
import { nameId } from './ids.ts'
import { emptyShards, SHARD_COUNT, type Shards, updateShards } from './shards.ts'

export interface Workloads {
  readonly byAddress: Shards<Known, Fragment>
  readonly byId: Shards<Known, NamedWorkloads>
}

interface Known {
  readonly workload: Workload
  readonly id: bigint
  /** those that say whose they are: on the node's own network, a workload has the node's */
  readonly addresses: readonly { readonly text: string; readonly ip: Uint8Array }[]
}

export interface NamedWorkloads {
  readonly workloads: ReadonlyMap<bigint, Workload>
  readonly problems: readonly Problem[]
}

export function workloadId({ uid }: Pick<Workload, 'uid'>): bigint {
  return nameId('workload', uid)
}

export function updateWorkloads({ byAddress, byId }: Workloads, { removed, added }: Difference<Workload>): Workloads {
  const change = { removed: removed.map(know), added: added.map(know) }
  const addressShards = ({ addresses }: Known) => addresses.map(({ ip }) => addressShard(ip))
  return {
    byAddress: updateShards(byAddress, change, addressShards, sameWorkload, compileAddresses),
    byId: updateShards(byId, change, ({ id }) => [idShard(id)], sameWorkload, nameWorkloads),
  }
}

export function findWorkload(byId: Workloads['byId'], id: bigint): Workload | undefined {
  return byId[idShard(id)]?.result.workloads.get(id)
}

function know(workload: Workload): Known {
  const addresses = (workload.hostNetwork ? [] : workload.addresses).flatMap((text) => {
    const ip = addressBytes(text)
    return ip === undefined ? [] : [{ text, ip }]
  })
  return { workload, id: workloadId(workload), addresses }
}

const sameWorkload = ({ workload }: Known) => workload

function idShard(id: bigint): number {
  return Number(BigInt.asUintN(32, id)) % SHARD_COUNT
}

/** Addresses of pods differ in their last bytes. */
function addressShard(ip: Uint8Array): number {
  return ((ip[15] ?? 0) + 257 * (ip[14] ?? 0)) % SHARD_COUNT
}

function compileAddresses(items: readonly Known[], index: number): Fragment {
  const owners = new Map<string, { readonly ip: Uint8Array; readonly owner: Known }>()
  const others: { readonly text: string; readonly other: Workload }[] = []
  for (const item of items) {
    for (const { text, ip } of item.addresses) {
      if (addressShard(ip) !== index) continue
      const owner = owners.get(text)?.owner
      const [first, second] =
        owner === undefined || item.workload.uid < owner.workload.uid ? [item, owner] : [owner, item]
      owners.set(text, { ip, owner: first })
      if (second !== undefined && second !== first) others.push({ text, other: second.workload })
    }
  }
  const entries = [...owners].sort(([a], [b]) => (a < b ? -1 : 1))
  return makeFragment({
    key: `workloads ${index}`,
    about: { resource: 'workloads' },
    workloads: pack(
      maps.workloads,
      entries.map(([, { ip, owner }]) => [ip, owner.id]),
    ),
    problems: others
      .map(({ text, other }) => shared(text, owners.get(text)?.owner.workload ?? other, other))
      .sort((a, b) => (a.resource + a.message < b.resource + b.message ? -1 : 1)),
  })
}

function shared(address: string, owner: Workload, other: Workload): Problem {
  const message = `${owner.uid} has the address ${address} too: traffic from there is shown as its own`
  return { severity: 'warning', resource: `workload ${other.uid}`, field: '', message }
}

function nameWorkloads(items: readonly Known[]): NamedWorkloads {
  const workloads = new Map<bigint, Workload>()
  const problems: Problem[] = []
  for (const { id, workload } of items) {
    const other = workloads.get(id)
    const [first, second] = other === undefined || workload.uid < other.uid ? [workload, other] : [other, workload]
    workloads.set(id, first)
    if (second !== undefined) problems.push(collision(second, first))
  }
  return { workloads, problems }
}

function collision(workload: Workload, other: Workload): Problem {
  const message = `has the same id as ${other.uid}: traffic of both is shown as that one's. Give it another name`
  return { severity: 'error', resource: `workload ${workload.uid}`, field: '', message }
}

export const NO_WORKLOADS: Workloads = { byAddress: emptyShards(compileAddresses), byId: emptyShards(nameWorkloads) }
