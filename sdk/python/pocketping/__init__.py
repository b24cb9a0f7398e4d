"""What the author of a PocketPing bridge or hook in Python imports.

    from pocketping import Bridge, Receipt, serve

    class Echo(Bridge):
        name = "echo"

        def deliver(self, event):
            return Receipt(thread=event.session.id)

    serve(Echo)
"""

from . import _python

_python.ensure()

from .bridge import Bridge, serve  # noqa: E402
from .failures import (  # noqa: E402
    Disconnected, Failure, FieldError, Permanent, Refused, RetryAfter, ThreadGone, Unusable,
)
from .objects import Ack, Erased, Event, Field, Finding, Limit, Link, Receipt  # noqa: E402

__version__ = "0.1.0"

__all__ = [
    "Ack", "Bridge", "Disconnected", "Erased", "Event", "Failure", "FieldError", "Field", "Finding",
    "Limit", "Link", "Permanent", "Receipt", "Refused", "RetryAfter", "ThreadGone", "Unusable", "serve",
]
