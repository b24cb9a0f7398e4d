import { Server as GRPC, ServerCredentials } from '@grpc/grpc-js'
import { dirname, join } from 'node:path'

import { openLog } from './lib/log.js'
import { Server } from './lib/server.js'
import { maxMessage, service } from './lib/wire.js'

export { Disconnected, Failure, FieldError, Permanent, Refused, RetryAfter, ThreadGone, Unusable } from './lib/failures.js'
export { Event } from './lib/run.js'

const cookie = ['POCKETPING_PLUGIN', '7c0a2a5e-5f0e-4a3b-9b6c-pocketping']
const raw = { requestStream: false, responseStream: false, requestSerialize: Buffer.from, requestDeserialize: Buffer.from, responseSerialize: Buffer.from, responseDeserialize: Buffer.from }

/** What a bridge or hook extends; index.d.ts says what it may define. */
export class Bridge {
  constructor(config, host) {
    this.config = config
    this.host = host
  }
}

/** Runs a class of Bridge until the core is done with it. */
export async function serve(kind) {
  const { name } = kind.spec
  if (process.env[cookie[0]] !== cookie[1]) {
    process.stderr.write(`${name} is a plugin, which PocketPing launches: pocketping plugin dev ${dirname(process.argv[1])}\n`)
    process.exit(1)
  }
  process.on('SIGINT', () => {}) // of a terminal: the core ends its plugins
  const log = openLog(name)
  watchHost()
  const size = 2 * maxMessage
  const server = new GRPC({ 'grpc.max_receive_message_length': size, 'grpc.max_send_message_length': size })
  server.addService(service, new Server(kind, log).methods())
  server.addService({ check: { ...raw, path: '/grpc.health.v1.Health/Check' } }, { check: (_, answer) => answer(null, Buffer.from([8, 1])) }) // SERVING
  server.addService({ shutdown: { ...raw, path: '/plugin.GRPCController/Shutdown' } }, {
    shutdown: (_, answer) => {
      answer(null, Buffer.alloc(0))
      setTimeout(() => process.exit(0), 50)
    },
  })
  const folder = process.platform === 'win32' ? '' : process.env.PLUGIN_UNIX_SOCKET_DIR
  const at = folder ? 'unix:' + join(folder, 'plugin.sock') : '127.0.0.1:0'
  const port = await new Promise((resolve, reject) =>
    server.bindAsync(at, ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))))
  process.stdout.write(folder ? `1|1|unix|${join(folder, 'plugin.sock')}|grpc\n` : `1|1|tcp|127.0.0.1:${port}|grpc\n`)
}

/** Ends the process when the one that launched it has died: nobody would stop it then. */
function watchHost() {
  const host = Number(process.env.POCKETPING_HOST_PID) || process.ppid
  setInterval(() => process.ppid === host || process.exit(3), 500)
}
