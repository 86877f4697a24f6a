/** Connects again and again until SIGTERM, then prints what happened. Arguments: host, port, expected answer. */
import { connect } from 'node:net'

const [host = '', port = '', expected = ''] = process.argv.slice(2)
let connected = 0
let stopped = false
const failed: string[] = []

function once(): void {
  if (stopped) {
    console.log(JSON.stringify({ connected, failed }))
    return
  }
  let answer = ''
  const socket = connect({ host, port: Number(port) })
  socket.setEncoding('utf8').on('data', (text: string) => {
    answer += text
  })
  socket.on('error', (error) => failed.push(error.message))
  socket.on('close', (hadError) => {
    if (!hadError && answer !== expected) failed.push(`answered "${answer}"`)
    connected++
    if (connected === 1) console.log('first')
    setTimeout(once, 1)
  })
}

process.on('SIGTERM', () => {
  stopped = true
})
once()
