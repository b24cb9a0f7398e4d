"""The wire's side of a bridge."""

import os
import threading
from dataclasses import replace

import grpc

from . import _wire
from .failures import Disconnected, Failure, FieldError, Permanent, Refused
from .host import Host, Uplink
from .objects import Receipt, event_of, link_of, link_to_wire

DRAIN_TIME = 5.0  # that Stop waits for what is under way
END_TIME = 2.0  # until the process ends by itself after that


class Run:
    """A session's events on their way, and what is known of its thread."""

    def __init__(self, request):
        self.session = request.session
        self.events = [event_of(e) for e in request.events]
        self.thread = request.thread
        self.links = [link_of(link) for link in request.links]
        self._lock = threading.Lock()

    def learn(self, thread, gone, links):
        with self._lock:
            if gone and gone == self.thread:
                self.thread = ""
                self.links = [link for link in self.links if link.thread != gone]
            self.thread = thread or self.thread
            made = {(link.thread, link.external_id) for link in links}
            self.links = [link for link in self.links if (link.thread, link.external_id) not in made] + list(links)

    def ready(self, event):
        with self._lock:
            event.session, event.thread = self.session, self.thread
            event.links = [replace(link) for link in self.links]
        return event


class Server:
    """The service of plugin.proto for one bridge class."""

    def __init__(self, kind, log):
        self._kind, self._log = kind, log
        self._uplink = Uplink()
        self._lock = threading.Condition()
        self._bridge = self._host = None
        self._generation = 0
        self._under_way = 0
        self._stopping = threading.Event()
        self._ran = threading.Event()

    def handlers(self):
        """What gRPC serves: the protocol, the health that the core asks for, and go-plugin's end."""
        names = ("Describe", "Start", "Deliver", "Projects", "Check", "Stop")
        calls = {name: self._unary(name) for name in names}
        calls["Inbound"] = grpc.stream_stream_rpc_method_handler(
            self._inbound, _wire.message("InboundRequest").FromString, lambda m: m.SerializeToString())
        health = grpc.unary_unary_rpc_method_handler(lambda *_: b"\x08\x01")  # SERVING
        shutdown = grpc.unary_unary_rpc_method_handler(self._shutdown)
        return (
            grpc.method_handlers_generic_handler(_wire.SERVICE, calls),
            grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": health}),
            grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": shutdown}),
        )

    def _unary(self, name):
        request, method = _wire.message(name + "Request"), getattr(self, "_" + name.lower())

        def call(wire, context):
            try:
                return method(wire, context)
            except Failure as failure:
                _fail(context, failure)
            except Exception as error:  # noqa: BLE001 - whatever a bridge raises is its failure
                self._log.error("%s failed", name, exc_info=True)
                _fail(context, Failure(f"{type(error).__name__}: {error}"))

        return grpc.unary_unary_rpc_method_handler(call, request.FromString, lambda m: m.SerializeToString())

    def _describe(self, _request, _context):
        return self._kind.describe()

    def _start(self, request, _context):
        with self._lock:
            if self._bridge is not None:
                raise Permanent("the plugin was started before")
            config = config_of(self._kind.fields, _wire.decode(request.config_json) or {})
            self._host = Host(request, self._uplink, self._log)
            self._bridge, self._generation = self._kind(config, self._host), request.generation
        return _wire.message("StartResponse")()

    def _inbound(self, acks, context):
        bridge = self._started()
        run = getattr(bridge, "run", None)
        if run:
            threading.Thread(target=self._run, args=(run,), daemon=True).start()
        else:
            self._ran.set()
        try:
            yield from self._uplink.serve(acks, context)
        except Failure as failure:
            _fail(context, failure)

    def _run(self, run):
        error = Failure("the bridge stopped receiving")
        stopping, uplink, ran = self._stopping, self._uplink, self._ran
        try:
            run(stopping)
        except Failure as failure:
            error = failure
        except Exception as cause:  # noqa: BLE001 - the core is told, and launches the plugin again
            error = Failure(f"{type(cause).__name__}: {cause}")
            if not stopping.is_set():
                self._log.error("the bridge ended by itself", exc_info=True)
        ran.set()
        if not stopping.is_set():
            uplink.end(error)
            self._exit(END_TIME, 1)

    def _projects(self, request, _context):
        self._begin(request.generation)
        self._host.projects = list(request.projects)
        self._done()
        return _wire.message("ProjectsResponse")()

    def _check(self, _request, _context):
        check = getattr(self._started(), "check", lambda: ())
        finding = _wire.message("Finding")
        return _wire.message("CheckResponse")(findings=[finding(ok=f.ok, name=f.name, text=f.text) for f in check() or ()])

    def _deliver(self, request, context):
        self._begin(request.generation)
        run = Run(request)
        self._host.enter(run)
        try:
            if len(run.events) == 1 and run.events[0].seq == 0:
                return self._live(run)
            return _wire.message("DeliverResponse")(receipts=self._one_by_one(run, context))
        finally:
            self._host.leave(run)
            self._done()

    def _live(self, run):
        event = run.ready(run.events[0])
        if event.type == "thread.erased":
            return self._erase(run)
        getattr(self._bridge, "typing" if event.type == "typing" and hasattr(self._bridge, "typing") else "deliver")(event)
        return _wire.message("DeliverResponse")()

    def _erase(self, run):
        erase = getattr(self._bridge, "erase", None)
        if not erase:
            raise Permanent("the bridge removes no threads")
        erased, link = erase(run.thread, run.links), _wire.message("Link")
        receipt = _wire.message("Receipt")(calls=erased.calls, why=erased.why, thread=run.thread if erased.done else "")
        receipt.links.extend(link(thread=run.thread, external_id=i, deleted=True) for i in erased.removed)
        receipt.links.extend(link(thread=run.thread, external_id=i) for i in erased.left)
        return _wire.message("DeliverResponse")(receipts=[receipt])

    def _one_by_one(self, run, context):
        receipts = []
        for i, event in enumerate(run.events):
            if i and not context.is_active():  # the core no longer waits: this one was surely not sent
                break
            try:
                receipt = self._once(run.ready(event))
                thread = receipt.thread or run.thread
                links = [link_to_wire(link, thread) for link in receipt.links]
                receipts.append(_wire.message("Receipt")(seq=event.seq, thread=receipt.thread, links=links, calls=max(receipt.calls, 0)))
                if i < len(run.events) - 1:  # the last one's receipt is the answer
                    self._host.record(run.session.id, receipt.thread, receipt.links, _done=event.seq)
            except Exception as error:  # noqa: BLE001 - it is told with the event that it concerns
                if not isinstance(error, (Failure, Disconnected, Refused)):
                    self._log.warning("%s of %s failed", event.type, run.session.id, exc_info=True)
                if not isinstance(error, Failure):
                    error = Failure(f"{type(error).__name__}: {error}")
                error.seq, error.calls = event.seq, error.calls + sum(r.calls for r in receipts)
                raise error from None
        return receipts

    def _once(self, event):
        return self._bridge.deliver(event) or Receipt()

    def _stop(self, _request, _context):
        """Lets what is under way finish, and ends the process soon after it has answered."""
        self._stopping.set()
        worker = threading.Thread(target=self._drain, daemon=True)
        worker.start()
        worker.join(DRAIN_TIME)
        if worker.is_alive():
            self._log.warning("the bridge did not finish in time")
        self._exit(END_TIME, 0)
        return _wire.message("StopResponse")()

    def _drain(self):
        with self._lock:
            self._lock.wait_for(lambda: self._under_way == 0)
        if self._uplink.opened:
            self._ran.wait()
        stop = getattr(self._bridge, "stop", None)
        if stop:
            stop()

    def _begin(self, generation):
        with self._lock:
            self._started()
            if self._stopping.is_set():
                raise Failure("the plugin is stopping")
            if generation != self._generation:
                raise Permanent(f"generation {generation} is not the launch's {self._generation}")
            self._under_way += 1

    def _done(self):
        with self._lock:
            self._under_way -= 1
            self._lock.notify_all()

    def _started(self):
        if self._bridge is None:
            raise Permanent("the plugin has not been started")
        return self._bridge

    def _exit(self, seconds, status):
        _exit_after(seconds, status)

    def _shutdown(self, *_):
        _exit_after(0.05, 0)
        return b""


def config_of(fields, values):
    """The block's values with the defaults of those that it leaves out."""
    config = {}
    for field in fields:
        value = values.get(field.name)
        if value is None:
            if field.required:
                raise FieldError(field.name, "is missing")
            value = field.default
        elif not field.fits(value):
            raise FieldError(field.name, f"must be a {field.type}")  # its value may be secret
        config[field.name] = value
    return config


def _fail(context, failure):
    reason = str(failure)[:2000]
    code = grpc.StatusCode[failure.code]
    wire = _wire.message("Failure")(
        kind=_wire.number("FailureKind", failure.kind), scope=failure.scope, field=failure.field, reason=reason,
        seq=getattr(failure, "seq", 0), calls=failure.calls,
    )
    details = _wire.details(code.value[0], reason, wire, failure.wait)
    context.set_trailing_metadata((("grpc-status-details-bin", details),))
    context.abort(code, reason)


def _exit_after(seconds, status):
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()
