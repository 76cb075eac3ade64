"""What a process was made of stays out of the garbage collector's sight."""

import gc


def hold_still() -> None:
    """Look once through all that is there now, and never again: it lives as long as the process.

    A full collection of it takes 130 ms, in which nobody is heard and no page answers; a busy board brought one about
    every second. What comes later is collected as ever.
    """
    gc.collect()
    gc.freeze()
