"""What every test may use: where real prices lie, how hard properties are tried, modules that are compiled once, and
temporary files in memory.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A process that a test starts finds its modules compiled, also where images are built and the environment forbids that.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

MEMORY, ROOM = Path("/dev/shm"), 1 << 30


def _in_memory() -> bool:
    """Whether temporary files can lie in memory: there is room, and what lies there may be run."""
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(MEMORY)
    return found.f_bavail * found.f_frsize > ROOM and not found.f_flag & os.ST_NOEXEC


# Databases are put on the disk at every commit; hundreds of tests would wait for the disk most of their time.
if _in_memory():
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# A shell's background ignores Ctrl-C, and many users may open 1,024 files: what tests start is as at a terminal, and a
# thousand connections need more.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
_FILES, _most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(_FILES, 8_192), _most), _most))

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile(
    "bellwether", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("hard", parent=settings.get_profile("bellwether"), max_examples=2_000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bellwether"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SHARED_DATA.is_dir():
        return
    absent = pytest.mark.skip(reason="the real prices in ../shared/data are not here")
    for item in items:
        if "shared_data" in item.keywords:
            item.add_marker(absent)


def pytest_collection_finish() -> None:
    """Fourteen thousand tests stay until the end: what looks for garbage need not look at them again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real prices; only for tests marked `shared_data`."""
    return SHARED_DATA
