"""Putting an edition of the policy in force: at once where it loosens nothing, else when a second administrator agrees.

The policy is the whole service's, and so is the second administrator: any agency's.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from config.policy import Policy, parse_policy
from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain.loosening import loosened
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Role
from safety_service.store import policies, policy_offers, roles
from safety_service.store.database import Tx
from safety_service.store.policies import Edition
from safety_service.store.policy_offers import Offer

#: So long an edition waits for a second administrator.
WAITS = timedelta(days=7)
#: How long the reason and the name may be, as they are kept.
LONGEST_WHY, LONGEST_WHO = 500, 200


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it: the edition's number, or the offer that waits. `loosens`: against what was in force."""

    number: int | None
    offer: Offer | None
    loosens: tuple[str, ...]


async def apply(tx: Tx, by: Actor | None, text: str, *, who: str, why: str) -> Applied:
    """Put this text (TOML) in force, saying who decided on it and why; what it loosens waits for a second person.

    `by` None: on the machine itself, and only as long as there is no administrator anywhere.
    Raises PolicyError naming every fault; Refused: `administrators_only`, `name_wanted`, `reason_wanted`,
    `second_administrator_wanted`.
    """
    access.may_apply_policy(by)
    _said(who, why)
    after = parse_policy(text)
    # Before anything is read: against an edition that was in force a moment ago, too much would pass as no loosening.
    await policies.hold(tx)
    administrators = await _administrators(tx)
    if by is None and administrators:
        raise Refused("administrators_only")
    loosens = loosened(await _policy_now(tx), after)
    if not loosens or by is None:
        return Applied(await _in_force(tx, by, text, who.strip(), why.strip()), None, loosens)
    if not administrators - {by.person_id}:
        raise Refused("second_administrator_wanted")
    return Applied(None, await _offered(tx, by, text, why.strip(), loosens, administrators), loosens)


def _said(who: str, why: str) -> None:
    if not who.strip() or len(who) > LONGEST_WHO:
        raise Refused("name_wanted")
    if not why.strip() or len(why) > LONGEST_WHY:
        raise Refused("reason_wanted")


async def _offered(
    tx: Tx, by: Actor, text: str, why: str, loosens: tuple[str, ...], administrators: frozenset[UUID]
) -> Offer:
    newest = await policies.newest(tx)
    after = 0 if newest is None else newest.number
    offer = await policy_offers.put(tx, text, why, by.name, by.person_id, after=after, loosens=loosens, for_=WAITS)
    await keep(
        tx, by, None, "offered", subject="policy", subject_id=offer.id, after=after, why=why, loosens=list(loosens)
    )
    params = {
        "offer_id": str(offer.id),
        "by": by.name,
        "note": why,
        "loosens": list(loosens),
        "until": iso(offer.expires_at),
        "page": "/policy",
    }
    await tell(tx, administrators - {by.person_id}, "policy.offered", params, priority=Priority.NEWS)
    return offer


async def agree(tx: Tx, actor: Actor, offer_id: UUID) -> int:
    """The second administrator agrees, and it is in force; gives the edition's number. They hear so themselves, too:
    on the machine's command line a name is no more than a claim.

    Raises NotFound; Refused: `never_your_own`, `policy_offer_gone`; PolicyError: this code takes the text no more.
    """
    offer = await _waiting(tx, actor, offer_id)
    if offer.offered_by_id == actor.person_id:
        raise Refused("never_your_own")
    who = f"{offer.offered_by}, agreed by {actor.name}"[:LONGEST_WHO]
    return await _in_force(tx, actor, offer.text, who, offer.why, agreed_to=offer)


async def refuse(tx: Tx, actor: Actor, offer_id: UUID) -> None:
    """It is not to be in force; so is one's own taken back. Raises NotFound; Refused `policy_offer_gone`."""
    offer = await _waiting(tx, actor, offer_id)
    await policy_offers.end(tx, offer.id, "refused", actor.name, actor.person_id)
    await keep(tx, actor, None, "refused_offer", subject="policy", subject_id=offer.id)
    params = {"by": actor.name, "note": offer.why}
    await tell(tx, await _administrators(tx), "policy.refused", params, priority=Priority.ROUTINE)


async def offers(tx: Tx, actor: Actor | None) -> list[Offer]:
    """What waits for a second administrator. Raises NotFound: they are none."""
    _administers(actor)
    return await policy_offers.waiting(tx)


async def chase_offers(tx: Tx, _limit: int) -> int:
    """What waited long enough waits no more, and the administrators hear so; gives how many."""
    await policies.hold(tx)
    newest = await policies.newest(tx)
    gone = await policy_offers.void(tx, 0 if newest is None else newest.number)
    for each in gone:
        await keep(tx, None, None, "voided", subject="policy", subject_id=each.id, via="clock")
        params = {"by": each.offered_by, "note": each.why}
        await tell(tx, await _administrators(tx), "policy.expired", params, priority=Priority.ROUTINE)
    return len(gone)


async def in_force(tx: Tx, actor: Actor | None) -> tuple[Edition | None, Policy]:
    """The newest edition, and the policy that is in force. Raises NotFound: they are no administrator."""
    _administers(actor)
    return await policies.newest(tx), await tx.policy()


async def loosens(tx: Tx, text: str) -> tuple[str, ...]:
    """What this text would loosen, against what is in force. Raises PolicyError."""
    return loosened(await _policy_now(tx), parse_policy(text))


def _administers(actor: Actor | None) -> None:
    if actor is not None and not actor.is_any(Role.ADMINISTRATOR):
        raise NotFound


async def _waiting(tx: Tx, actor: Actor, offer_id: UUID) -> Offer:
    _administers(actor)
    await policies.hold(tx)
    newest = await policies.newest(tx)
    offer = await policy_offers.load(tx, offer_id, lock=True)
    if offer is None:
        raise NotFound
    overtaken = newest is not None and offer.after_number < newest.number
    if offer.state != "offered" or overtaken or offer.expires_at <= tx.now:
        raise Refused("policy_offer_gone")
    return offer


async def _in_force(tx: Tx, by: Actor | None, text: str, who: str, why: str, *, agreed_to: Offer | None = None) -> int:
    number = await policies.apply(tx, text, who, why)
    offer_id = None if agreed_to is None else agreed_to.id
    if agreed_to is not None and by is not None:
        await policy_offers.end(tx, agreed_to.id, "agreed", by.name, by.person_id, number)
    await keep(tx, by, None, "applied", subject="policy", subject_id=offer_id, edition=number, who=who, why=why)
    for each in await policy_offers.void(tx, number):
        await keep(tx, by, None, "voided", subject="policy", subject_id=each.id, edition=number)
    params = {"number": number, "by": who, "note": why}
    await tell(tx, await _administrators(tx), "policy.applied", params, priority=Priority.ROUTINE)
    return number


async def _policy_now(tx: Tx) -> Policy:
    """What is in force at this moment, and not what was a moment ago."""
    tx.shelf.forget()
    return await tx.policy()


async def _administrators(tx: Tx) -> frozenset[UUID]:
    """Everybody who administers, in any agency."""
    return await roles.with_role(tx, Role.ADMINISTRATOR)
