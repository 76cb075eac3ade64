"""Where in a TOML file something stands, so that a fault can be named with its line."""

import re
from collections import Counter

Path = tuple[str | int, ...]

_TABLE = re.compile(r"^\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_ONE_OF_MANY = re.compile(r"^\s*\[\[([^\[\]]+)\]\]\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w.-]+)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    """The line (from 1) on which each table and each key begins. Values inside of a value are not looked into."""
    found: dict[Path, int] = {}
    counted: Counter[Path] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if many := _ONE_OF_MANY.match(line):
            name = _parts(many[1])
            table = (*name, counted[name])
            counted[name] += 1
        elif one := _TABLE.match(line):
            table = _parts(one[1])
        elif key := _KEY.match(line):
            found.setdefault((*table, *_parts(key[1])), number)
            continue
        found.setdefault(table, number)
    return found


def line_of(place: Path, lines: dict[Path, int]) -> int | None:
    """The line of this place, or of the nearest thing around it."""
    for length in range(len(place), 0, -1):
        if (line := lines.get(place[:length])) is not None:
            return line
    return None


def _parts(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
