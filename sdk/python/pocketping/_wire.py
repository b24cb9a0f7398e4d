"""The protocol's messages, made from its description.

Code that protoc generates wants the version of the protobuf package that it was
generated for; a description works with all of them.
"""

import base64
import json

from google.protobuf import descriptor_pool, duration_pb2, message_factory

from ._proto import DESCRIPTION

SERVICE = "pocketping.plugin.v1.Plugin"
MAX_MESSAGE = 4 << 20

_pool = descriptor_pool.DescriptorPool()
_pool.AddSerializedFile(duration_pb2.DESCRIPTOR.serialized_pb)
_pool.AddSerializedFile(base64.b64decode(DESCRIPTION))


def message(name):
    """The class of a message of plugin.proto."""
    descriptor = _pool.FindMessageTypeByName("pocketping.plugin.v1." + name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool).GetPrototype(descriptor)


def number(enum, word):
    """The number of an enum's value: number("InboundKind", "message") is that of INBOUND_KIND_MESSAGE."""
    descriptor = _pool.FindEnumTypeByName("pocketping.plugin.v1." + enum)
    prefix = {"InboundKind": "INBOUND_KIND_", "FailureKind": "FAILURE_KIND_", "FieldType": "FIELD_TYPE_", "Kind": "KIND_"}[enum]
    value = descriptor.values_by_name.get(prefix + word.upper())
    if value is None:
        known = ", ".join(name[len(prefix):].lower() for name in descriptor.values_by_name)
        raise ValueError(f"there is no {enum} {word!r}: there are {known}")
    return value.number


def details(code, reason, failure, wait=0.0):
    """A google.rpc.Status with the failure, and with a RetryInfo when there is a wait.

    Written by hand: no package of Google's has to be there for two messages."""
    status = b"\x08" + _varint(code) + _field(2, reason.encode()) + _any("pocketping.plugin.v1.Failure", failure.SerializeToString())
    if wait > 0:
        duration = duration_pb2.Duration()
        duration.FromNanoseconds(int(wait * 1e9))
        status += _any("google.rpc.RetryInfo", _field(1, duration.SerializeToString()))
    return status


def _any(name, value):
    return _field(3, _field(1, b"type.googleapis.com/" + name.encode()) + _field(2, value))


def _field(number_, value):
    return _varint(number_ << 3 | 2) + _varint(len(value)) + value


def _varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def decode(data):
    """What JSON says; None when there is none."""
    return json.loads(data) if data else None
