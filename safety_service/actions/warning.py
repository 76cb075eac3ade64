"""Proposing to warn other agencies (G10): an incident proposes it, or a manager by hand; who may not learn never is.

What was decided stays as it was decided: what a debrief tells only afterwards is proposed by itself, a round later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

from safety_service.actions import circle
from safety_service.actions.actor import Actor
from safety_service.actions.given import Given
from safety_service.actions.sharing import Seen, ask, may_learn, note, partner_of
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Least, least, to_be_told
from safety_service.store import partners, shares
from safety_service.store.database import Tx
from safety_service.store.ids import new_id
from safety_service.store.partners import Partner
from safety_service.store.shares import Share


async def follow(tx: Tx, given: Given) -> None:
    """Propose to warn each agency at the family; what is known only later is added to what is not decided yet.

    What was met and is in nothing that was decided is proposed anew.
    """
    told = to_be_told(given.edition.guidance, given.behaviours, given.answers.get("tell_now") or ())
    if not told:
        return
    on = given.visit.visit.starts_at.astimezone(await circle.zone_of(tx, given.visit.agency_id)).date()
    before = await shares.of_debrief(tx, given.debrief.id)
    known = await partners.of_family(tx, given.visit.family_id)
    made = []
    for each in known:
        rounds = [row for row in before if row.partner_id == each.id]
        words = _new(given, told, on, [row for row in rounds if row.state != "proposed"])
        waits = next((row for row in rounds if row.state == "proposed"), None)
        if words.met and waits is not None:
            await shares.save(tx, replace(waits, body=_body(words)))
        elif words.met and may_learn(each):
            made.append(await _propose(tx, given, each, words, len(rounds) + 1))
    if made:
        await ask(tx, made[0], "share.wanted", count=len(made))
    elif not any(may_learn(each) for each in known):
        await _nobody_known(tx, given)


def _new(given: Given, told: Iterable[str], on: date, decided: Sequence[Share]) -> Least:
    """The words for what is in none of these."""
    guidance = given.edition.guidance
    had = {words for row in decided for words in row.body["met"]}
    fresh = [key for key in told if guidance.behaviours[key].says not in had]
    return least(guidance, fresh, given.answers.get("circumstances") or (), on)


async def _propose(tx: Tx, given: Given, partner: Partner, words: Least, number: int) -> Share:
    row = Share(
        id=new_id(),
        agency_id=given.visit.agency_id,
        team_id=given.visit.team_id,
        family_id=given.visit.family_id,
        debrief_id=given.debrief.id,
        partner_id=partner.id,
        round=number,
        body=_body(words),
        proposed_at=tx.now,
        next_at=tx.now + (await tx.policy()).sharing.decide,
    )
    await shares.add(tx, row)
    await note(tx, row, "proposed", None)
    return row


def _body(words: Least) -> dict[str, Any]:
    return {
        "met": list(words.met),
        "on": words.on.isoformat(),
        "care": list(words.care),
        "context": list(words.context),
    }


async def _nobody_known(tx: Tx, given: Given) -> None:
    """Who else goes there is asked, too, once for each debrief: an empty list is no reason to be silent."""
    visit = given.visit
    people = await circle.to_ask(tx, visit.agency_id, [visit.team_id], visit.family_id, workers=visit.workers)
    params = {"ref": visit.family_ref, "page": f"/families/{quote(visit.family_ref, safe='')}/partners/new"}
    once = f"share.nobody_known:{given.debrief.id}"
    await tell(tx, people, "share.nobody_known", params, priority=Priority.QUESTION, visit_id=visit.id, dedupe=once)


async def propose(tx: Tx, actor: Actor, ref: str, partner_id: UUID, behaviours: list[str], on: date) -> Seen:
    """A manager proposes it by hand, by the guidance's keys. Raises NotFound; Refused `managers_only`,
    `partner_kept_out`, `nothing_to_tell`."""
    family = await circle.by_ref(tx, actor, ref)
    team_id = circle.managed(actor, family)
    partner = await partner_of(tx, family.family_id, partner_id)
    if not may_learn(partner):
        raise Refused("partner_kept_out")
    guidance = (await tx.guidance(actor.agency_id)).guidance
    told = to_be_told(guidance, behaviours, ("agencies",))
    if not told:
        raise Refused("nothing_to_tell")
    row = Share(
        id=new_id(),
        agency_id=actor.agency_id,
        team_id=team_id,
        family_id=family.family_id,
        debrief_id=None,
        partner_id=partner.id,
        body=_body(least(guidance, told, (), on)),
        proposed_at=tx.now,
        next_at=tx.now + (await tx.policy()).sharing.decide,
    )
    await shares.add(tx, row)
    await note(tx, row, "proposed", actor)
    return Seen(row, partner, family.ref)
