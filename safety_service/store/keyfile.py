"""The file with the secret keys, for who sets none: made once, readable by its owner alone, never overwritten."""

import os
import tempfile
from pathlib import Path

from config.settings import VAR, Settings
from safety_service.store.sealing import KeyRing, new_key

KEY_FILE = VAR / "secret_keys"


def ring_of(settings: Settings) -> KeyRing:
    """A process's key ring: of the keys that are set, else of the file's. Raises OSError, ValueError."""
    return KeyRing(settings.secret_keys or read_or_make(KEY_FILE))


def read_or_make(path: Path) -> tuple[str, ...]:
    """The keys in this file, the first of which seals; a new file with one new key when there is none.

    Several processes may do this at once: one makes the file, all read it. Raises OSError.
    """
    if not path.exists():
        _make(path)
    return tuple(path.read_text(encoding="ascii").replace(",", " ").split())


def _make(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # is 0600 from the first moment
    try:
        with os.fdopen(handle, "w") as file:
            file.write(f"{new_key()}\n")
            file.flush()
            os.fsync(file.fileno())
        # Whole, or not at all, and never over another's: a lost key is lost data.
        os.link(half, path)
    except FileExistsError:
        return
    finally:
        Path(half).unlink()
