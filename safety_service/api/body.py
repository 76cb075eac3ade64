"""Bodies: checked strictly, and every fault named. A word of somebody alone is read kindly: it counts in any case."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, TypeVar

from aiohttp import web
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, ValidationError

from safety_service.api.problems import Fault, Problem, faults_of

#: Bodies are small; what is longer than this is a mistake.
LONGEST = 256 * 1024  # bytes
#: Dropping what is bad may leave its parent incomplete: it goes next. No body of ours is deeper.
DEPTH = 5
#: Years of which a time can be. At the ends of the calendar a time has no place in another zone.
FIRST, LAST = 2000, 2200


def _near(at: datetime) -> datetime:
    if not FIRST <= at.year <= LAST:
        raise ValueError(f"the year is from {FIRST} to {LAST}")
    return at


Moment = Annotated[AwareDatetime, AfterValidator(_near)]


class Body(BaseModel):
    """A body: no guessing of types, no unknown members."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


Read = TypeVar("Read", bound=Body)


def read_strictly(model: type[Read], request: web.Request, raw: bytes) -> Read:
    """The body as its model. Raises Problem 415, 400 (no JSON) or 422 with a pointer to each fault."""
    if raw and request.content_type != "application/json":
        raise Problem(415, "Send JSON, with Content-Type: application/json.", "json_wanted")
    given = _json(raw)
    try:
        return model.model_validate_json(_plain(given))
    except ValidationError as error:
        raise Problem(422, "Some of this cannot be used.", "bad_body", faults_of(error)) from error


def read_kindly(model: type[Read], raw: bytes) -> tuple[Read, tuple[Fault, ...]]:
    """The body with what is bad in it left out, and what that was. Every member of the model has to be optional."""
    try:
        given = _json(raw)
    except Problem as problem:
        return model(), (Fault("", problem.detail),)
    if not isinstance(given, dict):
        return model(), (Fault("", "This is not a JSON object."),)
    dropped: list[Fault] = []
    for _ in range(DEPTH):
        try:
            return model.model_validate_json(_plain(given)), tuple(dropped)
        except ValidationError as error:
            dropped += faults_of(error)
            for each in error.errors(include_url=False):
                _drop(given, each["loc"])
    return model(), tuple(dropped)


def _json(raw: bytes) -> Any:
    if not raw.strip():
        return {}
    try:
        return json.loads(raw, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "This is not JSON.", "not_json") from error


def _plain(given: Any) -> bytes:
    """JSON again, halves of characters replaced: there are phones that cut an emoji in two."""
    return json.dumps(given, ensure_ascii=False).encode("utf-8", "replace")


def _no_such_number(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _drop(given: Any, place: tuple[int | str, ...]) -> None:
    """Take out what stands at a place; where it is missing there, what it is missing from."""
    *path, last = place
    parent = given
    for part in path:
        parent = parent[part]
    if isinstance(parent, dict) and last in parent:
        del parent[last]
    elif path:
        _drop(given, tuple(path))
