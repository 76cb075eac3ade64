"""The answers of a visit's plan, wherever they were given: as the request that they are, and as last time's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from config.forms import VISIT, Kind
from safety_service.actions.planning import PlanRequest
from safety_service.domain.risk import Because
from safety_service.domain.words import Risk
from safety_service.store.visits import VisitRow

#: Risk lines that make a threat predictable: it cannot be planned without strategies.
THREATS = frozenset({"violence", "weapon", "open_threat", "veiled_threat"})
#: Asked anew each time, even where everything else is as last time.
OF_THE_DAY = frozenset({"ref", "starts", "news", "place", "arranged", "confirm"})
#: Columns of the visit, not answers of its plan.
COLUMNS = frozenset({"ref", "starts", "address", "purpose", "length", "every", "confirm"})
_KEYS = frozenset(each.key for each in VISIT.steps)
_MANY = frozenset(each.key for each in VISIT.steps if each.kind is Kind.MANY)


def to_request(answers: Mapping[str, Any], planner: UUID, now: datetime, *, worker: UUID | None = None) -> PlanRequest:
    """The answers as planning wants them. `worker`: who goes, if not the planner."""
    starts_at = now if answers["starts"] == "now" else datetime.fromisoformat(answers["starts"])
    place = answers.get("address") or {}
    given = {key: value for key, value in VISIT.given(answers).items() if key not in COLUMNS}
    if answers.get("raise"):
        given["raise"] = answers["raise"]
    colleague = given.get("colleague")
    first = worker or planner
    return PlanRequest(
        family_ref=answers["ref"],
        starts_at=starts_at,
        ends_at=starts_at + timedelta(seconds=answers["length"]),
        address_text=place.get("text") or "",
        latitude=place.get("latitude"),
        longitude=place.get("longitude"),
        purpose=answers.get("purpose") or "",
        check_in_every=timedelta(seconds=answers["every"]) if answers.get("every") else None,
        workers=(first, UUID(colleague)) if colleague else (first,),
        answers=given,
    )


def kept_of(row: VisitRow, worker: UUID) -> dict[str, Any]:
    """What of a visit's plan may hold for the next visit, too, to which `worker` goes first."""
    known = {key: row.answers[key] for key in row.answers if key in _KEYS - OF_THE_DAY}
    if known.get("colleague") == str(worker):
        # They came along then: now whoever went first does, or nobody would and the plan would say "a colleague".
        first = min(row.workers - {worker}, default=None)
        known = {**known, "colleague": str(first)} if first else {**known, "joint": "alone", "colleague": ""}
    return {
        **known,
        "address": dict(row.address),
        "purpose": row.purpose,
        "length": (row.visit.ends_at - row.visit.starts_at).total_seconds(),
        "every": row.visit.watches[0].interval.total_seconds(),
    }


def misshapen(answers: Mapping[str, Any]) -> list[str]:
    """The answers that a page could not draw again: neither words nor, where there may be several, a list of words."""
    return [key for key, value in answers.items() if key in _KEYS - COLUMNS and not _shaped(key, value)]


def _shaped(key: str, value: Any) -> bool:
    if key in _MANY and isinstance(value, list):
        return all(isinstance(each, str) for each in value)
    return value is None or isinstance(value, str)


def is_threat(answers: Mapping[str, Any], risk: Risk, because: Iterable[Because]) -> bool:
    """Whether a threat is to be expected, so that the plan says what is done about it."""
    return answers.get("hostility") == "threat" or (risk is Risk.HIGH and any(each.key in THREATS for each in because))
