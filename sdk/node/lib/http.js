import { request } from 'node:http'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'

import { Failure, Permanent } from './failures.js'
import { read } from './wire.js'

/** The core's HTTP socket for this launch, for what is large or to be read. */
export class HostHTTP {
  #to
  #token

  constructor(addr, token) {
    const [, network, address] = /^(\w+):(.*)$/.exec(addr) ?? []
    const colon = address?.lastIndexOf(':')
    this.#to = network === 'unix' ? { socketPath: address } : { host: address?.slice(0, colon), port: address?.slice(colon + 1) }
    this.#token = token
  }

  /** The body of a 200; anything else is an error with the core's words. */
  async ask(method, path, body) {
    const answer = await new Promise((resolve, reject) => {
      const asked = request({ ...this.#to, method, path, headers: { authorization: 'Bearer ' + this.#token } }, resolve)
      asked.on('error', reject)
      if (body instanceof Readable) body.on('error', (error) => asked.destroy(error)).pipe(asked)
      else asked.end(body)
    })
    if (answer.statusCode === 200) return answer
    const words = (await text(answer)).slice(0, 1024).trim()
    throw new (answer.statusCode < 500 ? Permanent : Failure)(`host: ${answer.statusCode} ${answer.statusMessage}: ${words}`)
  }

  async read(name, method, path, body) {
    return read(name, JSON.parse(await text(await this.ask(method, path, body))))
  }
}
