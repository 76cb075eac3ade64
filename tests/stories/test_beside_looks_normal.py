"""Two identical days, in one of which the worker is under duress: a manager who is about to meet them, and who was told
of another alert about them before, reads the same on both, by every way there is (P5).
"""

from __future__ import annotations

from datetime import timedelta

from safety_service.actions import alerts, reading, words
from safety_service.actions.taking import link_for
from safety_service.actions.words import Word
from safety_service.domain.words import Found, Kind, KnownBy, News, Role
from safety_service.store import channels, people
from safety_service.store.alerts import AlertRow
from tests.danger import DURESS, OWN, agreed
from tests.talk import Talk
from tests.twins import Days, Twin


async def alert_of(twin: Twin, kind: Kind) -> AlertRow:
    return next(each for each in await twin.world.alerts() if each.alert.kind is kind)


async def _begins(twin: Twin) -> None:
    """Ann is inside and has not answered: Mia, who is to meet her in twenty minutes, was told of it. Dev has it."""
    world = twin.world
    async with world.database.transaction() as tx:
        both = frozenset({Role.MANAGER, Role.PRACTITIONER})
        await people.set_roles(tx, world.ids["Mia"], world.team_id, both)
        await channels.link(tx, world.ids["Mia"], "sms", "+447700900002")
    await twin.settle("Mia")
    await agreed(world)
    await world.inside(minutes=60, check_in_every=timedelta(minutes=10))
    await twin.later(21)
    await world.do("Dev", alerts.take, (await world.alert()).id)
    await world.plan("Ann", ref="F-2", after=20, minutes=60, workers=(world.ids["Ann"], world.ids["Mia"]))
    assert (await world.alert()).alert.kind is Kind.MISSED_CHECK_IN


async def _says_it(days: Days, *, own: bool = False) -> None:
    """By the word; on the other day it is their own one, or any other that means nothing."""
    await days.normal.talk.says("Ann", OWN if own else "hallway")
    await days.duress.talk.says("Ann", DURESS)
    seen = [{each.alert.kind for each in await twin.world.alerts()} for twin in days.each]
    assert seen[1] - seen[0] == {Kind.DURESS} and seen[0] < seen[1]


async def _the_others_act(twin: Twin) -> None:
    alert = (await alert_of(twin, Kind.DURESS)).id
    await twin.world.do("Dev", alerts.take, alert)
    await twin.world.do("Dev", alerts.news, alert, News.POLICE_RUNG)
    await twin.world.do("Dev", alerts.note, alert, "police are there in ten minutes")
    await twin.world.do("Dev", alerts.escalate, alert)
    await twin.world.do("Dev", alerts.resolve, alert, Found.POLICE, KnownBy.POLICE_TOLD)


async def look_the_same(days: Days) -> None:
    await days.look_the_same("Ann", "Mia")
    read = [await twin.alerts_seen("Mia") for twin in days.each]
    assert read[0] == read[1]


async def _mia(days: Days, *texts: str) -> None:
    for text in texts:
        await days.both(lambda twin, text=text: twin.talk.says("Mia", text))  # type: ignore[misc]


async def _mia_presses(twin: Twin) -> None:
    """Every button of the list of what is open that asks for more."""
    await twin.talk.says("Mia", "/alerts")
    shown = twin.talk.new[-1]
    for label in ("Call", "Map", "999 words", "Pass on"):
        if label in shown.labels:
            await twin.talk.presses("Mia", label, of=shown)


async def _texts(twin: Twin) -> None:
    """By text message, with the number that is hers for the alert that she was told of."""
    missed, sms = await alert_of(twin, Kind.MISSED_CHECK_IN), Talk(twin.world, "sms")
    async with twin.world.database.transaction() as tx:
        link = await link_for(tx, missed.id, twin.world.ids["Mia"])
    await sms.says("Mia", f"over {link.reply}")
    await sms.says("Mia", "trying")


async def test_from_the_word_to_the_door(days: Days) -> None:
    await days.both(_begins)
    await look_the_same(days)
    await _says_it(days)
    await look_the_same(days)
    await _the_others_act(days.duress)
    await days.both(lambda twin: twin.later(1))
    await look_the_same(days)
    for text in ("ok", "+15", "ring me"):
        await days.both(lambda twin, text=text: twin.talk.says("Ann", text))  # type: ignore[misc]
    await days.both(_mia_presses)
    await _mia(days, "/board")
    await look_the_same(days)
    await days.both(lambda twin: twin.talk.presses("Mia", "Spoke, fine"))
    await days.both(_texts)
    await look_the_same(days)
    await days.both(lambda twin: twin.later(9))
    await days.both(_meet)
    await look_the_same(days)
    await days.both(lambda twin: twin.later(12))
    await look_the_same(days)


async def _meet(twin: Twin) -> None:
    """They go in together: what is open on it is on neither screen."""
    world = twin.world
    async with world.database.reading() as tx:
        mine = await reading.today(tx, await world.actor(tx, "Mia"))
    for who in ("Ann", "Mia"):
        await world.do(who, words.begin, mine[0].id, Word())


async def test_a_second_silence_and_the_end_of_the_other_alert(days: Days) -> None:
    await days.both(_begins)
    await days.both(_mia_presses)
    await days.both(_texts)
    await _says_it(days, own=True)
    await _the_others_act(days.duress)
    await days.both(lambda twin: twin.later(14))
    for twin in days.each:
        assert twin.world.told("Mia", "alert.again_missed_check_in")
    await look_the_same(days)
    await days.both(lambda twin: twin.talk.says("Ann", "out"))
    await days.both(lambda twin: twin.later(1))
    await look_the_same(days)
    for twin in days.each:
        other = next(each for each in await twin.world.alerts() if each.alert.kind is not Kind.DURESS)
        await twin.world.do("Mia", alerts.resolve, other.id, Found.SAFE, KnownBy.HEARD_VOICE)
    await days.both(lambda twin: twin.later(1))
    await look_the_same(days)
    assert (await alert_of(days.duress, Kind.DURESS)).alert.open
