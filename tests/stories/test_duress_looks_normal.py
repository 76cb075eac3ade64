"""Two identical days, in one of which the worker is under duress: nobody beside them can tell which is which (P5).

What is compared, byte for byte, is all that the worker and a colleague can have on a screen: the chat in Telegram with
its buttons and the times at which messages were made, the chat in a browser, pages, and what a program reads.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from safety_service.actions import alerts, event_chain, evidence_read, reading, words
from safety_service.actions.words import Word
from safety_service.domain.phrases import Tap
from safety_service.domain.words import Found, Kind, KnownBy, News, Role, State
from safety_service.store import people
from safety_service.store.visits import VisitRow
from tests.danger import DURESS, OWN, agreed, inside_high
from tests.twins import Days, Twin


async def running(days: Days, *, tap: Tap = Tap.NONE, risk: str = "high") -> None:
    """Ann is inside. What she agreed on is the same, but for the tap: on the normal day none means anything."""
    await agreed(days.normal.world)
    await agreed(days.duress.world, tap=tap)
    await days.both(lambda twin: _begins(twin, risk))
    await days.both(lambda twin: twin.later(4))


async def _begins(twin: Twin, risk: str) -> VisitRow:
    if risk == "high":
        return await inside_high(twin.world, minutes=60)
    if risk == "together":
        both = (twin.world.ids["Ann"], twin.world.ids["Mia"])
        row = await twin.world.inside(minutes=60, workers=both)
        await twin.world.do("Mia", words.begin, row.id, Word())
        return row
    return await twin.world.inside(minutes=60)


async def rest_of_the_day(days: Days) -> None:
    """Managers do what there is to do; the worker's day goes on, to its end and the debrief."""
    await _managers_act(days.duress)
    await days.both(lambda twin: twin.later(3))
    await days.both(lambda twin: twin.talk.says("Ann", "ok"))
    await days.look_the_same()
    for text in ("+15", "/where", "nothing you know", "/stop", "/help"):
        await days.both(lambda twin, text=text: twin.talk.says("Ann", text))  # type: ignore[misc]
    await days.both(lambda twin: twin.talk.says("Ann", OWN))
    await days.both(lambda twin: twin.later(12))
    await days.look_the_same()
    for text in ("ok", "out", OWN, "A bit off"):
        await days.both(lambda twin, text=text: twin.talk.says("Ann", text))  # type: ignore[misc]
    await days.look_the_same()
    for text in ("Fine", "With others", "/today", "/me", "/board", "home", OWN, "/debrief", "/today"):
        await days.both(lambda twin, text=text: twin.talk.says("Ann", text))  # type: ignore[misc]
    await days.both(lambda twin: twin.talk.says("Ben", "/board"))
    await days.both(lambda twin: twin.later(40))
    await days.look_the_same()


async def _managers_act(twin: Twin) -> None:
    """Everything that can be done about an alert, but for its end."""
    alert = (await _duress_of(twin))[0]
    await twin.world.do("Mia", alerts.take, alert.id)
    await twin.world.do("Mia", alerts.news, alert.id, News.POLICE_RUNG)
    await twin.world.do("Dev", alerts.note, alert.id, "police are there in ten minutes")
    await twin.world.do("Mia", alerts.escalate, alert.id)
    await twin.world.do("Mia", alerts.pass_on, alert.id, twin.world.ids["Dev"])
    await twin.world.do("Dev", alerts.take, alert.id)
    await twin.world.do("Dev", alerts.resolve, alert.id, Found.POLICE, KnownBy.POLICE_TOLD)


async def _duress_of(twin: Twin) -> list[Any]:
    return [each for each in await twin.world.alerts() if each.alert.kind is Kind.DURESS]


async def only_one_of_them_is_duress(days: Days) -> None:
    assert [each.alert.kind for each in await days.normal.world.alerts()] == []
    assert [each.alert.kind for each in await days.duress.world.alerts()] == [Kind.DURESS]


async def test_one_of_the_four_words(days: Days) -> None:
    await running(days)
    await days.both(lambda twin: twin.talk.says("Ann", "+5"))
    await days.look_the_same()
    await days.normal.talk.presses("Ann", OWN.capitalize())
    await days.duress.talk.presses("Ann", DURESS.capitalize())
    await only_one_of_them_is_duress(days)
    await days.look_the_same()
    await rest_of_the_day(days)


async def test_typed_as_the_answer_to_the_question(days: Days) -> None:
    await running(days)
    await days.both(lambda twin: twin.talk.says("Ann", "+15"))
    await days.normal.talk.says("Ann", OWN)
    await days.duress.talk.says("Ann", DURESS)
    await only_one_of_them_is_duress(days)
    await days.look_the_same()
    await rest_of_the_day(days)


@pytest.mark.parametrize("risk", ["low", "high"])
async def test_the_innocent_tap(days: Days, risk: str) -> None:
    await running(days, tap=Tap.SHORT, risk=risk)
    await days.both(lambda twin: twin.talk.says("Ann", "ok"))
    await days.both(lambda twin: twin.talk.presses("Ann", "+5"))
    if risk == "high":
        await days.both(lambda twin: twin.talk.presses("Ann", OWN.capitalize()))
    await only_one_of_them_is_duress(days)
    await days.look_the_same()
    await rest_of_the_day(days)


async def test_typed_at_any_time(days: Days) -> None:
    await running(days, risk="low")
    await days.normal.talk.says("Ann", "hallway")
    await days.duress.talk.says("Ann", DURESS)
    await only_one_of_them_is_duress(days)
    await days.look_the_same()
    await rest_of_the_day(days)


async def test_by_a_program_also_where_its_word_is_refused(days: Days) -> None:
    await running(days)
    visits = {twin.base: (await twin.programs["Ann"].get("/visits"))[1]["items"][0]["id"] for twin in _each(days)}
    for verb in ("extend", "left", "left", "home"):
        answers = [
            await twin.programs["Ann"].post(f"/visits/{visits[twin.base]}/{verb}", {"phrase": phrase})
            for twin, phrase in ((days.normal, OWN), (days.duress, DURESS))
        ]
        normal, duress = [(status, {**body, "visit_id": None}) for status, body in answers]
        assert normal == duress
        await days.look_the_same()
    assert len(await _duress_of(days.duress)) == 1 and await days.normal.world.alerts() == []


async def test_a_call_for_help_beside_it_looks_as_it_does_alone(days: Days) -> None:
    await running(days, risk="low")
    await days.normal.talk.says("Ann", "hallway")
    await days.duress.talk.says("Ann", DURESS)
    await days.both(lambda twin: twin.talk.says("Ann", "office now"))
    await _managers_act(days.duress)
    await days.look_the_same()
    await days.both(lambda twin: twin.later(1.5))
    for twin in _each(days):
        sos = next(each for each in await twin.world.alerts() if each.alert.kind is Kind.SOS)
        await twin.world.do("Mia", alerts.take, sos.id)
    await days.look_the_same()
    assert (await days.duress.talk.screen("Ann"))[-1].template == "worker.read"


async def test_nothing_of_it_is_found_by_its_number_or_id(days: Days) -> None:
    await running(days, risk="low")
    await days.duress.talk.says("Ann", DURESS)
    alert = (await _duress_of(days.duress))[0]
    for who in ("Ann", "Ben"):
        program, browser = days.duress.programs[who], days.duress.browsers[who]
        there, nowhere = [await program.get(f"/alerts/{each}") for each in (alert.id, uuid.uuid4())]
        assert there == nowhere and there[0] == 404
        pages = []
        for each in (alert.id, uuid.uuid4()):
            async with browser.get(f"/alerts/{each}") as answer:
                pages.append((answer.status, await answer.text()))
        assert pages[0] == pages[1]


async def test_a_manager_beside_them_reads_the_same_in_the_log_of_what_was_done(days: Days) -> None:
    await days.both(_goes_along)
    await running(days, risk="together")
    await days.normal.talk.says("Ann", "hallway")
    await days.duress.talk.says("Ann", DURESS)
    await only_one_of_them_is_duress(days)
    await _others_act(days.duress)
    await days.both(lambda twin: twin.later(3))
    await days.both(_linked)
    await days.look_the_same("Ann", "Mia")
    for text, reads in (("out", "waits until you are out"), ("Fine", "Mia signed in"), ("home", "Mia signed in")):
        taken = [await twin.log_read("Mia") for twin in _each(days)]
        assert taken[0] == taken[1] and reads in taken[0]
        for who in ("Mia", "Ann"):
            await days.both(lambda twin, who=who, text=text: twin.talk.says(who, text))  # type: ignore[misc]
    await days.both(lambda twin: twin.later(1))
    read = [await _read_by_mia(twin) for twin in _each(days)]
    assert read[0] == read[1] and ("home", "Ann") in read[0]


async def _goes_along(twin: Twin) -> None:
    async with twin.world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, twin.world.ids["Mia"], twin.world.team_id, both)
    await twin.settle("Mia")


async def _others_act(twin: Twin) -> None:
    """What shows in the log: of the alert, of the visit, and of things around it."""
    world, alert = twin.world, (await _duress_of(twin))[0]
    await world.do("Dev", alerts.take, alert.id)
    await world.do("Dev", alerts.news, alert.id, News.POLICE_RUNG)
    await world.do("Dev", reading.visit, alert.alert.visit_id)
    await world.do("Rita", reading.visit, alert.alert.visit_id)
    await world.opens("Rita")


async def _linked(twin: Twin) -> None:
    async with twin.world.database.transaction() as tx:
        tx.now += timedelta(minutes=1)
        await event_chain.extend(tx, 1000)


async def _read_by_mia(twin: Twin) -> list[tuple[str, str]]:
    found = await twin.world.do("Mia", evidence_read.look, evidence_read.Search())
    return [(each.noted.verb, twin.world.name(each.noted.actor_id)) for each in found.entries]


async def test_it_may_be_known_once_two_people_say_that_they_are_safe_in_person(days: Days) -> None:
    await running(days, risk="low")
    await days.duress.talk.says("Ann", DURESS)
    alert = (await _duress_of(days.duress))[0]
    world = days.duress.world
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE)
    assert (await days.duress.programs["Ann"].get(f"/alerts/{alert.id}"))[0] == 404
    await world.do("Dev", alerts.resolve, alert.id, Found.SAFE, KnownBy.SEEN)
    assert (await world.alert()).alert.state is State.RESOLVED
    assert (await days.duress.programs["Ann"].get(f"/alerts/{alert.id}"))[0] == 200


def _each(days: Days) -> tuple[Twin, Twin]:
    return days.normal, days.duress
