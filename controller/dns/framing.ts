/** DNS over TCP: each message behind its length in two bytes (RFC 1035, 4.2.2). */

export function withLength(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(message.length + 2)
  framed.writeUInt16BE(message.length, 0)
  message.copy(framed, 2)
  return framed
}

/** @returns a listener for `data` events that calls back once per whole message */
export function messagesOf(onMessage: (message: Buffer) => void): (chunk: Buffer) => void {
  let held: Buffer = Buffer.alloc(0)
  return (chunk) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    while (held.length >= 2) {
      const end = 2 + held.readUInt16BE(0)
      if (held.length < end) return
      onMessage(Buffer.from(held.subarray(2, end)))
      held = held.subarray(end)
    }
  }
}
