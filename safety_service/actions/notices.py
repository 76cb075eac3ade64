"""The agency's own texts: put by an administrator, shown to everybody of the agency, printed for families."""

from safety_service.actions import access
from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import notices
from safety_service.store.database import Tx
from safety_service.store.notices import KINDS, Notice

LONGEST_TITLE = 200
LONGEST = 20_000


async def put(tx: Tx, actor: Actor, kind: str, title: str, text: str) -> Notice:
    """From now on this is the text. Raises Refused: `administrators_only`, `notice_unknown`, `notice_empty`."""
    access.may_run_people(actor, actor.agency_id)
    if kind not in KINDS:
        raise Refused("notice_unknown")
    title = title.replace("\x00", "")
    if not title.strip() or not text.strip():
        raise Refused("notice_empty")
    made = await notices.put(
        tx, actor.agency_id, kind, title.strip()[:LONGEST_TITLE], text.strip()[:LONGEST], by=actor.person_id
    )
    await keep(tx, actor, actor.agency_id, "put", subject="notice", subject_id=made.id, kind=kind)
    return made


async def read(tx: Tx, actor: Actor, kind: str) -> Notice | None:
    """The text as it stands; None: there is none yet. Raises NotFound: no such kind."""
    if kind not in KINDS:
        raise NotFound
    return await notices.current(tx, actor.agency_id, kind)


async def there(tx: Tx, actor: Actor) -> tuple[str, ...]:
    """Which texts the actor's agency has."""
    return await notices.kinds_of(tx, actor.agency_id)
