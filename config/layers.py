"""Files in TOML that name only what differs from the shipped one, and their faults with the lines where they stand."""

from typing import Any

from pydantic_core import ErrorDetails

from config.places import line_of

_SAID = {"extra_forbidden": "is not known here", "missing": "is needed"}


def over(base: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What is given, over the base: tables are joined, everything else is replaced."""
    joined = dict(base)
    for key, value in given.items():
        below = base.get(key)
        joined[key] = over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return joined


def fault(error: ErrorDetails, lines: dict[tuple[str | int, ...], int]) -> str:
    """One fault with its line and its place."""
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    says = _SAID.get(error["type"], error["msg"].removeprefix("Value error, "))
    if not place:
        return says
    line = line_of(error["loc"], lines)
    return f"{place}: {says}" if line is None else f"line {line}: {place}: {says}"
