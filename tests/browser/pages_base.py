"""The pages of nobody's area: coming in, being refused, one's own card and words, links without a session."""

from __future__ import annotations

from uuid import UUID

from safety_service.actions import notices, sharing
from safety_service.actions.sharing import Decision
from safety_service.actions.taking import link_for
from safety_service.domain.sharing import Basis, Decided
from tests.browser.catalogue import Shown
from tests.browser.town import Town

PAGES = (
    Shown(name="welcome", who=None, path="/", status=200),
    Shown(name="enter", who=None, path="/in/some-code"),
    Shown(name="not-found", who="Ann", path="/nowhere", status=404),
    Shown(name="hello-worker", who="Ann", path="/hello"),
    Shown(name="hello-manager", who="Mia", path="/hello"),
    Shown(name="hello-administrator", who="Adam", path="/hello"),
    Shown(name="more", who="Mia", path="/hello", pressed=("More",)),
    Shown(name="chat", who="Ben", path="/chat", scripted=True),
    Shown(name="card", who="Dev", path="/card"),
    Shown(name="phrases", who="Dev", path="/phrases"),
    Shown(name="channels", who="Mia", path="/channels"),
    Shown(name="devices", who="Mia", path="/devices"),
    Shown(name="lost", who="Mia", path="/lost"),
    Shown(name="items", who="Mia", path="/items"),
    Shown(name="item", who="Mia", path="/items/{item}"),
    Shown(name="item-refused", who="Mia", path="/items/{item}", pressed=("Close it",)),
    Shown(name="openings", who="Mia", path="/openings"),
    Shown(name="take-link", who=None, path="/take/{take}"),
    Shown(name="acknowledge-link", who=None, path="/a/{acknowledge}"),
    Shown(name="notice", who="Ann", path="/notices/statement"),
    Shown(name="notice-change", who="Adam", path="/notices/statement/change"),
    Shown(name="summary", who="Ben", path="/visits/{quiet_visit}/summary"),
    Shown(name="summary-write", who="Ben", path="/visits/{quiet_visit}/summary/write"),
    Shown(name="subject-access", who="Mia", path="/families/{hard}/subject-access"),
    Shown(name="debrief-add-while-out", who="Ann", path="/debriefs/{debrief}/add"),
    Shown(name="fact-correct", who="Mia", path="/facts/{fact}/correct"),
    Shown(name="partner-change", who="Mia", path="/partners/{partner}/change"),
    Shown(name="worker-course", who="Mia", path="/people/{ann}/course"),
    Shown(name="share-told", who="Mia", path="/shares/{share}/told"),
    Shown(name="speak", who="Ben", path="/debriefs/{draft}/speak"),
)
STATEMENT = "We come to help. Nobody who works here is to be shouted at, threatened or hurt."


async def prepare(town: Town) -> None:
    """Somebody looked into a family, and said why; an alarm's link and another agency's link are out."""
    world = town.world
    await town.are_out(Ben="inside")
    await world.opens("Rita", town.at["hard"])
    await world.do("Adam", notices.put, "statement", "How we treat one another", STATEMENT)
    async with world.database.transaction() as tx:
        link = await link_for(tx, UUID(town.at["alert"]), world.ids["Dev"])
    town.at["take"] = link.url_path.rpartition("/")[2]
    decision = Decision(
        decided=Decided.SHARE,
        basis=Basis.PROTECT_WORKER,
        reason="They go there alone on Thursday",
        unverified_known=True,
    )
    seen = await world.do("Mia", sharing.decide, UUID(town.at["share"]), decision)
    town.at["acknowledge"] = str(seen.token)
