/** What the demo needs to know of examples/: which pods there are, what they serve, and how traffic is to be split. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadAll } from 'js-yaml'

export interface DemoPod {
  readonly name: string
  /** in the lab's network */
  readonly address: string
  readonly version: string
}

export interface DemoConfig {
  /** the files, as kmeshd gets them */
  readonly files: Readonly<Record<string, string>>
  readonly pods: readonly DemoPod[]
  readonly service: {
    readonly host: string
    readonly address: string
    readonly port: number
    readonly targetPort: number
  }
  /** percent, by version */
  readonly shares: ReadonlyMap<string, number>
}

interface Document {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> }
  readonly status?: { readonly podIP?: string }
  readonly spec?: {
    readonly clusterIP?: string
    readonly ports?: readonly { readonly port: number; readonly targetPort?: number }[]
    readonly http?: readonly { readonly route?: readonly Share[]; readonly match?: unknown }[]
  }
}

interface Share {
  readonly weight?: number
  readonly destination: { readonly subset?: string }
}

/** @throws Error where the examples do not have what the demo shows */
export function readDemoConfig(folder: string): DemoConfig {
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'))
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]))
  const documents = Object.values(files).flatMap((text) => loadAll(text) as Document[])
  const service = documents.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'reviews')
  const port = service?.spec?.ports?.[0]
  const address = service?.spec?.clusterIP
  const catchAll = documents
    .find(({ kind, metadata }) => kind === 'VirtualService' && metadata.name === 'reviews')
    ?.spec?.http?.find(({ match }) => match === undefined)
  if (service === undefined || port === undefined || address === undefined || catchAll?.route === undefined) {
    throw new Error(`${folder} has no Service reviews with an address and a VirtualService that splits it`)
  }
  return {
    files,
    pods: documents.flatMap(({ kind, metadata, status }) => {
      const version = metadata.labels?.['version']
      return kind === 'Pod' &&
        metadata.labels?.['app'] === 'reviews' &&
        version !== undefined &&
        status?.podIP !== undefined
        ? [{ name: metadata.name, address: status.podIP, version }]
        : []
    }),
    service: {
      host: `reviews.${service.metadata.namespace ?? 'default'}`,
      address,
      port: port.port,
      targetPort: port.targetPort ?? port.port,
    },
    shares: new Map(catchAll.route.map(({ weight, destination }) => [destination.subset ?? '', weight ?? 100])),
  }
}
