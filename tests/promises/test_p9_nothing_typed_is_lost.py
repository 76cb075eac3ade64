"""P9: half-finished forms survive kill -9, what is refused is refused with the reason, and no word fails of a field."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api
from safety_service.actions import words
from safety_service.actions.words import Word
from safety_service.store import channels, debriefs, drafts
from tests.http import application, paired, serving
from tests.promises.alive import Alive, alive
from tests.talk import Talk
from tests.world import MINUTE, World


async def test_a_half_finished_plan_and_debrief_go_on_after_a_kill(tmp_path: Path, database_url: str) -> None:
    async with alive(tmp_path, database_url) as here:
        ann, ben = here.phones["Ann"], here.phones["Ben"]
        visit_id = await here.inside("Ben")
        await here.world.do("Ben", words.left, visit_id, Word())
        await ben.says("/debrief")
        await ben.presses(await ben.sees_button("Fine"), "Fine")
        await ben.sees("Child or adult seen?")
        await ann.says("/visit")
        await ann.sees("Who?")
        await ann.says("F-7")
        await ann.sees("When?")
        await ann.says("quarter past nothing")
        await ann.sees('I cannot read "quarter past nothing" as a time')

        here.service.kill()
        await ann.says("tomorrow 10:00")
        await here.service.start()
        here.skip(9)

        await ann.sees("The next question is for our own page")
        await ben.presses(await ben.sees_button("Alone"), "Alone")
        await ben.sees("Done. Thank you.")
        assert (await kept(here, visit_id))[0] == {"mood": "fine", "seen": "alone"}
        draft = (await kept(here, visit_id))[1]
        assert draft["ref"] == "F-7" and "starts" in draft, "what was said before the kill and while it was down"


async def kept(here: Alive, visit_id: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Ben's debrief, and Ann's draft."""
    async with here.database.reading() as tx:
        debrief = await debriefs.of_visit(tx, visit_id, here.world.ids["Ben"])
        draft = await drafts.latest(tx, here.world.ids["Ann"])
    assert debrief is not None and draft is not None
    return dict(debrief.answers), dict(draft.answers)


async def test_what_cannot_be_read_in_any_step_keeps_every_answer(world: World) -> None:
    talk = Talk(world, channel="webchat")
    async with world.database.transaction() as tx:
        await channels.link(tx, world.ids["Ann"], "webchat", str(world.ids["Ann"]))
    await talk.says("Ann", "/visit")
    await talk.says("Ann", "N-7")
    for wrong, right in (("the day the sun stood still", "11:00"), ("", "4 Hill Road"), ("", "Review")):
        if wrong:
            again = (await talk.says("Ann", wrong))[-1]
            assert again.template == "form.visit.starts" and "N-7" in again.text
        await talk.says("Ann", right)
    for wrong in ("three fortnights", "9 weeks", "a while"):
        answered = await talk.says("Ann", wrong)
        assert len(answered) == 2, (wrong, [each.text for each in answered])
        why, again = answered
        assert why.template.startswith(("refused.", "form.")) and again.template == "form.visit.length"
    (often,) = await talk.says("Ann", "50 min")
    assert often.text.startswith("How often")
    async with world.database.reading() as tx:
        draft = await drafts.latest(tx, world.ids["Ann"])
    assert draft is not None
    assert {"ref", "starts", "address", "purpose", "length"} <= set(draft.answers)


async def test_what_is_refused_is_answered_with_the_reason_and_the_word_is_kept(world: World) -> None:
    talk = Talk(world)
    row = await world.inside()
    (refused,) = await talk.says("Ann", "+9h")
    assert refused.template.startswith(("refused.", "reply.extend")) and refused.text
    (refused,) = await talk.says("Ann", "not going")
    assert refused.template.startswith("refused."), refused.text
    assert (await world.visit(row.id)).visit.watches[0].live
    assert await talk.failed() == []


BAD = [{"at": "yesterday-ish"}, {"position": "here"}, {"note": 7}, {"by_s": "long"}, {"outcome": 3}, {"phrase": []}]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: next(iter(bad)))
async def test_no_word_fails_of_a_bad_optional_field(world: World, bad: dict[str, Any]) -> None:
    async with serving(application(world, api)) as base, ClientSession(base) as session:
        ann = await paired(world, session, "Ann")
        visit = await world.plan(minutes=90)
        at = f"/visits/{visit.id}"
        for word in ("begin", "check-ins", "extend", "ring-me", "left", "home", "sos"):
            world.clock.move(MINUTE)
            status, said = await ann.post("/sos" if word == "sos" else f"{at}/{word}", bad)
            assert status in (200, 201), (word, said)
        assert not (await world.visit(visit.id)).visit.watches[0].live


async def test_a_word_from_a_phone_whose_clock_stands_in_another_age_is_heard(world: World) -> None:
    row = await world.inside()
    receipt = await world.ok(row, said_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14))))
    assert world.now - words.OLDEST == receipt.said_at
    assert receipt.due_at == row.visit.watch(world.ids["Ann"]).due_at, "it moves nothing"
