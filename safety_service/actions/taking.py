"""A way to take an alert without signing in: a link for one person and one alert, and a number to send back."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from safety_service.store import alert_links
from safety_service.store.database import Tx

#: Where the page of a link is; its code follows.
PAGE = "/take/"
#: Ways to reach people that have no buttons of ours.
LINKED = frozenset({"voice", "sms", "email", "hook"})


@dataclass(frozen=True, slots=True)
class Link:
    """What one person's message about one alert carries: a path below our address, and a number to send back."""

    url_path: str
    reply: str


async def link_for(tx: Tx, alert_id: UUID, person_id: UUID) -> Link:
    """This person's link to this alert. The code is in it: it goes into sealed params, and into no log."""
    return (await links_for(tx, alert_id, [person_id]))[person_id]


async def links_for(tx: Tx, alert_id: UUID, person_ids: Collection[UUID]) -> dict[UUID, Link]:
    """Each person's link to this alert, in as few statements as one takes."""
    found = await alert_links.of_people(tx, alert_id, person_ids)
    return {each: Link(PAGE + alert_links.code_of(tx, link), link.reply) for each, link in found.items()}
