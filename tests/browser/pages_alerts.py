"""The pages of an alert, as each of those who may see it does, and the list of them."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from safety_service.actions import alerts, cases, danger, scene, words
from safety_service.actions.taking import link_for
from safety_service.actions.words import Position, Word
from safety_service.domain.effects import RaiseAlert
from safety_service.domain.words import Found, Kind, KnownBy, News
from safety_service.store import people, visits
from tests.browser.catalogue import Shown
from tests.browser.town import Town
from tests.world import World

#: Where the two of them are, and where Ann was last seen.
HOME = {"latitude": 53.4808, "longitude": -2.2426}
SEEN = Position(latitude=53.4815, longitude=-2.2411, accuracy_m=35)
CARD = {
    "car": "Blue Corsa",
    "registration": "AB12 CDE",
    "description": "Tall, red coat, glasses",
    "next_of_kin": "Jo Bello, 07700 900999",
    "medical": "Asthma: the inhaler is in the bag",
    "code_phrase": "is the blue folder with you",
}

PAGES = (
    Shown(name="alert", who="Dev", path="/alerts/{alert}"),
    Shown(name="alert-taken", who="Mia", path="/alerts/{alert}"),
    Shown(name="alert-note-refused", who="Mia", path="/alerts/{alert}?done=trying"),
    Shown(name="alert-of-ones-own", who="Ann", path="/alerts/{alert}"),
    Shown(name="alert-read-only", who="Rita", path="/alerts/{alert}"),
    Shown(name="alert-duress", who="Dev", path="/alerts/{duress}"),
    Shown(name="alert-sos-second", who="Dev", path="/alerts/{sos}"),
    Shown(name="alert-closed", who="Mia", path="/alerts/{closed}"),
    Shown(name="alert-timeline", who="Mia", path="/alerts/{alert}/timeline"),
    Shown(name="alert-by-link", who=None, path="{link}"),
    Shown(name="alert-by-link-taken", who=None, path="{own_link}"),
    Shown(name="alerts", who="Mia", path="/alerts"),
    Shown(name="alerts-narrowed", who="Mia", path="/alerts?kind=missed_check_in&found=safe"),
    Shown(name="alerts-of-nobody", who="Ben", path="/alerts"),
)


async def prepare(town: Town) -> None:
    """Ann is not heard: Mia has it. Ben called for help, silently and then aloud; one alert of the past is closed."""
    world = town.world
    silent = UUID(town.at["silent"])
    await _placed(world, silent)
    async with world.database.transaction() as tx:
        ann = await people.get(tx, world.ids["Ann"])
        await people.save(tx, replace(ann, responder=CARD))
    await world.do("Ann", words.note, silent, Word(position=SEEN, note="Parked behind the school"))
    await world.do("Mia", alerts.take, UUID(town.at["alert"]))
    await world.do("Mia", alerts.news, UUID(town.at["alert"]), News.STILL_TRYING, "I ring her again at ten past")
    async with world.database.transaction() as tx:
        town.at["link"] = (await link_for(tx, UUID(town.at["alert"]), world.ids["Dev"])).url_path
        town.at["own_link"] = (await link_for(tx, UUID(town.at["alert"]), world.ids["Mia"])).url_path
    await _called(town)


async def _called(town: Town) -> None:
    """Ben's SOS waits for a second person; before it he was late at home, and said nothing aloud."""
    world = town.world
    await world.do("Ben", words.sos, UUID(town.at["inside"]), Word())
    await world.later(1)
    town.at["sos"] = await _newest(world)
    await world.do(
        "Mia", alerts.resolve, UUID(town.at["sos"]), Found.HELPED, KnownBy.HEARD_VOICE, "He fell on the stairs"
    )
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ben"], UUID(town.at["inside"]), tx.now)
    await world.later(1)
    town.at["duress"] = await _newest(world)
    async with world.database.transaction() as tx:
        await cases.raise_without_visit(tx, await scene.of_worker(tx, world.ids["Ann"]), _lost_line(world, "Ann"))
    town.at["closed"] = await _newest(world)
    await world.do("Mia", alerts.take, UUID(town.at["closed"]))
    await world.later(4)
    await world.do(
        "Mia", alerts.resolve, UUID(town.at["closed"]), Found.FALSE_ALARM, KnownBy.HEARD_VOICE, "A new phone"
    )


def _lost_line(world: World, who: str) -> RaiseAlert:
    return RaiseAlert(world.ids[who], Kind.UNDELIVERABLE, world.now, world.now)


async def _newest(world: World) -> str:
    return str(max(await world.alerts(), key=lambda each: each.alert.number).id)


async def _placed(world: World, visit_id: UUID) -> None:
    """The address of a visit is found on the map."""
    async with world.database.transaction() as tx:
        row = await visits.load(tx, visit_id)
        assert row is not None
        await visits.locate(tx, visit_id, {**row.address, **HOME})
