#!/usr/bin/env python3
"""A bridge whose platform is a file: a line for each message that it was handed. It looks
nothing up, so what is delivered twice stands there twice; and it answers on its own."""

import os
import threading

from pocketping import Bridge, Failure, Field, Link, Receipt, serve


class Ledger(Bridge):
    name = "ledger"
    version = "1.0"
    events = ["message.posted"]
    fields = [Field("answers", "int"), Field("pause", "int", help="milliseconds between two of them")]

    def __init__(self, config, host):
        super().__init__(config, host)
        self.thread, self.known = "", threading.Event()

    def deliver(self, event):
        thread, message = event.thread or event.session.id, event.message
        if message.sender == "visitor":
            file = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            os.write(file, (message.text + "\n").encode())
            os.close(file)
        link = Link(message.id, message.id, thread)
        if not self.known.is_set():
            self.host.record(event.session.id, thread, [link])
            self.thread = thread
            self.known.set()
        return Receipt(thread, [link])

    def run(self, stop):
        while not self.known.wait(0.2):
            if stop.is_set():
                return
        at = int(self.host.state("answered") or 0)
        while at < self.config["answers"] and not stop.wait(self.config["pause"] / 1000):
            try:
                text = f"answer {at:04}"
                self.host.receive("message", text, self.thread, text, text, ("olga", "Olga"))
            except Failure as failure:
                self.host.log.info("again: %s", failure)
                continue
            at += 1
            self.host.save_state("answered", str(at).encode())
        stop.wait()


serve(Ledger)
