/**
 * A backend of the demo: answers every request with its version, over HTTP and over UDP on the same port.
 * Arguments: ADDRESS PORT VERSION.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'

const [address = '', port = '', version = ''] = process.argv.slice(2)

const http = createServer((_request, response) => {
  response.setHeader('x-version', version).end(`${version}\n`)
})
const udp = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4' })
udp.on('message', (_message, from) => udp.send(version, from.port, from.address))

http.listen({ host: address, port: Number(port), backlog: 4096 })
udp.bind(Number(port), address)
await Promise.all([once(http, 'listening'), once(udp, 'listening')])
process.stdout.write('ready\n')
