"""Runs a bridge that the core does not launch: it connects to the core, over a WebSocket.

    POCKETPING_URL=https://chat.example.com POCKETPING_BRIDGE_KEY=bk_… python3 main.py

When the connection is cut the bridge goes on: what it reports waits and is sent again,
what was delivered and not answered is answered without being delivered twice.
docs/plugins/remote.md tells what goes over the wire.
"""

import collections
import contextlib
import json
import logging
import os
import queue
import random
import signal
import sys
import threading
import time
import urllib.parse

from google.protobuf import json_format

from . import _wire
from ._server import DRAIN_TIME, Server, config_of
from ._websocket import Closed, Rejected, WebSocket
from .failures import Disconnected, Failure, Permanent, Refused
from .host import Host
from .objects import Receipt

SUBPROTOCOL = "pocketping.plugin.v1.json"
PATH = "/v1/bridges/socket"
URL_ENV, KEY_ENV = "POCKETPING_URL", "POCKETPING_BRIDGE_KEY"

_SILENCE = 10.0  # after which the core is gone: it pings every two seconds
_PING_EVERY = 3.0
_LIMIT = 16 << 20
_UNDER_WAY = 64  # items that may wait for their acks; the core allows 256
_REMEMBERED = 10000  # deliveries, whose answers the core may not have got
_REPLACED = 4409
_LONGEST_WAIT = 30.0


class _Uplink:
    """Carries items to the core over whichever connection there is, until each has its ack."""

    def __init__(self):
        self._lock = threading.Lock()
        self._room = threading.Semaphore(_UNDER_WAY)
        self._waiting = collections.OrderedDict()  # id: (item, where its ack goes)
        self._next = 0
        self._connection = None
        self._ended = False
        self.opened = False

    def attach(self, connection):
        """Sends what waits over a new connection, and what comes from now on."""
        with self._lock:
            self._connection, self.opened = connection, True
            for number, (item, _) in self._waiting.items():
                connection.ask(number, item)

    def detach(self, connection):
        with self._lock:
            if self._connection is connection:
                self._connection = None

    def end(self, error=None):
        """Ends every call that waits, and tells the core why the bridge has ended."""
        with self._lock:
            waiting, self._waiting, self._ended = self._waiting, {}, True
            connection = self._connection
        for _, answer in waiting.values():
            answer.put(None)
        if connection and error:
            connection.over(error)

    def acked(self, number, frame):
        with self._lock:
            _, answer = self._waiting.pop(number, (None, None))
        if answer:
            answer.put(frame)

    def call(self, **item):
        """Sends an item and returns its ack, once the core has committed it."""
        wire = _wire.message("InboundResponse")(**item)
        if wire.ByteSize() > _wire.MAX_MESSAGE - 1024:
            raise Refused(f"{wire.ByteSize()} bytes are more than the core takes at once: save_file takes what is large")
        body = json_format.MessageToDict(wire)
        with self._room:
            return _ack_of(self._send(body).get())

    def _send(self, body):
        answer = queue.Queue(1)
        with self._lock:
            if self._ended:
                raise Disconnected("the bridge has ended")
            self._next += 1
            self._waiting[self._next] = (body, answer)
            if self._connection:
                self._connection.ask(self._next, body)
        return answer


def _ack_of(frame):
    if frame is None:
        raise Disconnected("the bridge has ended")
    if "error" in frame:
        raise Failure(frame["error"].get("message", "the core failed"))
    ack = json_format.ParseDict(frame.get("body") or {}, _wire.message("InboundRequest")(), ignore_unknown_fields=True)
    if ack.HasField("failure"):
        retry = ack.failure.kind == _wire.number("FailureKind", "retry")
        raise Failure(ack.failure.reason) if retry else Refused(ack.failure.reason)
    return ack


class _Connection:
    """One connection, from the core's Start to its end."""

    def __init__(self, socket):
        self._socket = socket
        self._alive = threading.Event()
        self._alive.set()
        self.started = False
        self.inbound = None  # the core's request that opened the stream

    def is_active(self):
        return self._alive.is_set()

    def end(self):
        self._alive.clear()

    def ask(self, number, body):
        self._write({"id": number, "method": "Inbound", "body": body})

    def answer(self, number, reply=None, failure=None):
        frame = {"id": number}
        if failure is not None:
            frame["error"] = _error_of(failure)
        elif reply is not None:
            frame["body"] = json_format.MessageToDict(reply)
        self._write(frame)

    def over(self, failure):
        """Answers the request that opened the stream: the bridge has ended by itself."""
        if self.inbound is not None:
            self.answer(self.inbound, failure=failure)

    def _write(self, frame):
        if self.is_active():
            with contextlib.suppress(Closed):  # the receiver learns of it, and what matters is sent again
                self._socket.send(json.dumps(frame))


def _error_of(failure):
    reason = str(failure)[:2000]
    wire = _wire.message("Failure")(
        kind=_wire.number("FailureKind", failure.kind), scope=failure.scope, field=failure.field, reason=reason,
        seq=getattr(failure, "seq", 0), calls=failure.calls,
    )
    error = {"code": failure.code, "message": reason, "failure": json_format.MessageToDict(wire)}
    if failure.wait > 0:
        error["retryAfter"] = f"{failure.wait:.3f}s"
    return error


class _Service(Server):
    """The bridge, over all its connections."""

    def __init__(self, kind, log):
        super().__init__(kind, log)
        self._uplink = _Uplink()
        self._config = b""
        self._sessions = {}  # locks, and how many want them
        self._done_before = collections.OrderedDict()  # receipts by session and seq
        self._running = False

    def serve(self, connection, socket):
        """Answers the core until the connection ends; that is raised."""
        try:
            while True:
                frame = json.loads(socket.receive())
                method, number = frame.get("method"), frame.get("id", 0)
                if not method:
                    self._uplink.acked(number, frame)
                elif method != "Cancel":  # what is under way is finished: its receipt is worth having
                    threading.Thread(target=self._call, args=(connection, method, number, frame.get("body")), daemon=True).start()
        finally:
            connection.end()
            self._uplink.detach(connection)

    def _call(self, connection, method, number, body):
        reply = failure = None
        try:
            if method == "Inbound":
                self._open(connection, number)
                return
            if method not in ("Describe", "Start", "Deliver", "Projects", "Check", "Stop"):
                raise _Unknown(f"there is no call {method!r}")
            request = json_format.ParseDict(body or {}, _wire.message(method + "Request")(), ignore_unknown_fields=True)
            reply = getattr(self, "_" + method.lower())(request, connection)
        except Failure as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whatever a bridge raises is its failure
            self._log.error("%s failed", method, exc_info=True)
            failure = Failure(f"{type(error).__name__}: {error}")
        connection.answer(number, reply, failure)

    def _start(self, request, connection):
        with self._lock:
            if connection.started:
                raise Permanent("the plugin was started before")
            connection.started = True
            if self._bridge is not None and self._goes_on(request):
                self._host.renew(request)
                self._generation = request.generation
                return _wire.message("StartResponse")()
        self._finish()
        with self._lock:
            self._uplink, self._stopping, self._ran = _Uplink(), threading.Event(), threading.Event()
            config = config_of(self._kind.fields, _wire.decode(request.config_json) or {})
            if request.config_json != self._config:
                self._done_before.clear()  # it was done elsewhere
            self._host = Host(request, self._uplink, self._log)
            self._bridge, self._generation = self._kind(config, self._host), request.generation
            self._config, self._running = request.config_json, False
        return _wire.message("StartResponse")()

    def _goes_on(self, request):
        """Whether the bridge may go on as it is: nothing but the connection is another."""
        return request.bridge_id == self._host.bridge_id and request.config_json == self._config and self._host.knows(request.state)

    def _open(self, connection, number):
        bridge = self._started()
        connection.inbound = number
        self._uplink.attach(connection)
        run = getattr(bridge, "run", None)
        with self._lock:
            first, self._running = not self._running, True
        if run and first:
            threading.Thread(target=self._run, args=(run,), daemon=True).start()
        elif not run:
            self._ran.set()

    def _deliver(self, request, context):
        if request.events and request.events[0].seq == 0:
            return super()._deliver(request, context)
        with self._turn(request.session.id):  # the call of a connection that was cut may not be over
            if not context.is_active():
                raise Failure("the connection is gone")
            return super()._deliver(request, context)

    @contextlib.contextmanager
    def _turn(self, session):
        with self._lock:
            lock, users = self._sessions.get(session, (threading.Lock(), 0))
            self._sessions[session] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._sessions.pop(session)
                if users > 1:
                    self._sessions[session] = (lock, users - 1)

    def _once(self, event):
        """Delivers an event, unless it has been: then the core did not get the answer."""
        key = (event.session.id, event.seq)
        if event.uncertain and key in self._done_before:
            return self._done_before[key]
        receipt = self._bridge.deliver(event) or Receipt()
        with self._lock:
            self._done_before[key] = receipt
            if len(self._done_before) > _REMEMBERED:
                self._done_before.popitem(last=False)
        return receipt

    def _stop(self, _request, _context):
        self._finish()
        return _wire.message("StopResponse")()

    def _finish(self):
        """Ends the bridge, when there is one, and lets what is under way finish."""
        if self._bridge is None:
            return
        self._stopping.set()
        worker = threading.Thread(target=self._drain, daemon=True)
        worker.start()
        worker.join(DRAIN_TIME)
        if worker.is_alive():
            self._log.warning("the bridge did not finish in time")
        self._uplink.end()
        with self._lock:
            self._bridge = None

    def _exit(self, _seconds, _status):
        """The bridge has ended by itself; the next connection makes another."""
        with self._lock:
            self._bridge = None


class _Unknown(Permanent):
    code = "UNIMPLEMENTED"


def serve_remote(kind, url, key):
    """Connects a subclass of Bridge to the core at url, with the key of its block, and runs it
    until the process is ended, or another one has taken over."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log = logging.getLogger(kind.name)
    service = _Service(kind, log)
    signal.signal(signal.SIGTERM, lambda *_: _leave(service))
    wait = 0.0
    while True:
        try:
            _connect(service, url, key, log)
        except KeyboardInterrupt:
            _leave(service)
        except Closed as closed:
            if closed.code == _REPLACED:
                _leave(service, f"{kind.name}: another one has connected with this key and taken over")
            wait = 0.0 if closed.served else wait
            log.info("the connection has ended: %s", closed)
        except Rejected as rejected:
            wait = max(wait, rejected.retry_after)
            log.error("the core takes no connection: %s", rejected)
        except (OSError, ValueError) as error:
            log.warning("the core cannot be reached: %s", error)
        wait = min(max(2 * wait, 0.1), _LONGEST_WAIT)
        time.sleep(wait * random.uniform(0.75, 1.25))


def _connect(service, url, key, log):
    parts = urllib.parse.urlsplit(url.rstrip("/"))
    target = parts._replace(path=parts.path + PATH).geturl()
    socket = WebSocket(target, SUBPROTOCOL, {"Authorization": "Bearer " + key}, _SILENCE, _LIMIT)
    connection = _Connection(socket)
    log.info("connected to %s", parts.netloc)
    threading.Thread(target=_keep_alive, args=(socket, connection), daemon=True).start()
    try:
        service.serve(connection, socket)
    except Closed as closed:
        closed.served = connection.inbound is not None  # the bridge worked, so the core may be asked again at once
        raise
    finally:
        socket.drop()


def _keep_alive(socket, connection):
    with contextlib.suppress(Closed):
        while connection.is_active():
            socket.ping()
            time.sleep(_PING_EVERY)


def _leave(service, why=None):
    """Ends the process, after what is under way."""
    ending = threading.Thread(target=service._finish, daemon=True)
    ending.start()
    ending.join(DRAIN_TIME + 1)
    if why:
        print(why, file=sys.stderr, flush=True)
    os._exit(1 if why else 0)
