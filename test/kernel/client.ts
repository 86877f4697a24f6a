/**
 * Connects again and again until SIGTERM, then prints what happened. With `hold` as fourth argument it keeps
 * its one connection, and at SIGTERM asks once more on it. Arguments: host, port, expected answer.
 */
import { connect } from 'node:net'

const [host = '', port = '', expected = '', mode = ''] = process.argv.slice(2)
let connected = 0
let stopped = false
const failed: string[] = []

function report(): void {
  console.log(JSON.stringify({ connected, failed }))
}

function hold(): void {
  const socket = connect({ host, port: Number(port) }, () => socket.write('?'))
  socket.setEncoding('utf8').on('data', (text: string) => {
    if (text !== expected) failed.push(`answered "${text}"`)
    if (++connected === 1) console.log('first')
    else socket.end()
  })
  socket.on('error', (error) => failed.push(error.message))
  socket.on('close', () => {
    process.off('SIGTERM', ask)
    report()
  })
  const ask = () => void socket.write('?')
  process.on('SIGTERM', ask)
}

function once(): void {
  if (stopped) {
    report()
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

if (mode === 'hold') {
  hold()
} else {
  process.on('SIGTERM', () => {
    stopped = true
  })
  once()
}
