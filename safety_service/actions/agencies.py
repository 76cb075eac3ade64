"""Running agencies and their teams."""

from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.evidence import keep
from safety_service.domain import contact
from safety_service.domain.contact import BadContact
from safety_service.domain.refusal import Refused
from safety_service.store import agencies, teams
from safety_service.store.agencies import Agency
from safety_service.store.database import Tx
from safety_service.store.teams import Team


async def add(tx: Tx, by: Actor | None, name: str, *, timezone: str, office_phone: str) -> Agency:
    """Add an agency. Raises Refused: `name_taken`, `zone_unknown`, `phone_unknown`, `only_on_the_machine`."""
    access.may_make_agencies(by)
    if await agencies.by_name(tx, name) is not None:
        raise Refused("name_taken", name=name)
    made = await agencies.add(tx, name, timezone=_zone(timezone), office_phone=_phone(office_phone))
    await keep(tx, by, made.id, "added", subject="agency", subject_id=made.id, name=name)
    return made


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Refused("zone_unknown", zone=name) from None


def _phone(given: str) -> str:
    try:
        return contact.phone(given) if given else ""
    except BadContact as bad:
        raise Refused("phone_unknown", why=str(bad)) from None


async def confirm_assessment(tx: Tx, by: Actor | None, agency_id: UUID, who: str) -> None:
    """Somebody confirms the data-protection assessment: Telegram may carry more than linking from now on."""
    access.may_run_people(by, agency_id)
    if not who.strip():
        raise Refused("name_wanted")
    await agencies.confirm(tx, agency_id, who.strip())
    await keep(tx, by, agency_id, "assessment_confirmed", subject="agency", subject_id=agency_id, who=who.strip())


async def set_office_phone(tx: Tx, by: Actor | None, agency_id: UUID, phone: str) -> str:
    """What a worker rings when nobody answers here; gives it as it is kept. Raises Refused: `phone_unknown`."""
    access.may_run_people(by, agency_id)
    kept = _phone(phone)
    await agencies.set_office_phone(tx, agency_id, kept)
    await keep(tx, by, agency_id, "office_phone_set", subject="agency", subject_id=agency_id, phone=kept)
    return kept


async def add_team(tx: Tx, by: Actor | None, agency_id: UUID, name: str) -> Team:
    """Add a team. Raises Refused: `name_taken`."""
    access.may_run_people(by, agency_id)
    if await teams.by_name(tx, agency_id, name) is not None:
        raise Refused("name_taken", name=name)
    made = await teams.add(tx, agency_id, name)
    await keep(tx, by, agency_id, "added", subject="team", subject_id=made.id, name=name)
    return made
