/** This node as the mesh describes it: its zone decides which endpoints are near. */
import type { Mesh, NodeView } from './model/mesh.ts'

const NOWHERE = { region: '', zone: '', subzone: '' }

/** A node that the mesh does not have is still this node: endpoints that name it are local. */
export function nodeView(mesh: Mesh, name: string): NodeView {
  return { name, locality: mesh.nodes.get(name)?.locality ?? NOWHERE }
}
