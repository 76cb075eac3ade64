"""Filters that somebody keeps, so as not to type them every morning. Only who keeps one sees it.

What is typed once is kept likewise, without a name and for a while. A word that is looked for may be a child's name:
the address has its number, and no browser, proxy or Referer has the word.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from safety_service.actions.actor import Actor
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.domain.refusal import Refused
from safety_service.store import saved_filters
from safety_service.store.database import Tx
from safety_service.store.saved_filters import NOW, Kept

#: More than this is a list to be searched itself.
MOST = 20
LONGEST_NAME = 60  # characters
#: What was typed once: a working day and its evening; and no more of them than somebody has tabs open.
LASTS, NEWEST = timedelta(hours=14), 50


async def of_page(tx: Tx, actor: Actor, page: str) -> list[Kept]:
    """The actor's own for this page."""
    return await saved_filters.of_person(tx, actor.person_id, page)


async def keep_filter(tx: Tx, actor: Actor, page: str, name: str, query: Mapping[str, str]) -> UUID:
    """Keep one; its id. Raises Refused: `filter_nameless`, `filter_empty`, `filters_full`."""
    called = name.strip()[:LONGEST_NAME]
    given = {field: value.strip() for field, value in query.items() if value.strip()}
    if not called:
        raise Refused("filter_nameless")
    if not given:
        raise Refused("filter_empty")
    if await saved_filters.count(tx, actor.person_id, page) >= MOST:
        raise Refused("filters_full", most=MOST)
    made = await saved_filters.add(tx, actor.person_id, page, called, given)
    await keep(tx, actor, actor.agency_id, "kept", subject="filter", subject_id=made, page=page)
    return made


async def look_for(tx: Tx, actor: Actor, page: str, query: Mapping[str, str]) -> UUID:
    """Keep for a while what the actor looks for now; its id. What they find by it, the page's own action keeps."""
    made = await saved_filters.add(tx, actor.person_id, f"{page}{NOW}", "", query)
    await saved_filters.drop_all_but(tx, actor.person_id, f"{page}{NOW}", NEWEST)
    return made


async def looked_for(tx: Tx, actor: Actor, page: str, filter_id: UUID) -> Mapping[str, str] | None:
    """What the actor looked for. None where it is kept no more, or was never theirs: they type it again."""
    return await saved_filters.since(tx, actor.person_id, f"{page}{NOW}", filter_id, tx.now - LASTS)


async def drop(tx: Tx, actor: Actor, filter_id: UUID) -> None:
    """Keep it no longer. Raises NotFound."""
    if not await saved_filters.drop(tx, actor.person_id, filter_id):
        raise NotFound
    await keep(tx, actor, actor.agency_id, "dropped", subject="filter", subject_id=filter_id)
