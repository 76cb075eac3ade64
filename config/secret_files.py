"""Secrets that are given as files: `DOORSTEP_TELEGRAM_TOKEN_FILE` names a file that holds `DOORSTEP_TELEGRAM_TOKEN`.

What is in the environment of a process is seen by whoever may look at the process, and by all that it starts.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

#: What the name of such a variable ends with.
SUFFIX = "_FILE"


def from_files(names: Iterable[str], given: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """What the files hold of these variables, and what is wrong with them: never a word of what is in a file."""
    found: dict[str, str] = {}
    faults: list[str] = []
    for name in names:
        path = given.get(f"{name}{SUFFIX}")
        if not path:
            continue
        if given.get(name):
            faults.append(f"{name}{SUFFIX}: {name} is set as well: which of the two holds? Leave one out")
            continue
        try:
            found[name] = _read(Path(path))
        except ValueError as fault:
            faults.append(f"{name}{SUFFIX}: {fault}")
    return found, faults


def _read(path: Path) -> str:
    """Raises ValueError."""
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise ValueError(f"there is no file {path}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
    except OSError as unreadable:
        raise ValueError(f"{path} cannot be read ({unreadable.strerror}): whose is it?") from None
    if mode & 0o007:
        raise ValueError(f"everybody here can read {path}: its mode must be 0400, or 0440 for a group")
    if not text:
        raise ValueError(f"{path} is empty")
    return text
