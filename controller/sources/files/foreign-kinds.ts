/** Kinds that are not read: which of them have nothing to do with a mesh, and which would mean something to one. */

/** API groups of Kubernetes itself, and of those around it that run workloads without routing their traffic. */
const UNRELATED_GROUPS: ReadonlySet<string> = new Set(
  [
    ' apps batch autoscaling policy extensions node.k8s.io apiextensions.k8s.io apiregistration.k8s.io',
    'admissionregistration.k8s.io authentication.k8s.io authorization.k8s.io certificates.k8s.io',
    'coordination.k8s.io events.k8s.io flowcontrol.apiserver.k8s.io networking.k8s.io rbac.authorization.k8s.io',
    'resource.k8s.io scheduling.k8s.io storage.k8s.io metrics.k8s.io kustomize.config.k8s.io',
  ].flatMap((line) => line.split(' ')),
)

export function isUnrelated(group: string): boolean {
  return UNRELATED_GROUPS.has(group)
}
