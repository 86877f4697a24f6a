/** The kernel's verdicts in the words of metrics and logs. */
import { type Verdict, verdictNames } from '../abi/layouts.generated.ts'

export type VerdictName = (typeof verdictNames)[number]

/** `VERDICT_NO_ENDPOINT` is `no_endpoint`. */
export function verdictText(verdict: Verdict | VerdictName): string {
  const name = typeof verdict === 'number' ? verdictNames[verdict] : verdict
  return (name ?? String(verdict)).replace(/^VERDICT_/, '').toLowerCase()
}

/** Verdicts that put a connection, flow or direction into a lane; `none`: it went on as if there were no mesh. */
export const LANES: readonly (readonly [lane: 'connect' | 'socket' | 'none', verdict: VerdictName])[] = [
  ['connect', 'VERDICT_ROUTED'],
  ['connect', 'VERDICT_AFFINITY'],
  ['connect', 'VERDICT_FLOW'],
  ['socket', 'VERDICT_JOINED'],
  ['none', 'VERDICT_BYPASSED'],
  ['none', 'VERDICT_NO_SERVICE'],
]
