"""Other agencies at a family: kept by hand; and the picture of who meets the hostility."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from config.guidance import Guidance
from safety_service.actions import families, items
from safety_service.actions.actor import Actor
from safety_service.actions.behaviours import met_at
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.families import Family, may_change
from safety_service.actions.given import Given
from safety_service.domain.hostility import US, Agency, Picture, Visits, picture
from safety_service.domain.refusal import Refused
from safety_service.store import circles, partners
from safety_service.store.database import Tx
from safety_service.store.partners import Partner

VISITS = tuple(Visits)
STANCES = ("appeasing", "opposing", "neither", "not_known")
CONTACT = ("name", "role", "email", "phone")
#: What can be given of an agency; the rest follows by itself.
FIELDS = ("organisation", "contact", "meets", "visits", "withheld", "stance", "kept_out")
LONGEST = 2000
#: The item that proposes a meeting of all agencies bears this key.
MEETING = "agencies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """Who is around a family, what we meet there ourselves (groups of behaviours), and the picture of it."""

    family: Family
    partners: tuple[Partner, ...]
    ended: tuple[Partner, ...]
    ours: frozenset[str]
    picture: Picture


async def around(tx: Tx, actor: Actor, ref: str) -> Around:
    """Agency by agency, who meets what. Raises NotFound."""
    family = await families.known(tx, actor, ref)
    await families.log_read(tx, actor, family, "partner")
    return await known_around(tx, family)


async def known_around(tx: Tx, family: Family) -> Around:
    """The same, for whoever has the family already."""
    everyone = await partners.of_family(tx, family.id, ended=True)
    still = tuple(each for each in everyone if each.ended_at is None)
    ours = await _our_groups(tx, family.row.agency_id, family.id)
    guidance = (await tx.guidance(family.row.agency_id)).guidance
    return Around(
        family=family,
        partners=still,
        ended=tuple(each for each in everyone if each.ended_at is not None),
        ours=ours,
        picture=_picture(ours, still, guidance),
    )


async def one(tx: Tx, actor: Actor, partner_id: UUID) -> tuple[Family, Partner]:
    """One agency, and at which family it is. Raises NotFound."""
    row = await partners.load(tx, partner_id)
    if row is None:
        raise NotFound
    family = await families.by_id(tx, actor, row.family_id)
    await _keep(tx, actor, "read", row)
    return family, row


async def add(tx: Tx, actor: Actor, ref: str, given: Mapping[str, Any]) -> Partner:
    """Another agency comes to the family. Raises NotFound; Refused: `not_your_role`, as `change`."""
    family = await families.known(tx, actor, ref)
    may_change(actor, family)
    fields = _sensible({"organisation": "", "contact": {}, **given})
    made = await partners.add(tx, family.row.agency_id, family.id, by=actor.person_id, **fields)
    await _keep(tx, actor, "added", made)
    await propose_meeting(tx, family.row.agency_id, family.id, by=actor.person_id)
    return made


async def change(tx: Tx, actor: Actor, partner_id: UUID, version: int, given: Mapping[str, Any]) -> Partner:
    """Change what is known of it; another contact has to be verified again.

    Raises NotFound; Refused: `not_your_role`, `changed_meanwhile`, `partner_ended`, `organisation_wanted`,
    `stance_unknown`.
    """
    before = await _known(tx, actor, partner_id)
    if before.version != version:
        raise Refused("changed_meanwhile")
    fields = _sensible(given)
    after = replace(before, **fields, version=version + 1, updated_at=tx.now, updated_by=actor.person_id)
    if after.contact != before.contact:
        after = replace(after, verified_at=None, verified_by=None)
    await partners.save(tx, after)
    await _keep(tx, actor, "changed", after, fields=[name for name in fields if fields[name] != getattr(before, name)])
    await propose_meeting(tx, after.agency_id, after.family_id, by=actor.person_id)
    return after


async def verify(tx: Tx, actor: Actor, partner_id: UUID) -> Partner:
    """The actor has made sure that this contact is who they say. Raises NotFound; Refused."""
    before = await _known(tx, actor, partner_id)
    after = replace(before, verified_at=tx.now, verified_by=actor.person_id)
    await partners.save(tx, after)
    await _keep(tx, actor, "verified", after)
    return after


async def end(tx: Tx, actor: Actor, partner_id: UUID) -> Partner:
    """It has nothing to do with the family any more; what was known of it stays. Raises NotFound; Refused."""
    before = await _known(tx, actor, partner_id)
    after = replace(before, ended_at=tx.now, updated_at=tx.now, updated_by=actor.person_id, version=before.version + 1)
    await partners.save(tx, after)
    await _keep(tx, actor, "ended", after)
    return after


async def propose_meeting(tx: Tx, agency_id: UUID, family_id: UUID, *, by: UUID | None) -> bool:
    """Propose a meeting, once, where most agencies meet hostility or visits drop off. Gives whether one is wanted."""
    guidance = (await tx.guidance(agency_id)).guidance
    there = await partners.of_family(tx, family_id)
    seen = _picture(await _our_groups(tx, agency_id, family_id), there, guidance)
    teams, _ = await circles.of_family(tx, family_id)
    if not there or not seen.meeting or not teams:
        return False
    await items.open_item(
        tx,
        agency_id=agency_id,
        team_id=min(teams),
        kind="meeting",
        key=MEETING,
        text=guidance.says("measures", "meeting"),
        body={"why": list(seen.meeting)},
        family_id=family_id,
        by=by,
    )
    return True


async def follow(tx: Tx, given: Given) -> None:
    """What a debrief met may be what makes most agencies meet hostility."""
    if given.behaviours:
        await propose_meeting(tx, given.visit.agency_id, given.visit.family_id, by=None)


async def _our_groups(tx: Tx, agency_id: UUID, family_id: UUID) -> frozenset[str]:
    """What we meet ourselves; what is past is not what we meet now."""
    return frozenset(line.group for line in await met_at(tx, agency_id, family_id) if not line.past)


def _picture(ours: frozenset[str], there: list[Partner] | tuple[Partner, ...], guidance: Guidance) -> Picture:
    others = [
        Agency(
            name=each.organisation,
            groups=frozenset(guidance.behaviours[key].group for key in each.meets if key in guidance.behaviours),
            visits=Visits(each.visits),
            withheld=each.withheld or "",
            stance=each.stance,
        )
        for each in there
    ]
    return picture([Agency(name=US, groups=ours), *others])


async def _known(tx: Tx, actor: Actor, partner_id: UUID) -> Partner:
    """The agency, locked, at a family that the actor may write about. Raises NotFound, Refused."""
    row = await partners.load(tx, partner_id, lock=True)
    if row is None:
        raise NotFound
    may_change(actor, await families.by_id(tx, actor, row.family_id))
    if row.ended_at is not None:
        raise Refused("partner_ended")
    return row


def _sensible(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are kept. Raises Refused."""
    fields = {name: given[name] for name in FIELDS if name in given}
    for name in ("organisation", "withheld", "kept_out"):
        if name in fields:
            fields[name] = str(fields[name] or "").strip()[:LONGEST] or None
    if "organisation" in fields and not fields["organisation"]:
        raise Refused("organisation_wanted")
    if fields.get("visits", VISITS[0]) not in VISITS or fields.get("stance", STANCES[0]) not in STANCES:
        raise Refused("stance_unknown")
    if "contact" in fields:
        fields["contact"] = {
            name: text for name in CONTACT if (text := str(fields["contact"].get(name) or "").strip()[:200])
        }
    if "meets" in fields:
        fields["meets"] = tuple(dict.fromkeys(map(str, fields["meets"])))
    return fields


async def _keep(tx: Tx, actor: Actor, verb: str, row: Partner, **details: Any) -> None:
    about = {"family_id": str(row.family_id), **details}
    await keep(tx, actor, row.agency_id, verb, subject="partner", subject_id=row.id, **about)
