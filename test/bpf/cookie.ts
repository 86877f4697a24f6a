/** The cookie of a process's network namespace, on any kernel: asked of the kernel by cookie.bpf.c. */
import { join } from 'node:path'
import { decode, u64 } from '../../controller/abi/codec.ts'
import { native, projectRoot } from '../../native/index.ts'
import type { Agent } from './agent.ts'

const BPF_CGROUP_INET4_CONNECT = 10

/** @param cgroup in which the agent, and nothing else, runs */
export async function netnsCookieOf(agent: Agent, cgroup: string): Promise<bigint> {
  const object = native().openObject(join(projectRoot(), 'build', 'bpf', 'cookie.bpf.o'))
  object.load()
  const program = object.program('kmesh_cookie')
  const map = object.map('cookie')
  const link = native().attachLink(program, { path: cgroup }, BPF_CGROUP_INET4_CONNECT)
  try {
    await agent.call('connectDatagram', await agent.call('openDatagram', 'udp4'), '127.0.0.1', 9)
    await agent.call('closeDatagrams')
    return decode(u64, map.lookup(new Uint8Array(4)) ?? new Uint8Array(8))
  } finally {
    link.close()
    program.close()
    map.close()
    object.close()
  }
}
