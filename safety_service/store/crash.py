"""Named points at which a process under test dies as if it were killed: there, and nowhere else."""

import os
import signal
from pathlib import Path

#: Names a file that names a point. Unset (always, but in tests of a crash), nothing happens anywhere.
CRASH_AT = "DOORSTEP_CRASH_AT"


def crash_point(name: str) -> None:
    """Die here, once and without a goodbye to anybody, if that is what the file says."""
    ordered = os.environ.get(CRASH_AT)
    if ordered and Path(ordered).exists() and Path(ordered).read_text() == name:
        Path(ordered).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
