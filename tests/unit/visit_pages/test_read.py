"""The pages of visits: listed, and told as a whole."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from aiohttp import ClientSession

from safety_service.actions import alerts, drafts, exclusions, words
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy, Risk, Role
from safety_service.store import people, teams
from tests.danger import DURESS, agreed, inside_high
from tests.guidance.telling import gives, out
from tests.http import get, post, signed_in
from tests.unit.visit_pages.forms import HIGH, typed
from tests.world import MINUTE, World


async def second_team(world: World, who: str, *roles: Role) -> None:
    async with world.database.transaction() as tx:
        team = await teams.add(tx, world.agency_id, "South")
        await people.set_roles(tx, world.ids[who], team.id, frozenset(roles))


async def test_the_list_is_narrowed_and_goes_on(world: World, browser: ClientSession) -> None:
    for number in range(55):
        await world.plan("Ann", ref=f"A-{number:02}", after=60 + number)
    await world.plan("Ben", ref="B-1", after=30, answers=HIGH)
    await world.plan("Mia", ref="M-1", after=30)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, "/visits")
    assert text.index("B-1") < text.index("A-00") and "M-1" in text and "A-54" not in text
    following = re.search(r'href="(/visits\?[^"]*after=[^"]*)"', text)
    assert following
    _, text, _ = await get(browser, following[1].replace("&amp;", "&"))
    assert "A-54" in text and "B-1" not in text
    _, text, _ = await get(browser, "/visits?who=mine")
    assert "M-1" in text and "B-1" not in text
    _, text, _ = await get(browser, "/visits?status=waiting")
    assert "B-1" in text and "A-00" not in text
    tomorrow = (world.now + timedelta(days=1)).date()
    _, text, _ = await get(browser, f"/visits?from={tomorrow}")
    assert "B-1" not in text and "No visits like that." in text
    _, text, _ = await get(browser, "/visits?status=nonsense&team=nonsense&from=x&to=y&after=z")
    assert "B-1" in text, "what cannot be read narrows nothing"
    for beyond in ("9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00%2B14:00"):
        status, text, _ = await get(browser, f"/visits?after={beyond}~{UUID(int=1)}")
        assert status == 200 and "B-1" in text, "a moment that no clock of UTC has is none"


async def test_what_was_is_listed_newest_first(world: World, browser: ClientSession) -> None:
    await out(world, "Ann", "F-1")
    world.clock.move(timedelta(days=1))
    await out(world, "Ann", "F-2")
    world.clock.move(timedelta(days=1))
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits?when=past")
    assert text.index("F-2") < text.index("F-1") and "Yesterday" in text
    _, text, _ = await get(browser, "/visits")
    assert "Nothing is planned." in text


async def test_nobody_finds_in_the_list_what_they_may_not_know(world: World, browser: ClientSession) -> None:
    await world.plan("Ann", ref="F-1", after=60, answers=HIGH)
    await world.plan("Ben", ref="F-2", after=60, answers=HIGH)
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, "/visits?who=team")
    assert "F-1" in text and "F-2" not in text
    async with world.database.transaction() as tx:
        admin = await world.actor(tx, "Adam")
        await exclusions.add(tx, admin, world.ids["Mia"], worker_id=world.ids["Ann"], reason="they are married")
        await exclusions.add(tx, admin, world.ids["Dev"], family_ref="F-2", reason="a cousin")
    await signed_in(world, browser, "Mia")
    for path in ("/visits", "/visits/waiting"):
        _, text, _ = await get(browser, path)
        assert "F-2" in text and "F-1" not in text
    _, text, _ = await get(browser, "/visits")
    assert "1 visit waits" in text, "what they are kept off is not counted either"
    await signed_in(world, browser, "Dev")
    _, text, _ = await get(browser, "/visits")
    assert "F-1" in text and "F-2" not in text
    await second_team(world, "Ben", Role.MANAGER)
    await signed_in(world, browser, "Ben")
    _, text, _ = await get(browser, f"/visits?who=team&team={world.team_id}")
    assert "F-1" not in text, "of another team than theirs"


async def test_the_story_tells_plan_decision_words_alerts_and_debrief(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=30, answers={**HIGH, "exit": "two_ways"})
    await signed_in(world, browser, "Mia")
    given = {"version": str(row.version), "kind": "go_ahead", "reason_go_ahead": "Talked it through"}
    await post(browser, f"/visits/{row.id}/decide", given)
    await world.later(30)
    await world.do("Ann", words.begin, row.id, Word(note="dog in the yard"))
    await world.later(25)
    (alert,) = await world.alerts()
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert f"Alert {alert.alert.number} is open" in text
    await world.do("Mia", alerts.take, alert.id)
    await world.do("Mia", alerts.resolve, alert.id, Found.SAFE, KnownBy.HEARD_VOICE, "")
    world.clock.move(MINUTE)
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ann", words.home, row.id, Word())
    await gives(world, row, {"mood": "fine", "seen": "alone"})
    _, text, _ = await get(browser, f"/visits/{row.id}")
    order = [
        "Ann planned it",
        "Mia decided: Go ahead",
        "Ann: going in",
        "Ann was asked: all well?",
        "missed check-in",
        "closed by Mia",
        "Ann: out",
    ]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    for each in ("1 Elm Row", "Two ways out", "Talked it through", "dog in the yard", "Over: met", "/log/"):
        assert each in text, each
    assert f"/alerts/{alert.id}" in text


async def test_whoever_goes_reads_their_own_part_and_of_alerts_what_is_over(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=0, workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ann", words.begin, row.id, Word())
    await world.do("Ben", words.begin, row.id, Word(note="bens own note"))
    await world.do("Ann", words.note, row.id, Word(note="the boiler is off"))
    await world.do("Ann", words.left, row.id, Word())
    await world.do("Ben", words.sos, row.id, Word())
    await signed_in(world, browser, "Ann")
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert "Ann: going in" in text
    assert "Alert" not in text and "bens own note" not in text and "send help" not in text
    assert "a note" not in text and "boiler" not in text, "a duress word would have left none"


async def test_nothing_of_open_duress_is_on_the_page_of_whoever_goes(world: World, browser: ClientSession) -> None:
    """Byte for byte, against the same day without it: tests/stories/test_duress_looks_normal.py."""
    await agreed(world)
    row = await inside_high(world, "Ann", workers=(world.ids["Ann"], world.ids["Ben"]))
    await world.do("Ann", words.left, row.id, Word(phrase=DURESS))
    await world.do("Ann", words.home, row.id, Word(phrase=DURESS))
    assert [each.alert.kind for each in await world.alerts()] == ["duress"]
    for who in ("Ann", "Ben"):
        await signed_in(world, browser, who)
        _, text, _ = await get(browser, f"/visits/{row.id}")
        assert "Ann: out" in text if who == "Ann" else "Ann: out" not in text
        assert not re.search("alert|duress", text, re.IGNORECASE)
    await signed_in(world, browser, "Mia")
    _, text, _ = await get(browser, f"/visits/{row.id}")
    assert "is open" in text, "whoever is to act reads of it"


async def test_inside_no_page_of_visits_says_whose_or_where(world: World, browser: ClientSession) -> None:
    row = await world.inside("Ann", ref="F-1")
    coming = await world.plan("Ann", ref="F-2", after=90)
    await signed_in(world, browser, "Ann")
    for path in ("/visits", f"/visits/{row.id}", f"/visits/{coming.id}", "/visits/new", f"/visits/{coming.id}/change"):
        status, text, _ = await get(browser, path)
        assert status == 200 and "This page waits until you are out." in text, path
        assert not re.search("F-1|F-2|Elm|risk", text), path
    await post(browser, "/visits/new", typed(world))
    await world.do("Ann", words.left, row.id, Word())
    _, text, _ = await get(browser, "/visits/new")
    assert 'value="4 Hill Road"' in text, "what was typed when they went in is still there"


async def test_who_may_not_read_it_finds_nothing(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=60)
    for who in ("Ben", "Adam"):
        await signed_in(world, browser, who)
        for path in ("", "/change", "/change/check", "/decide"):
            assert (await get(browser, f"/visits/{row.id}{path}"))[0] == 404, (who, path)
    await signed_in(world, browser, "Rita")
    _, _, at = await get(browser, f"/visits/{row.id}")
    assert at.startswith("/families/F-1/open?back="), "a reviewer says first why they look"
    await signed_in(world, browser, "Mia")
    assert (await get(browser, "/visits/nonsense"))[0] == 404


async def test_a_change_of_something_else_takes_back_neither_the_raised_risk_nor_what_is_done_about_a_threat(
    world: World, browser: ClientSession
) -> None:
    row = await world.plan("Ann", after=60, answers={**HIGH, "hostility": "threat", "strategies": ["door"]})
    await signed_in(world, browser, "Mia")
    given = typed(world, seen=str(row.version), worker=str(world.ids["Ann"]), hostility="threat", talked="yes")
    await post(browser, f"/visits/{row.id}/change", given)
    _, text, _ = await get(browser, f"/visits/{row.id}/change/check")
    assert re.search(r'value="door" checked', text) and "Raised by Ann" in text
    await post(browser, f"/visits/{row.id}/change/check", {"do": "plan", "strategies": "door"})
    after = await world.visit(row.id)
    assert after.answers["raise"] == "yes" and after.visit.risk is Risk.HIGH and after.answers["strategies"] == ["door"]


async def test_who_was_away_shows_again_that_it_is_them_before_deciding(world: World, browser: ClientSession) -> None:
    row = await world.plan("Ann", after=600, answers=HIGH)
    await signed_in(world, browser, "Mia")
    world.clock.move(timedelta(hours=2))
    given = {"version": str(row.version), "kind": "go_ahead", "reason_go_ahead": "Talked it through"}
    status, text, _ = await post(browser, f"/visits/{row.id}/decide", given)
    assert status == 403 and 'value="Talked it through"' in text, "what was typed goes with it"
    assert (await world.visit(row.id)).decision is None
    assert (await get(browser, f"/visits/{row.id}/decide"))[0] == 200, "reading asks for nothing"


async def test_what_is_begun_at_a_desk_takes_no_answer_from_the_chat(world: World, browser: ClientSession) -> None:
    async with world.database.transaction() as tx:
        actor = await world.actor(tx, "Ann")
        asked = await drafts.begin(tx, actor, "visit", drafts.NOTHING, {"ref": "F-1"})
    world.clock.move(MINUTE)
    await signed_in(world, browser, "Ann")
    await post(browser, "/visits/new", typed(world))
    async with world.database.reading() as tx:
        latest = await drafts.latest(tx, actor)
    assert latest is not None and latest.id == asked.id
