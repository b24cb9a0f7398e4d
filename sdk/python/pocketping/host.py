"""The core, as a plugin sees it."""

import http.client
import logging
import queue
import socket
import threading
import urllib.parse

from google.protobuf import json_format

from . import _wire
from .failures import Disconnected, Failure, Permanent, Refused
from .objects import Ack, link_of, link_to_wire

_END = object()


class Uplink:
    """Carries items to the core over the one Inbound stream, and brings each its ack."""

    def __init__(self):
        self._opened = threading.Event()
        self._closed = threading.Event()
        self._out = queue.Queue()
        self._lock = threading.Lock()
        self._ref = 0
        self._waiting = {}
        self._error = None

    def serve(self, acks, context):
        """Yields what is to be sent until the stream ends; then the error that ended it is raised."""
        with self._lock:
            if self._opened.is_set():
                raise Permanent("the inbound stream was opened before")
            self._opened.set()
        context.add_callback(self.end)
        threading.Thread(target=self._receive, args=(acks,), daemon=True).start()
        while (item := self._out.get()) is not _END:
            yield item
        if self._error:
            raise self._error

    @property
    def opened(self):
        return self._opened.is_set()

    def end(self, error=None):
        """Ends the stream, and every call that waits for its ack."""
        with self._lock:
            if self._closed.is_set():
                return
            self._error = error
            self._closed.set()
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.put(None)
        self._out.put(_END)

    def _receive(self, acks):
        try:
            for ack in acks:
                with self._lock:
                    answer = self._waiting.pop(ack.ref, None)
                if answer:
                    answer.put(ack)
        except Exception:  # noqa: BLE001 - gRPC says in many ways that a stream is broken
            pass
        self.end()

    def call(self, **item):
        """Sends an item and returns its ack, once the core has committed it."""
        wire = _wire.message("InboundResponse")(**item)
        if wire.ByteSize() > _wire.MAX_MESSAGE - 1024:
            raise Refused(f"{wire.ByteSize()} bytes are more than the core takes at once: save_file takes what is large")
        self._opened.wait()
        answer = queue.Queue(1)
        with self._lock:
            if self._closed.is_set():
                raise Disconnected("the connection to the core is broken; try again")
            self._ref += 1
            wire.ref = self._ref
            self._waiting[wire.ref] = answer
            self._out.put(wire)
        ack = answer.get()
        if ack is None:
            raise Disconnected("the connection to the core is broken; try again")
        if ack.HasField("failure"):
            retry = ack.failure.kind == _wire.number("FailureKind", "retry")
            raise Failure(ack.failure.reason) if retry else Refused(ack.failure.reason)
        return ack


class Host:
    """What a plugin can ask of the core. All of it may be called from any thread."""

    def __init__(self, start, uplink, log):
        self._uplink = uplink
        self._http = _HTTP(start.host_addr, start.host_token)
        self._lock = threading.Lock()
        self._state = dict(start.state)
        self._saving = {}
        self._runs = {}  # deliveries under way, by session
        self.bridge_id = start.bridge_id
        self.projects = list(start.projects)  # that the bridge serves now
        self.log: logging.Logger = log

    def renew(self, start):
        """Goes on over another connection."""
        with self._lock:
            self._http = _HTTP(start.host_addr, start.host_token)
            self.projects = list(start.projects)

    def knows(self, state):
        """Whether this is what was saved; what is being saved now may be in it or not."""
        with self._lock:
            keys = set(self._state) | set(state)
            return all(self._state.get(k) == state.get(k) or state.get(k) == self._saving.get(k, b"") for k in keys)

    def receive(self, kind, effect_key, thread="", external_id="", text="", operator=("", "", ""), **more):
        """Reports what happened on the platform, and returns an Ack when it is committed:
        only then may the platform be told that it was received.

        kind is message, edit, delete, close, reopen, typing, read, raw or visitor; the same
        effect reported again has the same effect_key; operator is (id, name, avatar). More:
        revision, reply_to, files (ids of save_file), on, raw. Refused is the core's last word."""
        who = (*operator, "", "", "")
        ack = self._uplink.call(inbound=_wire.message("Inbound")(
            kind=_wire.number("InboundKind", kind), effect_key=effect_key, thread=thread, external_id=str(external_id), text=text,
            operator=_wire.message("Operator")(id=str(who[0]), name=who[1], avatar=who[2]), **more,
        ))
        return Ack(ack.session_id, ack.message_id, ack.seq, ack.repeated)

    def record(self, session_id, thread="", links=(), gone="", _done=0):
        """Keeps what was made on the platform so far; gone is a thread that no longer exists."""
        with self._lock:
            run = self._runs.get(session_id)
        where = thread or (run.thread if run else "")
        wire = _wire.message("Record")(
            session_id=session_id, thread=thread, gone=gone, done=_done, links=[link_to_wire(link, where) for link in links],
        )
        self._uplink.call(record=wire)
        if run:
            run.learn(thread, gone, [link_of(link) for link in wire.links])

    def save_state(self, key, value):
        """Keeps a few bytes that state gives back, also after a restart."""
        with self._lock:
            self._saving[key] = bytes(value)
        try:
            self._uplink.call(state=_wire.message("State")(key=key, value=value))
            with self._lock:
                self._state[key] = bytes(value)
        finally:
            with self._lock:
                self._saving.pop(key, None)

    def state(self, key, default=b""):
        """What save_state has kept."""
        with self._lock:
            return self._state.get(key, default)

    def open_file(self, attachment_id):
        """An attachment, as a file to read."""
        return self._http.ask("GET", "/files/" + urllib.parse.quote(attachment_id))

    def save_file(self, name, data):
        """Stores a file, bytes or a file to read, and returns its attachment; receive names its id."""
        return self._http.read("Attachment", "POST", "/files?" + urllib.parse.urlencode({"name": name}), data)

    def sessions(self, status="", limit=0, cursor=""):
        """(the bridge's sessions, the latest active first; the cursor of the next page)."""
        page = self._http.read("SessionList", "GET", _query("/sessions", status=status, limit=limit, cursor=cursor))
        return list(page.sessions), page.next

    def session(self, session_id):
        """One of them."""
        return self._http.read("Session", "GET", "/sessions/" + urllib.parse.quote(session_id))

    def messages(self, session_id, after=0, before=0, limit=0):
        """(a session's messages and notes, ascending; whether there are more)."""
        path = "/sessions/" + urllib.parse.quote(session_id) + "/messages"
        page = self._http.read("MessageList", "GET", _query(path, after=after, before=before, limit=limit))
        return list(page.messages), page.has_more

    def threads(self, status="", limit=0, cursor=""):
        """(the bridge's threads, those of the latest active session first; the next cursor)."""
        page = self._http.read("ThreadList", "GET", _query("/threads", status=status, limit=limit, cursor=cursor))
        return list(page.threads), page.next

    def links(self, thread, limit=0):
        """The thread's newest messages that are known, the newest first."""
        return [link_of(link) for link in self._http.read("LinkList", "GET", _query("/links", thread=thread, limit=limit)).links]

    def enter(self, run):
        with self._lock:
            self._runs[run.session.id] = run

    def leave(self, run):
        with self._lock:
            if self._runs.get(run.session.id) is run:
                del self._runs[run.session.id]


def _query(path, **values):
    return path + "?" + urllib.parse.urlencode({k: v for k, v in values.items() if v})


class _HTTP:
    """The core's HTTP socket for this launch, for what is large or to be read."""

    def __init__(self, addr, token):
        self._addr, self._token = addr, token

    def ask(self, method, path, body=None):
        connection, base = _connection_to(self._addr)
        connection.request(method, base + path, body, {"Authorization": "Bearer " + self._token}, encode_chunked=hasattr(body, "read"))
        answer = connection.getresponse()
        if answer.status == 200:
            return answer
        with answer:
            words = answer.read(1024).decode("utf-8", "replace").strip()
        failed = Permanent if answer.status < 500 else Failure
        raise failed(f"host: {answer.status} {answer.reason}: {words}")

    def read(self, name, method, path, body=None):
        with self.ask(method, path, body) as answer:
            return json_format.Parse(answer.read(), _wire.message(name)(), ignore_unknown_fields=True)


def _connection_to(addr):
    """(a connection to the core, what stands before its paths): to a socket of its machine, or to its URL."""
    url = urllib.parse.urlsplit(addr)
    kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
    if url.scheme in kinds:
        return kinds[url.scheme](url.netloc, timeout=300), url.path
    network, _, address = addr.partition(":")
    return _Connection(network, address), ""


class _Connection(http.client.HTTPConnection):
    def __init__(self, network, address):
        super().__init__("host", timeout=300)
        self._network, self._address = network, address

    def connect(self):
        if self._network == "unix":
            self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._address)
            return
        name, _, port = self._address.rpartition(":")
        self.sock = socket.create_connection((name, int(port)), self.timeout)
