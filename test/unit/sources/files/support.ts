/** A folder without a file system: texts in, mesh and problems out. */
import type { Mesh } from '../../../../controller/model/mesh.ts'
import type { Problem } from '../../../../controller/model/problem.ts'
import type { Service } from '../../../../controller/model/service.ts'
import { MeshBuilder } from '../../../../controller/sources/files/build/mesh.ts'
import { readDocuments } from '../../../../controller/sources/files/documents.ts'
import { ResourceStore } from '../../../../controller/sources/files/store.ts'
import { parseYaml } from '../../../../controller/sources/files/yaml.ts'

export const CLUSTER_DOMAIN = 'cluster.local'

export class TextFolder {
  readonly #store = new ResourceStore()
  readonly #builder = new MeshBuilder(this.#store, { clusterDomain: CLUSTER_DOMAIN, rootNamespace: 'istio-system' })

  write(file: string, text: string): void {
    const held = (resource: string): boolean => this.#store.holds(file, resource)
    this.#store.put(file, readDocuments(parseYaml(text), { file, clusterDomain: CLUSTER_DOMAIN, held }))
  }

  remove(file: string): void {
    this.#store.remove(file)
  }

  wantedHosts(): string[] {
    return [...this.#builder.wantedHosts().keys()]
  }

  build(resolved: ReadonlyMap<string, readonly string[]> = NO_HOSTS): { mesh: Mesh; problems: readonly Problem[] } {
    const { mesh, problems } = this.#builder.build(resolved)
    return { mesh, problems: [...this.#store.problems(), ...problems] }
  }
}

const NO_HOSTS: ReadonlyMap<string, readonly string[]> = new Map()

export interface Loaded {
  readonly mesh: Mesh
  /** `severity resource field: message`, in order */
  readonly problems: readonly string[]
}

/** One file `mesh.yaml` made of these documents. */
export function load(...documents: readonly string[]): Loaded {
  const folder = new TextFolder()
  folder.write('mesh.yaml', documents.join('\n---\n'))
  const { mesh, problems } = folder.build()
  return { mesh, problems: problems.map(problemText) }
}

export function problemText({ severity, resource, field, message }: Problem): string {
  return `${[severity, resource, field].filter((part) => part !== '').join(' ')}: ${message}`
}

export function serviceOf(mesh: Mesh, namespace: string, hostname: string): Service {
  const service = mesh.services.get(`${namespace}/${hostname}`)
  if (service === undefined) throw new Error(`no service ${namespace}/${hostname} among ${[...mesh.services.keys()]}`)
  return service
}

/** The Kubernetes service `default/reviews`. */
export function reviewsOf({ mesh }: Loaded): Service {
  return serviceOf(mesh, 'default', 'reviews.default.svc.cluster.local')
}

/** @param spec lines of the spec, in flow or block style */
export function service(name: string, spec: string, metadata = ''): string {
  return `
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default${metadata === '' ? '' : `, ${metadata}`}}
spec:
${indent(spec)}`
}

export function slice(name: string, service: string, endpoints: string, ports = '[{name: http, port: 8080}]'): string {
  return `
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}, namespace: default, labels: {kubernetes.io/service-name: ${service}}}
addressType: ${endpoints.includes('fd00:') ? 'IPv6' : 'IPv4'}
ports: ${ports}
endpoints:
${indent(endpoints)}`
}

export function pod(name: string, { labels = '{}', spec = '', status = '', metadata = '' }): string {
  return `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: default, labels: ${labels}${metadata === '' ? '' : `, ${metadata}`}}
spec: {${spec}}
status: {${status}}`
}

export function istio(kind: string, name: string, spec: string, metadata = 'namespace: default'): string {
  return `
apiVersion: networking.istio.io/v1
kind: ${kind}
metadata: {name: ${name}, ${metadata}}
spec:
${indent(spec)}`
}

function indent(text: string): string {
  return text
    .trim()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')
}
