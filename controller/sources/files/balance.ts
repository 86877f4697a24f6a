/** DestinationRule's trafficPolicy: which of it decides how connections are spread. */
import type { Balance } from '../../model/traffic-policy.ts'
import type { Field } from './field.ts'

export interface BalancePolicy {
  readonly balance?: Balance
  readonly portBalance: ReadonlyMap<number, Balance>
}

export function readBalancePolicy(policy: Field): BalancePolicy {
  policy.only('loadBalancer', 'portLevelSettings', 'tls')
  readTls(policy.get('tls'))
  const balance = readBalance(policy.get('loadBalancer'))
  const portBalance = new Map<number, Balance>()
  for (const settings of policy.get('portLevelSettings').items()) {
    settings.only('port', 'loadBalancer', 'tls')
    readTls(settings.get('tls'))
    const port = settings.get('port').required().get('number').required().port()
    const own = readBalance(settings.get('loadBalancer'))
    if (port !== undefined && own !== undefined) portBalance.set(port, own)
  }
  return { ...(balance !== undefined && { balance }), portBalance }
}

function readBalance(field: Field): Balance | undefined {
  field.only('simple')
  const simple = field.get('simple')
  const value = simple.oneOf('ROUND_ROBIN', 'RANDOM', 'UNSPECIFIED', 'LEAST_REQUEST', 'LEAST_CONN', 'PASSTHROUGH')
  if (value === undefined) return undefined
  if (value === 'ROUND_ROBIN') return 'round-robin'
  if (value !== 'RANDOM') simple.warn(`${value} is not honoured: endpoints are chosen at random`)
  return 'random'
}

/** Connections are passed on as the client makes them: what asks for nothing else is honoured. */
function readTls(tls: Field): void {
  const mode = tls.get('mode')
  if (tls.present && mode.value !== 'DISABLE')
    (mode.present ? mode : tls).warn('is not honoured: connections stay as the client made them')
}
