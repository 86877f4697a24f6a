/** Names as Kubernetes and DNS allow them, and how Istio completes short host names. */
import { clip, type Field } from './field.ts'

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
/** Hosts of the outside world: underscores are found in them. */
const HOST_LABEL = /^[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?$/

const LABEL_LIMIT = 63
const NAME_LIMIT = 253

/** @returns what is wrong with a DNS-1123 label (namespaces, services) */
export function labelFault(name: string): string | undefined {
  if (name.length > LABEL_LIMIT) return `"${clip(name)}" has ${name.length} characters, ${LABEL_LIMIT} are allowed`
  return LABEL.test(name)
    ? undefined
    : `"${clip(name)}" is no DNS label: lower-case letters, digits and "-", at both ends no "-"`
}

/** @returns what is wrong with a DNS-1123 subdomain (all other names) */
export function subdomainFault(name: string): string | undefined {
  if (name.length > NAME_LIMIT) return `"${clip(name)}" has ${name.length} characters, ${NAME_LIMIT} are allowed`
  return name.split('.').every((label) => LABEL.test(label))
    ? undefined
    : `"${clip(name)}" is no DNS name: lower-case letters, digits, "-" and "."`
}

/** @returns what is wrong with a host: a DNS name, or one below a wildcard (`*.example.org`) */
export function hostFault(host: string): string | undefined {
  if (host.length > NAME_LIMIT) return `"${clip(host)}" has ${host.length} characters, ${NAME_LIMIT} are allowed`
  const labels = host.split('.')
  if (labels[0] === '*' && labels.length > 1) labels.shift()
  const long = labels.find((label) => label.length > LABEL_LIMIT)
  if (long !== undefined) return `label "${clip(long)}" has ${long.length} characters, ${LABEL_LIMIT} are allowed`
  return labels.every((label) => HOST_LABEL.test(label)) ? undefined : `"${clip(host)}" is no host name`
}

/** A host in lower case without the final dot, refused where it is none. */
export function readHost(field: Field): string | undefined {
  const host = field.text()?.toLowerCase().replace(/\.$/, '')
  if (host === undefined) return undefined
  const fault = hostFault(host)
  if (fault === undefined) return host
  field.refuse(fault)
  return undefined
}

/** Istio's rule: a name without a dot is a service of the namespace that the resource is in. */
export function fullHost(host: string, namespace: string, clusterDomain: string): string {
  return host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.${clusterDomain}`
}
