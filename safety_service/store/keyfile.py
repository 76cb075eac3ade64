"""The file with the secret keys, for who sets none: made once, readable by its owner alone, never overwritten."""

import os
import tempfile
from pathlib import Path

from config.settings import VAR, Settings
from safety_service.store.sealing import KeyRing, new_key

KEY_FILE = VAR / "secret_keys"


def ring_of(settings: Settings) -> KeyRing:
    """A process's key ring: of the keys that are set, else of the file's. Raises OSError, ValueError."""
    return KeyRing(settings.secret_keys or read(KEY_FILE))


def is_missing(settings: Settings) -> bool:
    """Whether there are no keys at all, neither set nor in the file."""
    return not settings.secret_keys and not KEY_FILE.exists()


def is_open_to_others(settings: Settings) -> bool:
    """Whether others than its owner can read the file that is used."""
    return not settings.secret_keys and bool(KEY_FILE.stat().st_mode & 0o077)


def read(path: Path) -> tuple[str, ...]:
    """The keys in this file, the first of which seals. Raises OSError, UnicodeDecodeError."""
    return tuple(path.read_text(encoding="ascii").replace(",", " ").split())


def read_or_make(path: Path) -> tuple[str, ...]:
    """The keys in this file, the first of which seals; a new file with one new key when there is none.

    Several processes may do this at once: one makes the file, all read it. Raises OSError.
    """
    if not path.exists():
        _make(path)
    return read(path)


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
