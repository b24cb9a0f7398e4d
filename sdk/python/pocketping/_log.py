"""The plugin's log: lines of JSON on standard error, as the core reads them."""

import datetime
import json
import logging
import os
import sys
import threading
import traceback


class _Handler(logging.Handler):
    _levels = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))

    def __init__(self, name):
        super().__init__()
        self._name = name

    def emit(self, record):
        level = next((word for least, word in self._levels if record.levelno >= least), "debug")
        line = {
            "@level": level, "@message": record.getMessage(), "@module": self._name,
            "@timestamp": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        os.write(2, (json.dumps(line) + "\n").encode())


class _Printed:
    """Takes what is printed into the log."""

    encoding = "utf-8"

    def __init__(self, log):
        self._log, self._rest, self._lock = log, "", threading.Lock()

    def write(self, text):
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._log.info("%s", line)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False


def open_log(name):
    """Sends all logging and printing to the core, and returns (log, the real output)."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not look like the handshake
    logging.basicConfig(level=logging.DEBUG, handlers=[_Handler(name)], force=True)
    for noisy in ("asyncio", "grpc", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.INFO)
    log = logging.getLogger(name)
    sys.stdout = _Printed(log)
    threading.excepthook = lambda args: log.error("a thread ended", exc_info=(args.exc_type, args.exc_value, args.exc_traceback))
    sys.excepthook = lambda *exc: log.error("the plugin ended", exc_info=exc)
    return log, output
