"""Trying whether people can be reached: a code by each of their proven ways, which they confirm on their own page."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from safety_service.actions import access, own_channels
from safety_service.actions import scene as scenes
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.domain.ladder import freeze
from safety_service.domain.reaching import PROVEN
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Kind, Risk
from safety_service.store import channels, people, roles
from safety_service.store.database import Tx
from safety_service.store.errors import NoSuchRow
from safety_service.store.people import Person

#: What each ladder is called, and an alert that climbs it.
LADDERS = {
    "default": (Kind.MISSED_CHECK_IN, Risk.MEDIUM),
    "low": (Kind.MISSED_CHECK_IN, Risk.LOW),
    "medium": (Kind.MISSED_CHECK_IN, Risk.MEDIUM),
    "high": (Kind.MISSED_CHECK_IN, Risk.HIGH),
    "danger": (Kind.SOS, Risk.HIGH),
}


@dataclass(frozen=True, slots=True)
class Drilled:
    """By which ways somebody is being tried; `why_not` says what kept the rest."""

    person: Person
    tried: tuple[str, ...]
    why_not: str = ""


async def person(tx: Tx, by: Actor | None, person_id: UUID) -> Drilled:
    """Try every proven way of this person's. Raises NotFound; Refused: `administrators_only`."""
    try:
        found = await people.get(tx, person_id)
    except NoSuchRow:
        raise NotFound from None
    access.may_run_people(by, found.agency_id)
    return await _one(tx, by, found)


async def ladder(tx: Tx, by: Actor | None, agency_id: UUID, name: str) -> list[Drilled]:
    """Try everybody who stands on this ladder now, in any team. Raises NotFound; Refused: `administrators_only`."""
    access.may_run_people(by, agency_id)
    if name not in LADDERS:
        raise NotFound
    teams = await roles.teams_of_agency(tx, agency_id)
    present = await scenes.present_for(tx, agency_id, teams, frozenset(), None)
    rungs = freeze(*LADDERS[name], await tx.policy()).rungs
    there = frozenset[UUID]().union(*(present.get(rung.who, frozenset()) for rung in rungs))
    known = sorted((await people.many(tx, there)).values(), key=lambda each: each.name)
    return [await _one(tx, by, each) for each in known]


async def _one(tx: Tx, by: Actor | None, found: Person) -> Drilled:
    tried: list[str] = []
    for each in await channels.live(tx, found.id):
        if each.kind not in PROVEN:
            continue
        try:
            # One code at a time would end the one before: each channel is tried with digits of its own.
            await own_channels.send_code(tx, by, each.id, others_stay=True)
        except Refused as why:
            return Drilled(found, tuple(tried), why.code)
        tried.append(each.kind)
    return Drilled(found, tuple(tried))
