"""P5: nothing of duress reaches whoever is beside the worker now, whichever visit, or none, the duress is of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientSession

from safety_service import web
from safety_service.actions import (
    alert_page,
    danger,
    debrief_log,
    debriefs,
    evidence_read,
    exports,
    gap_telling,
    leaving,
    reading,
    visit_story,
    words,
)
from safety_service.actions import alerts as handling
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence_read import Search
from safety_service.actions.gap_telling import Cause, Gap
from safety_service.actions.words import Word
from safety_service.domain.refusal import Refused
from safety_service.domain.words import Found, Kind, KnownBy, Role
from safety_service.store import people
from safety_service.store.alerts import AlertRow
from safety_service.store.visits import VisitRow
from tests.http import application, browsing, serving, signed_in
from tests.talk import Talk
from tests.world import World


@pytest.fixture
async def mia(world: World) -> AsyncIterator[ClientSession]:
    """Mia's browser. She is on duty as the manager, and goes along on visits."""
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, both)
    async with serving(application(world, web)) as base, browsing(base) as browser:
        await signed_in(world, browser, "Mia")
        yield browser


async def page(browser: ClientSession, path: str) -> str:
    async with browser.get(path) as answer:
        return f"{answer.status} {await answer.text()}"


async def together(world: World, *, after: int = 0) -> VisitRow:
    """Ann and Mia have a visit that begins so many minutes from now."""
    both = (world.ids["Ann"], world.ids["Mia"])
    return await world.plan("Ann", ref="F-2", after=after, minutes=60, workers=both)


async def duress(world: World, visit: VisitRow | None = None) -> AlertRow:
    """Ann says the word, by itself or in this visit."""
    async with world.database.transaction() as tx:
        await danger.duress(tx, world.ids["Ann"], None if visit is None else visit.id, tx.now)
    return next(each for each in await world.alerts() if each.alert.kind is Kind.DURESS)


async def hidden_from_mia(world: World, mia: ClientSession, alert: AlertRow) -> None:
    """On no screen of hers, by no message, and behind no button; the others act on it."""
    since, until = world.now - timedelta(days=1), world.now + timedelta(days=1)
    for path in ("/board", "/board?all=1", "/alerts"):
        shown = await page(mia, path)
        assert shown.startswith("200") and "Do not ring" not in shown and "silent call" not in shown, path
        assert str(alert.id) not in shown, path
    assert (await page(mia, f"/alerts/{alert.id}")).startswith("404")
    assert Kind.DURESS not in {each.alert.kind for each in (await world.do("Mia", reading.alerts_of)).rows}
    written = (await world.do("Mia", exports.export, "alerts", world.agency_id, since, until)).rows
    assert Kind.DURESS not in {each["kind"] for each in written}
    read = (await world.do("Mia", evidence_read.look, Search())).entries
    assert alert.id not in {each.noted.alert_id for each in read}
    with pytest.raises(NotFound):
        await world.do("Mia", handling.take, alert.id)
    await world.do("Dev", handling.take, alert.id)
    with pytest.raises(Refused, match="not_to_them"):
        await world.do("Dev", handling.pass_on, alert.id, world.ids["Mia"])
    assert (await page_of(world, "Dev", alert)).may


async def page_of(world: World, who: str, alert: AlertRow) -> alert_page.AlertPage:
    """The alert's page as somebody who may act on it sees it."""
    found = await world.do(who, alert_page.look, alert.id)
    assert isinstance(found, alert_page.AlertPage)
    return found


async def test_the_word_at_the_door_is_not_heard_by_who_stands_there_too(world: World, mia: ClientSession) -> None:
    await together(world)
    alert = await duress(world)
    assert alert.alert.visit_id is None and world.ids["Mia"] not in alert.alert.told
    await world.later(5)
    assert world.told("Dev", "alarm.duress") and not world.told("Mia", "al")
    await hidden_from_mia(world, mia, alert)


async def test_of_an_earlier_visit_it_is_hidden_while_they_are_together_and_no_longer(
    world: World, mia: ClientSession
) -> None:
    first = await world.inside("Ann", minutes=30)
    alert = await duress(world, first)
    assert world.ids["Mia"] in alert.alert.told
    await world.later(1)
    assert world.told("Mia", "alarm.duress")
    second = await together(world)
    before = len(world.told("Mia", "al"))
    await hidden_from_mia(world, mia, alert)
    assert not (await world.do("Mia", visit_story.of, first.id)).alerts
    await world.do("Dev", handling.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
    await world.later(5)
    assert len(world.told("Mia", "al")) == before
    await world.do("Mia", words.begin, second.id, Word())
    await world.do("Mia", words.left, second.id, Word())
    await world.do("Mia", words.home, second.id, Word())
    assert (await page_of(world, "Mia", alert)).may


async def test_neither_a_gap_nor_somebodys_page_reminds_them_of_it_while_they_are_together(
    world: World, mia: ClientSession
) -> None:
    first = await world.inside("Ann", minutes=30)
    alert = await duress(world, first)
    await world.do("Dev", handling.take, alert.id)
    async with world.database.transaction() as tx:
        all_three = frozenset({Role.MANAGER, Role.PRACTITIONER, Role.ADMINISTRATOR})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, all_three)
    for beside in (False, True):
        assert (await world.do("Mia", leaving.consequences, world.ids["Dev"])).owned == (0 if beside else 1)
        async with world.database.transaction() as tx:
            await gap_telling.those_with_alerts(
                tx, world.ids.values(), Gap(tx.now - timedelta(minutes=5), tx.now, Cause.DOWN)
            )
        await world.deliver()
        assert len(world.told("Mia", "gap.alerts")) == 1
        await together(world)
        await world.jump(1)
    devs = [each for each in await Talk(world).screen("Dev") if each.template == "gap.alerts"]
    assert len(devs) == 2 and not {"Call", "Heard, safe"} & {label for each in devs for label in each.labels}


async def test_what_the_debrief_noted_of_it_is_shown_to_nobody_who_is_with_the_worker(
    world: World, mia: ClientSession
) -> None:
    first = await world.inside("Ann", minutes=30)
    await duress(world, first)
    await world.do("Ann", words.left, first.id, Word())
    given = (await world.do("Ann", debriefs.wanted_of))[0].id
    await world.do("Ann", debriefs.submit, given, {"mood": "fine", "seen": "alone"})

    async def noted() -> set[object]:
        return {each.get("alert") for each in (await world.do("Mia", debrief_log.read, given)).signals}

    assert Kind.DURESS in await noted()
    await together(world)
    assert Kind.DURESS not in await noted()


async def test_a_joint_visit_that_is_hours_away_keeps_nobody_from_hearing(world: World, mia: ClientSession) -> None:
    await together(world, after=120)
    alert = await duress(world)
    assert world.ids["Mia"] in alert.alert.told
    assert "Do not ring" in await page(mia, "/board")
