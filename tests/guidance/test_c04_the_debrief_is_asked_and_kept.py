"""C4: the bot asks for the debrief after a visit, reminds, and keeps half-finished answers across restarts."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from safety_service import web
from safety_service.actions import debriefs, words
from safety_service.actions.debrief_chasing import sweep_debriefs
from safety_service.actions.words import Word
from safety_service.store import debriefs as rows
from safety_service.store import families
from tests.guidance.telling import CHILD, debrief_of, roadside
from tests.http import application, browsing, serving, signed_in
from tests.promises.alive import alive
from tests.talk import Talk
from tests.world import World

DUE = {"gap_home.due": "2026-12-01"}


async def test_part_a_goes_on_after_a_kill_where_it_was_and_what_was_met_is_told(
    tmp_path: Path, database_url: str
) -> None:
    async with alive(tmp_path, database_url) as here:
        ben = here.phones["Ben"]
        visit_id = await here.inside("Ben")
        await here.world.do("Ben", words.left, visit_id, Word())
        await ben.says("/debrief")
        await ben.presses(await ben.sees_button("Bad"), "Bad")
        await ben.presses(await ben.sees_button("With others"), "With others")
        await ben.presses(await ben.sees_button("Stop my visits"), "Stop my visits")
        await ben.presses(await ben.sees_button("Open threat"), "Open threat")
        await ben.sees_button("✓ Open threat")

        here.service.kill()
        await here.service.start()
        here.skip(9)

        await ben.presses(await ben.sees_button("✓ Open threat"), "Done")
        await ben.presses(await ben.sees_button("Police"), "Police")
        await ben.presses(await ben.sees_button("✓ Police"), "Done")
        await ben.sees("Kept. What cannot wait has been passed on.")
        async with here.database.reading() as tx:
            row = await rows.of_visit(tx, visit_id, here.world.ids["Ben"])
            assert row is not None and row.family_id is not None
            facts = {each.kind for each in await families.facts(tx, row.family_id)}
        assert row.answers["met"] == ["open_threat"] and row.answers["tell_now"] == ["police"]
        assert row.answers["go_on"] == "stop_visits" and row.severity == "high"
        assert facts == {"open_threat", "targeted"}


async def test_the_reminder_goes_on_at_the_open_question(world: World) -> None:
    await world.inside()
    talk = Talk(world)
    await talk.says("Ann", "out")
    await talk.says("Ann", "home")
    await talk.says("Ann", "/debrief")
    await talk.presses("Ann", "Bad")
    world.clock.move(timedelta(hours=1))
    async with world.database.transaction() as tx:
        await sweep_debriefs(tx, 10)
    (seen,) = await talk.presses("Ann", "Tell it now")
    assert seen.text == "Child or adult seen?"


async def test_a_joint_visit_is_told_by_each_of_them(world: World) -> None:
    visit = await world.inside(workers=(world.ids["Ann"], world.ids["Ben"]))
    for who in ("Ann", "Ben"):
        if who == "Ben":
            await world.do("Ben", words.begin, visit.id, Word())
        await world.do(who, words.left, visit.id, Word())
    await world.do("Ann", debriefs.submit, (await debrief_of(world, visit)).id, {"mood": "fine", "seen": "alone"})
    assert await world.do("Ann", debriefs.wanted_of) == []
    assert [each.visit_id for each in await world.do("Ben", debriefs.wanted_of)] == [visit.id]


#: The rest of a difficult visit as somebody tells it on the page, part by part.
REST: tuple[dict[str, str | list[str]], ...] = (
    {"part": "b", **CHILD, "child_door_shut": "It went quiet"},
    {"part": "c", "areas": "home"},
    {"part": "gaps", "gap_home.why": "Locked", "gap_home.source": "housing", "gap_home.action": "Ask", **DUE},
    {
        "part": "d",
        "reasons": ["language", "removal"],
        "circumstances": "drink",
        "elsewhere": "same",
        "knew_why": "yes",
        "knew_ask": "no",
        "knew_follows": "not_known",
        "undertaking": "broken",
        "summary_given": "no",
        "account": "Nobody rang them",
    },
    {"part": "e", "reflect": "avoided", "support": "colleague", "back": "with_someone", "feeling": "Shaken"},
    {"part": "reflected", "reflect_avoided": "I let it go"},
    {"part": "f", "safer": ["two_people", "interpreter"]},
)
#: Typed or spoken: no taps.
IN_WORDS = {"part", "child_door_shut", "gap_home.why", "gap_home.action", "account", "feeling", "reflect_avoided"}


async def test_the_whole_of_a_difficult_debrief_is_no_more_than_forty_taps(world: World) -> None:
    """Each choice on the page is a tap, and each part's button; what is written or spoken is none."""
    await world.inside()
    talk = Talk(world)
    await talk.says("Ann", "out")
    since = world.now
    world.clock.move(timedelta(seconds=1))
    await roadside(talk, "Ann", "Bad", "With others", "Yes", "Hit, held", "Done", "No", "Police", "Done")
    (row,) = await world.do("Ann", debriefs.wanted_of)
    count = await talk.taps("Ann", since) + 1
    async with serving(application(world, web)) as base, browsing(base) as browser:
        await signed_in(world, browser, "Ann")
        for part in REST:
            chosen = [value for key, value in part.items() if key not in IN_WORDS]
            count += sum(len(each) if isinstance(each, list) else 1 for each in chosen) + 1
            fields = [
                (key, each) for key, value in part.items() for each in ([value] if isinstance(value, str) else value)
            ]
            do = "submit" if part["part"] == "f" else "next"
            async with browser.post(f"/debriefs/{row.id}/tell", data=[*fields, ("do", do)]) as answer:
                assert answer.status == 200, await answer.text()
    async with world.database.reading() as tx:
        given = await rows.load(tx, row.id)
    assert given is not None and given.state == "submitted" and given.answers["safer"] == ["two_people", "interpreter"]
    assert count <= 40
