"""Why something did not work, in words that the core acts on.

Any other exception of deliver means: try again later, the outcome may be unknown.
"""


class Failure(Exception):
    """Try again later, with backoff."""

    kind = "retry"
    code = "UNAVAILABLE"
    scope = ""
    field = ""
    wait = 0.0

    def __init__(self, reason, calls=0):
        super().__init__(reason)
        self.calls = calls  # to the platform, that were made all the same


class RetryAfter(Failure):
    """The platform asked to wait, and nothing was done. The scope is "thread", that of a
    declared limit, or empty: everything waits."""

    kind = "retry_after"
    code = "RESOURCE_EXHAUSTED"

    def __init__(self, wait, reason, scope="", calls=0):
        super().__init__(reason, calls)
        self.wait, self.scope = min(float(wait), 86400.0), scope


class Permanent(Failure):
    """This event can never be delivered: operators are told, and the next one follows."""

    kind = "permanent"
    code = "FAILED_PRECONDITION"


class ThreadGone(Failure):
    """The session's thread no longer exists: forget it, and deliver again."""

    kind = "thread_gone"
    code = "NOT_FOUND"


class Unusable(Failure):
    """Nothing works until someone acts: the token was revoked, the bot removed."""

    kind = "unusable"
    code = "PERMISSION_DENIED"


class FieldError(Failure):
    """A field of the plugin's block is wrong."""

    kind = "unspecified"
    code = "INVALID_ARGUMENT"

    def __init__(self, field, reason):
        super().__init__(reason)
        self.field = field


class Refused(Exception):
    """The core will not take what was reported, also not when it is sent again."""


class Disconnected(Exception):
    """The connection to the core is broken: what was under way comes, or is sent, again."""
