"""The one place that imports TensorFlow, late and quietly."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from semsearch.errors import ModuleError

QUIET = "TF_CPP_MIN_LOG_LEVEL"
CHATTER = re.compile(rb"[IW]\d{4} \d\d[:.\d]*|WARNING: All log messages before absl::InitializeLog")
LOUD = ("0", "1")
"""Levels with which a user asks to see it."""

STDERR = 2

_importing = threading.Lock()


def import_tensorflow() -> Any:
    """Return the module `tensorflow`.

    Its chatter on stderr is left out unless TF_CPP_MIN_LOG_LEVEL is 0 or 1 in the environment.

    Raises:
        ModuleError: TensorFlow is missing or broken.
    """
    with _importing:
        if "tensorflow" in sys.modules or os.environ.get(QUIET, "3") in LOUD:
            return _tensorflow()
        os.environ[QUIET] = "3"
        with _without_chatter():
            return _tensorflow()


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that a smaller batch may still fit into memory."""
    if isinstance(error, MemoryError):
        return True
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and isinstance(error, tensorflow.errors.ResourceExhaustedError)


def _tensorflow() -> Any:
    try:
        import tensorflow
    except ImportError as error:
        raise ModuleError(
            f"TensorFlow cannot be imported ({error})", "install it with: pip install tensorflow"
        ) from error
    return tensorflow


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Hold back what is written to file descriptor 2, then pass on all but TensorFlow's chatter.

    The level alone is not enough: TensorFlow 2.21 writes its first lines before it reads it.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held, os.fdopen(os.dup(STDERR), "wb") as stderr:
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(stderr.fileno(), STDERR)
            held.seek(0)
            stderr.writelines(line for line in held if not CHATTER.match(line))
