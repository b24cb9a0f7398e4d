// The protocol's messages, made from plugin.proto.

import { Metadata, loadPackageDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'

const shape = { longs: Number, enums: String, defaults: true, arrays: true, objects: true, oneofs: true }

// The description of google.protobuf.Duration comes with protobufjs.
const root = new protobuf.Root()
root.addJSON(protobuf.common.get('google/protobuf/duration.proto').nested)
protobuf.parse(readFileSync(new URL('../plugin.proto', import.meta.url), 'utf8'), root, { keepCase: false })
root.resolveAll()

const messages = root.lookup('pocketping.plugin.v1')

/** The definition of the service, as gRPC takes it. */
export const service = loadPackageDefinition(fromJSON(root.toJSON(), shape)).pocketping.plugin.v1.Plugin.service

export const maxMessage = 4 << 20

/** What the core's HTTP socket answered, in the shape of gRPC's messages. */
export function read(name, json) {
  const type = messages.lookupType(name)
  return type.toObject(type.fromObject(json), shape)
}

/** How many bytes a message has on the wire. */
export function sizeOf(name, message) {
  const type = messages.lookupType(name)
  return type.encode(type.fromObject(message)).finish().length
}

/** What a call is answered with that failed: a google.rpc.Status with the failure, and
 * with a RetryInfo when there is a wait. */
export function statusOf(failure) {
  const reason = failure.message.slice(0, 2000)
  const wire = messages.lookupType('Failure').fromObject({
    kind: 'FAILURE_KIND_' + failure.kind, scope: failure.scope, field: failure.field, reason, seq: failure.seq, calls: failure.calls,
  })
  const writer = protobuf.Writer.create().uint32(8).int32(failure.code).uint32(18).string(reason)
  any(writer, 'pocketping.plugin.v1.Failure', messages.lookupType('Failure').encode(wire).finish())
  if (failure.wait > 0) {
    const wait = duration(failure.wait)
    const delay = root.lookupType('google.protobuf.Duration').encode(wait).finish()
    any(writer, 'google.rpc.RetryInfo', protobuf.Writer.create().uint32(10).bytes(delay).finish())
  }
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from(writer.finish()))
  return { code: failure.code, details: reason, metadata }
}

/** Seconds as google.protobuf.Duration. */
export function duration(seconds) {
  const whole = Math.floor(seconds)
  return { seconds: whole, nanos: Math.round((seconds - whole) * 1e9) }
}

function any(writer, name, value) {
  const bytes = protobuf.Writer.create().uint32(10).string('type.googleapis.com/' + name).uint32(18).bytes(value).finish()
  writer.uint32(26).bytes(bytes)
}
