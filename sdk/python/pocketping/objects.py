"""What goes to a bridge and comes from it.

Sessions, visitors, messages and attachments are the messages of plugin.proto, with
their names: event.message.text, event.session.visitor.email.
"""

from dataclasses import dataclass, field
from typing import Any, Optional

from . import _wire

_NO_DEFAULT: Any = object()
_JSON_TYPES = {"string": str, "int": int, "bool": bool, "strings": list}


@dataclass
class Field:
    """One attribute of the plugin's block. It is required unless it has a default."""

    name: str
    type: str = "string"  # string, int, bool, strings
    default: Any = _NO_DEFAULT  # None: none, but it may be left out
    secret: bool = False
    exclusive: bool = False  # no two blocks may have the same value
    help: str = ""

    @property
    def required(self):
        return self.default is _NO_DEFAULT

    def fits(self, value):
        """Whether the value has the field's type; a bool is no int."""
        wanted = _JSON_TYPES[self.type]
        return isinstance(value, wanted) and (wanted is not int or not isinstance(value, bool))


@dataclass
class Limit:
    """A quota of the platform, which the core keeps: so many calls in so many seconds."""

    calls: int
    per: float
    scope: str = ""
    events: list = field(default_factory=list)


@dataclass
class Link:
    """Ties one of our messages to one message of the platform. The link whose message_id
    is the session's is its status card."""

    external_id: str
    message_id: str
    thread: str = ""  # of a receipt's link: empty is the receipt's or the event's
    part: int = 0
    revision: str = ""
    deleted: bool = False


@dataclass
class Receipt:
    """What a delivery did on the platform."""

    thread: str = ""  # set when the thread was made or replaced
    links: list = field(default_factory=list)
    calls: int = 1  # that count against the limits


@dataclass
class Erased:
    """What became of an erased session's thread."""

    done: bool = True
    removed: list = field(default_factory=list)  # external ids, when it is not done
    left: list = field(default_factory=list)  # external ids that people have to remove
    why: str = ""
    calls: int = 1


@dataclass
class Finding:
    """One thing that check looked at, and what to do when it is not ok."""

    ok: bool
    name: str
    text: str


@dataclass
class Ack:
    """What a reported thing became."""

    session_id: str
    message_id: str
    seq: int
    repeated: bool  # it had been reported before


@dataclass
class Event:
    """One thing that happened in a session."""

    type: str
    seq: int
    at: int  # milliseconds since 1970
    message: Any  # of message.* and note.*, as it is now; else None
    data: Any  # what the event's JSON says; else None
    uncertain: bool  # it may have been delivered before without our learning of it
    session: Any = None
    thread: str = ""  # the platform's id of the session's thread; empty: make one
    links: list = field(default_factory=list)  # known messages of the platform

    def parts(self, message_id):
        """The platform's messages that show the message, in order."""
        return [link for link in self.links if link.message_id == message_id and not link.deleted]

    def card(self) -> Optional[Link]:
        """The session's status card, when it has one."""
        return next(iter(self.parts(self.session.id)), None)


def event_of(wire):
    return Event(
        wire.type, wire.seq, wire.at, wire.message if wire.HasField("message") else None,
        _wire.decode(wire.data), wire.uncertain,
    )


def link_of(wire):
    return Link(wire.external_id, wire.message_id, wire.thread, wire.part, wire.revision, wire.deleted)


def link_to_wire(link, thread):
    return _wire.message("Link")(
        thread=link.thread or thread, external_id=str(link.external_id), message_id=link.message_id,
        part=link.part, revision=str(link.revision), deleted=link.deleted,
    )
