"""JSON for the control interface: plain values, and those of `records` with a mark that says what they are."""

from __future__ import annotations

import dataclasses
import re
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from . import records
from .wire import JSON

MARK = "$"
RECORDS = {
    kind.__name__: kind
    for kind in (
        records.Call,
        records.Button,
        records.Bubble,
        records.Toast,
        records.Screen,
        records.Entry,
        records.Taps,
    )
}
Handles = Callable[[Any], JSON | None]
Reviver = Callable[[JSON], Any]


def encode(value: Any, handle: Handles = lambda _: None) -> Any:
    """Return a value as JSON; `handle` names what is passed by name (phones, groups, faults)."""
    if value is None or isinstance(value, str | int | float):
        return value
    if (named := handle(value)) is not None:
        return named
    if isinstance(value, list):
        return [encode(item, handle) for item in value]
    if isinstance(value, dict):
        return {str(key): encode(item, handle) for key, item in value.items()}
    if type(value).__name__ in RECORDS:
        fields = {field.name: encode(getattr(value, field.name), handle) for field in dataclasses.fields(value)}
        return {MARK: type(value).__name__, **fields}
    return _encode_marked(value, handle)


def _encode_marked(value: Any, handle: Handles) -> JSON:
    match value:
        case tuple():
            return {MARK: "tuple", "items": [encode(item, handle) for item in value]}
        case datetime():
            return {MARK: "datetime", "iso": value.isoformat()}
        case bytes():
            return {MARK: "bytes", "base64": b64encode(value).decode()}
        case re.Pattern():
            return {MARK: "pattern", "pattern": value.pattern, "flags": value.flags}
    raise TypeError(f"{type(value).__name__} cannot be passed through the control interface.")


def decode(value: Any, revive: Reviver) -> Any:
    """Return what was encoded; `revive` finds what was passed by name."""
    if isinstance(value, list):
        return [decode(item, revive) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {key: decode(item, revive) for key, item in value.items() if key != MARK}
    if MARK not in value:
        return inner
    if kind := RECORDS.get(value[MARK]):
        return kind(**inner)
    return _decode_marked(value[MARK], inner, revive)


def _decode_marked(mark: str, inner: JSON, revive: Reviver) -> Any:
    match mark:
        case "tuple":
            return tuple(inner["items"])
        case "datetime":
            return datetime.fromisoformat(inner["iso"])
        case "bytes":
            return b64decode(inner["base64"])
        case "pattern":
            return re.compile(inner["pattern"], inner["flags"])
    return revive({MARK: mark, **inner})
