"""C5: a proposal is decided from its message in two taps, on its page with changes, and by a program."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import ClientSession

from safety_service import api, web
from safety_service.domain.plan import MeasureState
from safety_service.store import exclusions
from tests.guidance.at_plans import all_of, been, says, told, trained, versions
from tests.http import Program, application, browsing, paired, serving, signed_in
from tests.talk import Talk
from tests.world import World


@pytest.fixture
def talk(world: World) -> Talk:
    return Talk(world)


@pytest.fixture
async def browser(world: World) -> AsyncIterator[ClientSession]:
    async with serving(application(world, web)) as base, browsing(base) as session:
        yield session


async def program(world: World, base: str, session: ClientSession, who: str) -> Program:
    """A program that speaks for this person."""
    assert base
    return await paired(world, session, who)


async def test_a_proposal_is_accepted_in_two_taps_and_refused_in_no_more_than_three(world: World, talk: Talk) -> None:
    debrief = await told(world, "open_threat")
    bubbles = [each for each in await talk.screen("Mia") if each.template == "plan.proposed"]
    first = next(each for each in bubbles if "Two people" in each.text)
    assert first.text.splitlines()[0].startswith("A measure holds already, until you decide")
    assert "Open threat" not in first.text  # why is read on our own page, in this channel
    assert first.labels == ["Accept", "Refuse", "Change it, see the plan"]
    assert first.button("Change it, see the plan").url == "https://doorstep.example/families/F-1/plan"
    since = world.now
    (why,) = await talk.presses("Mia", "Accept", of=first)
    assert why.text == "Two people: accepted. Why? Choose, or type it."
    (done,) = await talk.presses("Mia", why.labels[0])
    assert done.text == "Noted: Two people: accepted."
    assert await talk.taps("Mia", since) == 2
    call = next(each for each in bubbles if "Ring the manager" in each.text)
    await talk.presses("Mia", "Refuse", of=call)
    (done,) = await talk.says("Mia", "We have radios")
    assert done.text == "Noted: Ring the manager before and after: refused."
    found = await all_of(world, debrief)
    assert (found["two_people"].state, found["debrief_call"].state) == (MeasureState.IN_FORCE, MeasureState.REFUSED)
    (closed,) = await talk.presses("Mia", "Accept", of=call)
    assert closed.text == "That has been decided."


async def test_nobody_decides_from_a_message_what_is_not_theirs(world: World, talk: Talk) -> None:
    debrief = await told(world, "open_threat")
    found = await all_of(world, debrief)
    bubble = next(each for each in await talk.screen("Mia") if each.template == "plan.proposed")
    token = bubble.button("Accept").token or ""
    (refused,) = await talk.token("Ann", token)
    assert refused.text == "Not for yourself: somebody else has to do this."
    (refused,) = await talk.token("Ben", token)
    assert refused.text == "I do not know of that."
    assert {key: each.state for key, each in (await all_of(world, debrief)).items()} == {
        key: each.state for key, each in found.items()
    }


async def test_the_plan_is_one_tap_away_in_the_chat(world: World, talk: Talk) -> None:
    await told(world, "open_threat")
    (link,) = await talk.says("Mia", "/plan f-1")
    assert (link.text, link.labels) == ("The plan for F-1:", ["Open our page"])
    (unknown,) = await talk.says("Ben", "/plan F-1")
    assert unknown.text == "I do not know of that."
    (which,) = await talk.says("Mia", "/plan")
    assert which.text == "Which reference?"


async def test_the_next_visit_is_planned_in_the_chat_with_what_the_plan_asks_for(world: World, talk: Talk) -> None:
    await trained(world, "Ann")
    debrief = await told(world, "weapon", "dog")
    await says(world, "Mia", (await all_of(world, debrief))["dog_away"], "accept")
    await talk.says("Ann", "/visit F-1 45m")
    await talk.says("Ann", "door")
    (where,) = await talk.says("Ann", "done")
    assert where.text == "The plan says: not at their home. Where do you meet?"
    (arranged,) = await talk.presses("Ann", "At our office")
    assert arranged.text.startswith("The plan asks for these. What is arranged?")
    await talk.presses("Ann", "They will shut the dog away")
    (sure,) = await talk.presses("Ann", "Done")
    assert sure.text.splitlines()[-1] == "Lacking: With the police (since Mon 16 Nov)."
    *_, done = await talk.presses("Ann", "Yes, plan it")
    assert done.text.splitlines()[-2:] == [
        "Lacking: With the police (since Mon 16 Nov).",
        "I will watch you if you go. Mia has been told.",
    ]
    assert "eapon" not in done.text


async def test_the_page_shows_what_holds_why_and_every_version_and_takes_a_change(
    world: World, browser: ClientSession
) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await signed_in(world, browser, "Mia")
    async with browser.get("/families/F-1/plan") as answer:
        text = await answer.text()
    for words in ("Two people: holds until it is decided", "2 people", "Open threat (1.7.4, 1.7.21)", "Version 1"):
        assert words in text, words
    here = f"/families/F-1/plan/measures/{two.id}"
    async with browser.get(here) as answer:
        assert "Accept it with changes" in await answer.text()
    until = (world.now + timedelta(days=40)).date().isoformat()
    form = {
        "kind": "change",
        "reason.own": "Three, since he has friends",
        "says": "Three people",
        "people": "3",
        "from_on": two.from_on.isoformat(),
        "until_on": until,
    }
    async with browser.post(here, data=form) as answer:
        text = await answer.text()
        assert answer.status == 200, text
    assert "Three people: in force" in text and "Changed: Three people (words, state, what it demands, end)" in text
    kept = (await all_of(world, debrief))["two_people"]
    assert (kept.demands.people, kept.until_on and kept.until_on.isoformat()) == (3, until)
    async with browser.post(here, data={"kind": "lapse", "reason.own": ""}) as answer:
        assert answer.status == 422


async def test_the_page_takes_how_the_work_goes_on_and_a_review(world: World, browser: ClientSession) -> None:
    debrief = await told(world, "open_threat")
    await signed_in(world, browser, "Mia")
    until = (world.now + timedelta(days=40)).date().isoformat()
    course = {"kind": "with_measures", "reason": "It has calmed down", "until_on": until}
    async with browser.post("/families/F-1/plan/course", data=course) as answer:
        assert "How the work goes on: With the plan" in await answer.text()
    review = {"why": "Read with the team", "review_on": until}
    async with browser.post("/families/F-1/plan/review", data=review) as answer:
        assert "Version 2" in await answer.text()
    last = (await versions(world, debrief.family_id))[-1]
    assert (last.cause, last.why, last.review_on and last.review_on.isoformat()) == (
        "review",
        "Read with the team",
        until,
    )


async def test_the_page_takes_how_a_workers_own_work_goes_on(world: World, browser: ClientSession) -> None:
    coming = await world.plan("Ann", after=300)
    ann = world.ids["Ann"]
    await signed_in(world, browser, "Mia")
    async with browser.get(f"/people/{ann}/supervision") as answer:
        assert f'href="/people/{ann}/course"' in await answer.text()
    until = (world.now + timedelta(days=40)).date().isoformat()
    course = {"kind": "not_by_visits", "reason": "She was followed home", "until_on": until}
    async with browser.post(f"/people/{ann}/course", data=course) as answer:
        assert answer.status == 200, await answer.text()
    after = await world.visit(coming.id)
    assert [(each["what"], each["key"]) for each in after.lacking] == [("course", "not_by_visits")]
    async with browser.post(f"/people/{ann}/course", data={**course, "until_on": "2199-01-01"}) as answer:
        assert answer.status == 409 and "That is too long" in await answer.text()
    async with browser.get(f"/people/{world.ids['Mia']}/course") as answer:
        assert answer.status == 409
    async with world.database.transaction() as tx:
        await exclusions.add(tx, world.agency_id, world.ids["Dev"], worker_id=ann, reason="his sister", by=None)
    for who, status in (("Ann", 409), ("Ben", 409), ("Rita", 409), ("Dev", 404)):
        await signed_in(world, browser, who)
        async with browser.get(f"/people/{ann}/course") as answer:
            assert answer.status == status, who
        async with browser.post(f"/people/{ann}/course", data=course) as answer:
            assert answer.status == status, who


@pytest.mark.parametrize("who", ["Ben", "Adam"])
async def test_the_page_is_not_there_for_whoever_may_not_know_of_the_family(
    world: World, browser: ClientSession, who: str
) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await signed_in(world, browser, who)
    for path in ("plan", "plan/course", "plan/review", f"plan/measures/{two.id}"):
        async with browser.get(f"/families/F-1/{path}") as answer:
            assert answer.status == 404, path


async def test_who_decides_is_led_to_what_it_came_from_and_has_reasons_apart(
    world: World, browser: ClientSession
) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await signed_in(world, browser, "Mia")
    here = f"/families/F-1/plan/measures/{two.id}"
    async with browser.get(here) as answer:
        text = await answer.text()
    assert f'href="/log/{two.debrief_id}"' in text and 'href="/families/F-1"' in text
    places = [text.find(each) for each in ("Reasons to accept it", "As the debrief proposes", "Reasons to refuse it")]
    assert -1 not in places and places == sorted(places)
    assert places[2] < text.find("The risk does not ask for it")
    async with browser.get(f"{here}?change=1") as answer:
        assert "Reasons to" not in await answer.text(), "of one kind alone nothing is said"


async def test_a_reason_to_refuse_accepts_nothing(world: World, browser: ClientSession) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await signed_in(world, browser, "Mia")
    form = {"kind": "accept", "reason": "not_needed"}
    async with browser.post(f"/families/F-1/plan/measures/{two.id}", data=form) as answer:
        assert answer.status == 409 and "a reason for another decision" in await answer.text()
    assert (await all_of(world, debrief))["two_people"].undecided


async def test_the_page_offers_the_worker_nothing_to_decide(world: World, browser: ClientSession) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    await signed_in(world, browser, "Ann")
    async with browser.get("/families/F-1/plan") as answer:
        text = await answer.text()
    assert "Two people" in text and ">Decide<" not in text
    async with browser.get(f"/families/F-1/plan/measures/{two.id}") as answer:
        assert answer.status == 409 and "Not for yourself" in await answer.text()


async def test_a_program_reads_the_plan_and_decides(world: World) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    async with serving(application(world, api)) as base, browsing(base) as session:
        mia = await program(world, base, session, "Mia")
        status, plan = await mia.get("/families/f-1/plan")
        assert status == 200 and plan["number"] == 1 and plan["family_ref"] == "F-1"
        assert {each["key"]: each["state"] for each in plan["measures"]}["two_people"] == "provisional"
        place = f"/families/F-1/plan/measures/{two.id}/decision"
        change: dict[str, Any] = {"kind": "change", "reason": "three", "changes": {"demands": {"people": 3}}}
        status, made = await mia.post(place, change)
        assert (status, made["state"], made["demands"]) == (200, "in_force", {"people": 3})
        status, problem = await mia.post(place, {"kind": "accept", "reason": "three"})
        assert status == 200, problem  # in force it can be confirmed again, with a reason
        status, problem = await mia.post(place, {"kind": "change", "reason": "?", "changes": {"demands": {"cat": 1}}})
        assert status == 422 and problem["errors"][0]["pointer"] == "/changes/demands"
        status, problem = await mia.post(place, {"kind": "accept"})
        assert status == 422 and problem["errors"][0]["pointer"] == "/reason"
        status, plan = await mia.get("/families/F-1/plan")
        assert [each["kind"] for each in plan["measures"][0]["decisions"]] == ["change", "accept"]
        assert [each["number"] for each in plan["versions"]] == [3, 2, 1]
        course = {"kind": "as_it_is", "reason": "agreed", "until_on": "2026-12-01"}
        status, made = await mia.post("/families/F-1/courses", course)
        assert (status, made["plan_number"]) == (201, 3)
        status, made = await mia.post(f"/people/{world.ids['Ben']}/courses", course)
        assert (status, made["worker_id"]) == (201, str(world.ids["Ben"]))
        status, _ = await mia.post(f"/families/F-2/plan/measures/{two.id}/decision", change)
        assert status == 404


async def test_a_program_of_somebody_elses_finds_nothing(world: World) -> None:
    debrief = await told(world, "open_threat")
    two = (await all_of(world, debrief))["two_people"]
    async with serving(application(world, api)) as base, browsing(base) as session:
        ben = await program(world, base, session, "Ben")
        assert (await ben.get("/families/F-1/plan"))[0] == 404
        body = {"kind": "accept", "reason": "x"}
        assert (await ben.post(f"/families/F-1/plan/measures/{two.id}/decision", body))[0] == 404
        ann = await program(world, base, session, "Ann")
        assert (await ann.post(f"/families/F-1/plan/measures/{two.id}/decision", body))[0] == 403


async def test_whoever_told_it_reads_on_a_page_what_became_of_it(world: World, browser: ClientSession) -> None:
    debrief = await told(world, "open_threat")
    await says(world, "Mia", (await all_of(world, debrief))["two_people"], "accept", "Nobody goes alone")
    await told(world, "open_threat", who="Ben")
    await signed_in(world, browser, "Ann")
    async with browser.get(f"/log/{debrief.id}") as answer:
        text = await answer.text()
    assert "What became of it" in text and "Nobody goes alone" in text and "Met again" in text
    await signed_in(world, browser, "Adam")
    async with browser.get(f"/log/{debrief.id}") as answer:
        assert answer.status == 404
    async with serving(application(world, api)) as base, browsing(base) as session:
        mia = await program(world, base, session, "Mia")
        status, read = await mia.get(f"/debriefs/{debrief.id}")
    assert status == 200 and [each["behaviour"] for each in read["became"]["recurred"]] == ["open_threat"]
    assert {each["says"]: each["plan_number"] for each in read["became"]["measures"]}["Two people"] == 1


async def test_whoever_goes_there_puts_a_measure_forward_themselves(world: World, browser: ClientSession) -> None:
    row = await been(world, "Ann")
    await signed_in(world, browser, "Ann")
    async with browser.get("/families/F-1/plan/propose") as answer:
        assert "By daylight only" in await answer.text()
    form = {"says": "daylight", "reason": "There is no light on the stairs"}
    async with browser.post("/families/F-1/plan/propose", data=form) as answer:
        assert "By daylight only: waits for a decision" in await answer.text()
    async with browser.post(
        "/families/F-1/plan/propose", data={"says.own": "Bring a torch", "reason": "See"}
    ) as answer:
        assert "Bring a torch: waits for a decision" in await answer.text()
    found = await all_of(world, row)
    assert (world.name(found["daylight"].owner_id), found["own"].because.words) == ("Mia", "See")
    async with serving(application(world, api)) as base, browsing(base) as session:
        mia = await program(world, base, session, "Mia")
        body = {"says": "daylight", "reason": "The lamp is broken"}
        status, joined = await mia.post("/families/F-1/plan/measures", body)
        assert (status, joined["because"]["words"]) == (201, "There is no light on the stairs; The lamp is broken")
        status, problem = await mia.post("/families/F-1/plan/measures", {"says": "daylight"})
        assert (status, problem["errors"][0]["pointer"]) == (422, "/reason")
        rita = await program(world, base, session, "Rita")
        await world.opens("Rita")
        assert (await rita.post("/families/F-1/plan/measures", body))[0] == 403
        ben = await program(world, base, session, "Ben")
        assert (await ben.post("/families/F-1/plan/measures", body))[0] == 404


async def test_a_visit_that_comes_sooner_hurries_what_is_undecided(world: World) -> None:
    debrief = await told(world, "argued")
    two = (await all_of(world, debrief))["two_people"]
    row = await world.plan("Ben", after=300)
    sooner = (await all_of(world, debrief))["two_people"]
    assert two.decide_by and sooner.decide_by == sooner.next_at == row.visit.starts_at < two.decide_by
    await world.plan("Ben", after=600)
    assert (await all_of(world, debrief))["two_people"].decide_by == row.visit.starts_at
