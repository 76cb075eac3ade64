"""Named points at which a process under test dies as if it were killed, or hangs: there, and nowhere else."""

import os
import signal
import time
from pathlib import Path

#: Names a file that names a point. Unset (always, but in tests of a crash), nothing happens anywhere.
CRASH_AT = "DOORSTEP_CRASH_AT"
#: Before the point's name in the file: hang there, and take the event loop along.
HANG = "hang "


def crash_point(name: str) -> None:
    """Die (or hang) here, once and without a goodbye to anybody, if that is what the file says."""
    ordered = os.environ.get(CRASH_AT)
    if not ordered or not Path(ordered).exists():
        return
    order = Path(ordered).read_text()
    if order.removeprefix(HANG) != name:
        return
    Path(ordered).unlink()
    if order.startswith(HANG):
        time.sleep(3600)
    os.kill(os.getpid(), signal.SIGKILL)
