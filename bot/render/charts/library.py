"""How matplotlib comes in: when it is first needed, without a word, and where nothing can be written.

On import matplotlib wants a writable directory for its list of fonts. It takes one in the home, else a temporary one,
else it refuses to be imported. It logs a warning at each step down, for nothing: we draw with the fonts it brings.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path


def ready() -> None:
    """Import what draws, if nobody did before."""
    if "matplotlib.figure" in sys.modules:
        return
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    if _can_write():
        import_module("matplotlib.figure")
    else:
        _import_without_a_place()


@contextmanager
def swept() -> Iterator[None]:
    """Free at once what the body leaves behind; it must hold nothing of it any more when it ends.

    A figure and what is on it refer to each other in circles, and to some 5 MB of pixels. The collector counts objects,
    not bytes: in a process with many it would come after a hundred pictures. Held back meanwhile, it finds all of a
    figure among the youngest objects, and needs milliseconds.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
        gc.collect(0)


def _can_write() -> bool:
    """Whether matplotlib finds a place, at the latest where it looks last."""
    try:
        with tempfile.TemporaryDirectory():
            return True
    except OSError:
        return False


def _import_without_a_place() -> None:
    """Let it read its settings where they are shipped, and find its cache nowhere."""
    with _environment("MATPLOTLIBRC", _shipped("matplotlibrc")):
        import matplotlib
    place, matplotlib.get_cachedir = matplotlib.get_cachedir, lambda: os.devnull
    try:
        import_module("matplotlib.figure")
    finally:
        matplotlib.get_cachedir = place


def _shipped(name: str) -> str:
    """The path of a file that came with matplotlib, found without importing it."""
    spec = find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib is not installed")
    return str(Path(spec.origin).parent / "mpl-data" / name)


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
