/** Where something runs (Istio's locality, Kubernetes' topology labels). Empty strings where unknown. */
export interface Locality {
  readonly region: string
  readonly zone: string
  readonly subzone: string
}
