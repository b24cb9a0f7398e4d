"""Finds a Python that has gRPC.

A plugin is an executable file, so it is run by whichever python3 comes first in the
PATH. Where that one has no gRPC, a virtual environment beside the plugin may, or the
system's, for which the distribution packs python3-grpcio.
"""

import os
import sys

_TRIED = "POCKETPING_PYTHON_TRIED"


def ensure():
    """Returns when gRPC can be imported here; else runs the plugin with a Python that can."""
    try:
        import google.protobuf  # noqa: F401
        import grpc  # noqa: F401
    except ImportError as missing:
        _run_elsewhere(missing)


def _run_elsewhere(missing):
    tried = os.environ.get(_TRIED, "").split(os.pathsep)
    for python in _candidates():
        if python not in tried and os.access(python, os.X_OK):
            os.environ[_TRIED] = os.pathsep.join([*tried, python])
            os.execv(python, [python, *_arguments()])
    sys.exit(
        f"no Python with gRPC was found ({missing}): apt install python3-grpcio python3-protobuf, "
        f"or python3 -m venv .venv && .venv/bin/pip install grpcio protobuf, beside {sys.argv[0]}"
    )


def _arguments():
    """What follows the program on its command line; before 3.10 Python does not say it whole."""
    return getattr(sys, "orig_argv", [None, *sys.argv])[1:]


def _candidates():
    beside = os.path.dirname(os.path.abspath(sys.argv[0]))
    yield os.path.join(beside, ".venv", "bin", "python")
    yield os.path.join(beside, ".venv", "Scripts", "python.exe")
    yield "/usr/bin/python3"
