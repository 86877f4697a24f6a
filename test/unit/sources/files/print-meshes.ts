/** A program: a source on the folder it is given; prints `addresses | problems` of each mesh, one line each. */
import { openFileSource } from '../../../../controller/sources/files/open.ts'

openFileSource(process.argv[2] ?? '', {
  clusterDomain: 'cluster.local',
  onMesh: (mesh, problems) => {
    const addresses = [...mesh.services.values()].flatMap(({ endpoints }) => endpoints.map(({ address }) => address))
    process.stdout.write(`${addresses.join()} | ${problems.map(({ message }) => message).join()}\n`)
  },
})
