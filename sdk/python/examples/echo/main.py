#!/usr/bin/env python3
"""A bridge whose platform is an echo: what the visitor writes comes back from an operator."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from pocketping import Bridge, Field, Finding, Link, Receipt, serve  # noqa: E402


class Echo(Bridge):
    name = "echo"
    version = "0.1.0"
    events = ["message.posted"]
    fields = [Field("prefix", default="You said: ", help="stands before what comes back")]

    def deliver(self, event):
        message, thread = event.message, event.thread or event.session.id
        if message is None or message.deleted:
            return None
        link = Link(message.id, message.id, thread)
        # The thread has to be known before something comes from it.
        self.host.record(event.session.id, thread, [link])
        if message.sender == "visitor":
            self.host.receive("message", "echo:" + message.id, thread, "echo:" + message.id, self.config["prefix"] + message.text, ("echo", "Echo"))
        return Receipt(thread, [link])

    def check(self):
        return [Finding(True, "echo", "it answers")]


if __name__ == "__main__":
    serve(Echo)
