"""What an author of a plugin writes, and what runs it."""

import json
import os
import signal
import sys
import threading
import time
from concurrent import futures

import grpc

from . import _wire
from ._log import open_log
from ._server import Server

_COOKIE = ("POCKETPING_PLUGIN", "7c0a2a5e-5f0e-4a3b-9b6c-pocketping")
_STORED = (
    "session.opened session.closed session.reopened session.rated session.claimed session.released "
    "message.posted message.edited message.deleted message.failed visitor.identified visitor.tracked "
    "note.posted note.edited note.deleted notice"
).split()
_LIVE = {"typing", "receipt", "thread.erased"}


class Bridge:
    """A bridge or a hook: subclass it, say what it is, and define deliver.

    It is made with the values of its block (config, by name) and the core (host). It must not
    call its platform then: a bridge starts, and queues, also while its platform is down.

    deliver(event) returns a Receipt, or None where there is nothing to say, and raises a
    Failure. The events of one session come in order and one at a time; those of different
    sessions come in parallel, each in a thread.

    Define as well what there is of these:
    run(stop)             receives from the platform until stop, a threading.Event, is set; when it
                          ends earlier, the plugin is launched anew
    check()               Findings of live calls: is the token good, which right is missing
    stop()                closes what is open
    typing(event)         shows that the visitor types, where "typing" is one of events
    erase(thread, links)  removes what was made for an erased session, where "thread.erased" is
                          one of events, and returns Erased
    """

    name = ""
    version = ""
    kind = "bridge"  # or "hook", which only listens
    fields = ()  # Field: the attributes of its block
    events = ()  # the types that it wants; none: every stored one
    limits = ()  # Limit: the platform's quotas. The core keeps them: a bridge never waits for quota
    parallel = 16  # how many sessions may be delivered to at once
    cannot = {}  # in words for operators, what the platform cannot do, by action
    as_visitor = False  # it posts what it receives as the visitor

    def __init__(self, config, host):
        self.config, self.host = config, host

    def deliver(self, event):
        """Brings one event to the platform."""
        raise NotImplementedError

    @classmethod
    def describe(cls):
        """What the core is told of the plugin."""
        events = list(cls.events)
        if events and _LIVE.issuperset(events):
            events = _STORED + events
        wire = _wire.message("DescribeResponse")(
            name=cls.name, version=cls.version, kind=_wire.number("Kind", cls.kind), events=events,
            parallel=cls.parallel, cannot=cls.cannot, as_visitor=cls.as_visitor,
        )
        for f in cls.fields:
            default = "" if f.required or f.default is None else json.dumps(f.default)
            wire.fields.add(name=f.name, type=_wire.number("FieldType", f.type), required=f.required, secret=f.secret,
                            exclusive=f.exclusive, help=f.help, default_json=default)
        for limit in cls.limits:
            wire.limits.add(scope=limit.scope, calls=limit.calls, events=limit.events).per.FromNanoseconds(int(limit.per * 1e9))
        return wire


def serve(kind):
    """Runs a subclass of Bridge until the core is done with it. It does not return.

    Where POCKETPING_URL and POCKETPING_BRIDGE_KEY are in the environment it connects to the
    core at that address, in place of being launched: see remote."""
    url, key = os.environ.get("POCKETPING_URL"), os.environ.get("POCKETPING_BRIDGE_KEY")
    if url and key:
        from .remote import serve_remote

        serve_remote(kind, url, key)
    if os.environ.get(_COOKIE[0]) != _COOKIE[1]:
        if url or key:
            missing = "POCKETPING_BRIDGE_KEY" if url else "POCKETPING_URL"
            sys.exit(f"{kind.name} does not know how to connect: set {missing}, too (`pocketping plugin key` makes a key)")
        sys.exit(f"{kind.name} is a plugin, which PocketPing launches: pocketping plugin dev {os.path.dirname(sys.argv[0]) or '.'}")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the core ends its plugins
    log, output = open_log(kind.name)
    threading.Thread(target=_watch_host, daemon=True).start()
    server = grpc.server(
        futures.ThreadPoolExecutor(kind.parallel + 8), handlers=Server(kind, log).handlers(),
        options=[("grpc.max_receive_message_length", 2 * _wire.MAX_MESSAGE), ("grpc.max_send_message_length", 2 * _wire.MAX_MESSAGE)],
    )
    network, address = _listen(server)
    server.start()
    output.write(f"1|1|{network}|{address}|grpc\n")
    output.flush()
    server.wait_for_termination()


def _listen(server):
    directory = os.environ.get("PLUGIN_UNIX_SOCKET_DIR", "")
    if directory and os.name != "nt":
        address = os.path.join(directory, "plugin.sock")
        server.add_insecure_port("unix:" + address)
        return "unix", address
    return "tcp", f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"


def _watch_host():
    """Ends the process when the one that launched it has died: nobody would stop it then."""
    host = int(os.environ.get("POCKETPING_HOST_PID") or os.getppid())
    while os.getppid() == host:
        time.sleep(0.5)
    os._exit(3)
