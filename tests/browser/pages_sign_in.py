"""The pages of coming in with a work account: one's own, and what waits for somebody's yes."""

from __future__ import annotations

from safety_service.store import identities
from tests.browser.catalogue import Shown
from tests.browser.town import Town

ISSUER = "https://login.example.org"
PAGES = (
    Shown(name="account-to-agree", who="Dev", path="/account"),
    Shown(name="account-own", who="Ann", path="/account"),
    Shown(name="account-none", who="Rita", path="/account"),
    Shown(name="account-not-sent-off", who=None, path="/account/back?state=x&code=y", status=403),
)


async def prepare(town: Town) -> None:
    """Ann comes in with hers; Mia's waits for a second person."""
    world = town.world
    async with world.database.transaction() as tx:
        await identities.add(tx, world.ids["Ann"], ISSUER, "ann", "active")
        await identities.add(tx, world.ids["Mia"], ISSUER, "mia", "waiting")
