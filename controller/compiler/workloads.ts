/** Workloads: whose address it is (for the kernel), and who an id is (for people). */
import { addressBytes } from '../abi/address.ts'
import { maps } from '../abi/layouts.generated.ts'
import { pack } from '../abi/packed.ts'
import type { Problem } from '../model/problem.ts'
import type { Workload } from '../model/workload.ts'
import { type Fragment, makeFragment } from './fragment.ts'
import { nameId } from './ids.ts'
import { type Difference, emptyShards, SHARD_COUNT, type Shards, updateShards } from './shards.ts'

export interface Workloads {
  readonly byAddress: Shards<Workload, Fragment>
  readonly byId: Shards<Workload, NamedWorkloads>
}

export interface NamedWorkloads {
  readonly workloads: ReadonlyMap<bigint, Workload>
  readonly problems: readonly Problem[]
}

export function workloadId({ uid }: Pick<Workload, 'uid'>): bigint {
  return nameId('workload', uid)
}

export function updateWorkloads({ byAddress, byId }: Workloads, change: Difference<Workload>): Workloads {
  const addressShards = (workload: Workload) => addressesOf(workload).map(({ ip }) => addressShard(ip))
  return {
    byAddress: updateShards(byAddress, change, addressShards, compileAddresses),
    byId: updateShards(byId, change, (workload) => [idShard(workloadId(workload))], nameWorkloads),
  }
}

export function findWorkload(byId: Workloads['byId'], id: bigint): Workload | undefined {
  return byId[idShard(id)]?.result.workloads.get(id)
}

function idShard(id: bigint): number {
  return Number(id % BigInt(SHARD_COUNT))
}

/** Addresses of pods differ in their last bytes. */
function addressShard(ip: Uint8Array): number {
  return ((ip[15] ?? 0) + 7 * (ip[14] ?? 0)) % SHARD_COUNT
}

/** A workload on the node's own network has the node's address, which says nothing about it. */
function addressesOf({ addresses, hostNetwork }: Workload): { readonly address: string; readonly ip: Uint8Array }[] {
  if (hostNetwork) return []
  return addresses.flatMap((address) => {
    const ip = addressBytes(address)
    return ip === undefined ? [] : [{ address, ip }]
  })
}

function compileAddresses(workloads: readonly Workload[], index: number): Fragment {
  const owners = new Map<string, { readonly ip: Uint8Array; readonly workload: Workload }>()
  const problems: Problem[] = []
  for (const workload of workloads.toSorted(byUid)) {
    for (const { address, ip } of addressesOf(workload)) {
      if (addressShard(ip) !== index) continue
      const owner = owners.get(address)
      if (owner === undefined) owners.set(address, { ip, workload })
      else if (owner.workload !== workload) problems.push(shared(address, owner.workload, workload))
    }
  }
  const entries = [...owners].sort(([a], [b]) => (a < b ? -1 : 1))
  return makeFragment({
    key: `workloads ${index.toString(16).padStart(2, '0')}`,
    about: { resource: 'workloads' },
    workloads: pack(
      maps.workloads,
      entries.map(([, { ip, workload }]) => [ip, workloadId(workload)]),
    ),
    problems,
  })
}

function shared(address: string, owner: Workload, other: Workload): Problem {
  const message = `${owner.uid} has the address ${address} too: traffic from there is shown as its own`
  return { severity: 'warning', resource: `workload ${other.uid}`, field: '', message }
}

function nameWorkloads(items: readonly Workload[]): NamedWorkloads {
  const workloads = new Map<bigint, Workload>()
  const problems: Problem[] = []
  for (const workload of items.toSorted(byUid)) {
    const id = workloadId(workload)
    const other = workloads.get(id)
    if (other === undefined) workloads.set(id, workload)
    else problems.push(collision(workload, other))
  }
  return { workloads, problems }
}

function collision(workload: Workload, other: Workload): Problem {
  const message = `has the same id as ${other.uid}: traffic of both is shown as that one's. Give it another name`
  return { severity: 'error', resource: `workload ${workload.uid}`, field: '', message }
}

function byUid(a: Workload, b: Workload): number {
  return a.uid < b.uid ? -1 : 1
}

export const NO_WORKLOADS: Workloads = { byAddress: emptyShards(compileAddresses), byId: emptyShards(nameWorkloads) }
