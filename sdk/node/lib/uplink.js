import { Disconnected, Failure, Refused } from './failures.js'
import { maxMessage, sizeOf } from './wire.js'

const broken = () => new Disconnected('the connection to the core is broken; try again')

/** Carries items to the core over the one Inbound stream, and brings each its ack. */
export class Uplink {
  #stream
  #open
  #opened = new Promise((resolve) => (this.#open = resolve))
  #closed = false
  #ref = 0
  #waiting = new Map()

  /** Takes the stream. False: it was opened before. */
  serve(stream) {
    if (this.#stream) return false
    this.#stream = stream
    stream.on('data', (ack) => {
      const waiter = this.#waiting.get(ack.ref)
      this.#waiting.delete(ack.ref)
      waiter?.resolve(ack)
    })
    for (const event of ['end', 'error', 'cancelled']) stream.on(event, () => this.end())
    this.#open()
    return true
  }

  get opened() {
    return this.#stream !== undefined
  }

  /** Ends the stream, and every call that waits for its ack. */
  end(status) {
    if (this.#closed) return
    this.#closed = true
    for (const waiter of this.#waiting.values()) waiter.reject(broken())
    this.#waiting.clear()
    if (status) this.#stream?.emit('error', status)
    else this.#stream?.end()
  }

  /** Sends an item and returns its ack, once the core has committed it. */
  async call(item) {
    const size = sizeOf('InboundResponse', item)
    if (size > maxMessage - 1024) throw new Refused(`${size} bytes are more than the core takes at once: saveFile takes what is large`)
    await this.#opened
    if (this.#closed) throw broken()
    const ref = ++this.#ref
    const ack = await new Promise((resolve, reject) => {
      this.#waiting.set(ref, { resolve, reject })
      this.#stream.write({ ...item, ref })
    })
    if (!ack.failure) return ack
    throw ack.failure.kind === 'FAILURE_KIND_RETRY' ? new Failure(ack.failure.reason) : new Refused(ack.failure.reason)
  }
}
