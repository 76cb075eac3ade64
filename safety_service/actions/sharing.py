"""Warning other agencies (G10): what was proposed is decided by a person; the other agency acknowledges it.

What leaves is made of the guidance's words, a day and a reference: no narrative, no reflections, no names. A complaint
of the family's changes nothing about it.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from safety_service.actions import circle
from safety_service.actions.access import Matter, may_decide, may_see_visit
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority, tell
from safety_service.domain.refusal import Refused
from safety_service.domain.sharing import Basis, Decided
from safety_service.domain.words import Role
from safety_service.store import debriefs, events, exclusions, families, partners, shares
from safety_service.store.database import Tx
from safety_service.store.partners import Partner
from safety_service.store.shares import Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decides. `with_context`: what else was going on goes along; `unverified_known`: whoever decides
    knows that nobody has checked this contact. `text_digest`: of the text as they read it; None: whatever it says."""

    decided: Decided
    reason: str
    basis: Basis | None = None
    basis_note: str = ""
    with_context: bool = False
    unverified_known: bool = False
    text_digest: str | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A share as somebody reads it: the row, to whom it goes, which family. `token`: of a link made just now."""

    row: Share
    partner: Partner
    ref: str
    token: str | None = None


async def decide(tx: Tx, actor: Actor, share_id: UUID, made: Decision) -> Seen:
    """Share it or withhold it. Shared, there is a one-time link, shown to whoever decided, this once.

    Raises NotFound; Refused: `never_your_own`, `managers_only`, `share_decided`, `reason_wanted`, `basis_wanted`,
    `partner_kept_out`, `contact_unverified`, `share_changed`.
    """
    row = await _held(tx, share_id)
    await must_decide(tx, actor, row)
    if made.text_digest not in (None, text_digest(row)):
        raise Refused("share_changed")
    if not made.reason.strip():
        raise Refused("reason_wanted")
    partner = await partner_of(tx, row.family_id, row.partner_id)
    decided = replace(row, decided_by=actor.person_id, decided_at=tx.now, reason=made.reason.strip(), step=0)
    token = None
    if made.decided is Decided.WITHHOLD:
        decided = replace(decided, state="withheld", next_at=None)
    else:
        _may_leave(made, partner)
        token = shares.new_token()
        by = tx.now + (await tx.policy()).sharing.acknowledge
        decided = replace(
            decided,
            state="sent",
            basis=made.basis,
            basis_note=made.basis_note.strip() or None,
            body={**row.body, "with_context": made.with_context, "unverified": partner.verified_at is None},
            digest=shares.digest_of(token),
            acknowledge_by=by,
            next_at=by,
        )
    await shares.save(tx, decided)
    await note(tx, decided, "decided", actor)
    return Seen(decided, partner, await families.ref_of(tx, row.family_id), token)


def _may_leave(made: Decision, partner: Partner) -> None:
    if made.basis is None:
        raise Refused("basis_wanted")
    if not may_learn(partner):
        raise Refused("partner_kept_out")
    if partner.verified_at is None and not made.unverified_known:
        raise Refused("contact_unverified")


async def new_link(tx: Tx, actor: Actor, share_id: UUID) -> Seen:
    """Another link for what was sent and not acknowledged; the one before stops working. Raises NotFound, Refused."""
    row = await _held(tx, share_id)
    may_decide(actor, await matter(tx, row))
    if row.state != "sent":
        raise Refused("share_decided")
    token = shares.new_token()
    renewed = replace(row, digest=shares.digest_of(token))
    await shares.save(tx, renewed)
    await note(tx, renewed, "link_renewed", actor)
    partner = await partner_of(tx, row.family_id, row.partner_id)
    return Seen(renewed, partner, await families.ref_of(tx, row.family_id), token)


async def read(tx: Tx, actor: Actor, share_id: UUID) -> Seen:
    """One entry of the record: for the family's managers and reviewers. Raises NotFound; Refused `managers_only`."""
    row = await shares.load(tx, share_id)
    if row is None:
        raise NotFound
    may_read(actor, await matter(tx, row))
    await note(tx, row, "read", actor)
    partner = await partner_of(tx, row.family_id, row.partner_id)
    return Seen(row, partner, await families.ref_of(tx, row.family_id))


async def record(tx: Tx, actor: Actor, ref: str) -> list[Seen]:
    """The information-sharing record of a family, the newest first: for its managers and reviewers.

    Raises NotFound; Refused `managers_only`.
    """
    family = await circle.by_ref(tx, actor, ref)
    if actor.teams(Role.MANAGER, Role.REVIEWER).isdisjoint(family.teams):
        raise Refused("managers_only")
    rows = await shares.of_family(tx, family.family_id)
    known = {each.id: each for each in await partners.of_family(tx, family.family_id, ended=True)}
    await keep(tx, actor, actor.agency_id, "read", subject="shares", subject_id=family.family_id)
    went = await debriefs.who_went(tx, {each.debrief_id for each in rows if each.debrief_id is not None})
    off = await exclusions.of_person(tx, actor.person_id)
    seen = [each for each in rows if not off.from_matter(went.get(each.debrief_id, ()), each.family_id)]
    return [Seen(each, known[each.partner_id], family.ref) for each in seen]


def text_digest(row: Share) -> str:
    """What stands for the text as it is now: the rest of a debrief may change it while somebody reads."""
    text = [row.body.get(name) for name in ("met", "on", "care", "context")]
    return hashlib.sha256(json.dumps(text).encode()).hexdigest()


async def matter(tx: Tx, row: Share) -> Matter:
    """A share as access sees it: whoever went on the visit does not decide about it."""
    asked = () if row.debrief_id is None else (row.debrief_id,)
    workers = frozenset().union(*(await debriefs.who_went(tx, asked)).values())
    excluded = await exclusions.excluded_any(tx, workers, row.family_id)
    return Matter(agency_id=row.agency_id, team_id=row.team_id, workers=workers, excluded=excluded)


async def must_decide(tx: Tx, actor: Actor, row: Share) -> None:
    """Raises what deciding it would raise: NotFound; Refused `never_your_own`, `managers_only`, `share_decided`."""
    may_decide(actor, await matter(tx, row))
    if row.state != "proposed":
        raise Refused("share_decided")


async def decides(tx: Tx, actor: Actor, row: Share) -> bool:
    """Whether this is for the actor to decide."""
    try:
        may_decide(actor, await matter(tx, row))
    except Refused:
        return False
    return True


def may_read(actor: Actor, about: Matter) -> None:
    """Read an entry of the record: as its managers and reviewers do. Raises NotFound; Refused `managers_only`."""
    may_see_visit(actor, about)
    if actor.person_id in about.excluded:
        raise NotFound
    if about.team_id not in actor.teams(Role.MANAGER, Role.REVIEWER):
        raise Refused("managers_only")


async def ask(tx: Tx, row: Share, template: str, **more: Any) -> None:
    """Ask whoever is to see to it, as far as it has climbed: which family, and the page; nothing of what it says."""
    workers = (await matter(tx, row)).workers
    whose, teams = row.decided_by, [row.team_id]
    people = await circle.to_ask(
        tx, row.agency_id, teams, row.family_id, workers=workers, owner_id=whose, step=row.step
    )
    params = {"ref": await families.ref_of(tx, row.family_id), "page": f"/shares/{row.id}", **more}
    await tell(tx, people, template, params, priority=Priority.QUESTION)
    await note(tx, row, "asked", None)


async def note(tx: Tx, row: Share, verb: str, actor: Actor | None) -> None:
    """Keep in the evidence log what became of it; `actor` None: the service itself."""
    await events.log(
        tx,
        agency_id=row.agency_id,
        actor_id=None if actor is None else actor.person_id,
        verb=verb,
        subject="share",
        subject_id=row.id,
        details={"state": row.state, "step": row.step, **({} if actor is None else {"via": actor.via})},
    )


def may_learn(partner: Partner) -> bool:
    """Whether it works with the family still, and nothing says that it must not know."""
    return partner.ended_at is None and not partner.kept_out


async def _held(tx: Tx, share_id: UUID) -> Share:
    row = await shares.load(tx, share_id, lock=True)
    if row is None:
        raise NotFound
    return row


async def partner_of(tx: Tx, family_id: UUID, partner_id: UUID) -> Partner:
    """The agency at this family, also one that is there no more. Raises NotFound."""
    for each in await partners.of_family(tx, family_id, ended=True):
        if each.id == partner_id:
            return each
    raise NotFound
