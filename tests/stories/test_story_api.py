"""The story by API: programs speak for the worker and for those on duty, and see what the chat would say."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from tests.http import Program
from tests.patience import until
from tests.stories.harness import Service
from tests.stories.town import CAST, FAMILY, HOME, TELLING, Town, assert_discreet_logs, codes_for, town

Programs = dict[str, Program]


async def test_a_visit_is_planned_watched_missed_and_ends_well(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with town(tmp_path / "service", database_url, hot_url) as demo, paired(demo.service) as programs:
        visit = await plan_and_begin(demo, programs)
        alert = await fall_silent(demo, programs, visit)
        await the_second_rung_takes_it(demo, programs, alert)
        await a_late_word_and_the_end(demo, programs, visit, alert)
        await out_and_home(demo, programs, visit)
    assert_discreet_logs(demo.service, HOME, FAMILY, *CAST.values())


@asynccontextmanager
async def paired(service: Service) -> AsyncIterator[Programs]:
    """A program for everybody, paired over HTTP by a code."""
    async with ClientSession(service.url) as session:
        programs = {}
        for name, code in (await codes_for(service, CAST)).items():
            programs[name] = Program(session)
            status, answer = await programs[name].post("/pair", {"code": code, "label": "a program"})
            assert status == 201
            assert answer["person"]["name"] == CAST[name]
            programs[name].token = answer["token"]
        yield programs


async def plan_and_begin(demo: Town, programs: Programs) -> str:
    sam, helen = programs["Sam"], programs["Helen"]
    starts_at = demo.now
    asked = {
        "family_ref": FAMILY,
        "address": {"text": HOME, "latitude": 51.5074, "longitude": -0.1278},
        "purpose": "home_visit",
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(minutes=60)).isoformat(),
        "check_in_every_s": 900,
        "plan": {"hostility": "none"},
    }
    status, planned = await sam.post("/visits", asked, key="plan-1")
    again = await sam.post("/visits", asked, key="plan-1")
    assert status == 201
    assert again[1]["id"] == planned["id"], "the same request twice is one visit"
    assert (planned["status"], planned["risk"]["level"], planned["workers"][0]["phase"]) == ("planned", "low", "begin")

    begun = await word(sam, planned["id"], "begin")
    assert begun["due_at"] == after(begun["said_at"], 15)
    status, seen = await helen.get(f"/visits/{planned['id']}")
    assert (seen["status"], seen["workers"][0]["phase"]) == ("begun", "inside")
    await demo.later(10)
    ok = await word(sam, planned["id"], "check-ins", position={"latitude": 51.53, "longitude": -0.1278})
    assert ok["due_at"] == after(ok["said_at"], 15)
    assert re.search(r"away: right place\?", ok["message"])
    return str(planned["id"])


async def fall_silent(demo: Town, programs: Programs, visit: str) -> str:
    """The question and the nudge bring nothing; with the end of the grace there is an alert, and Helen is told."""
    helen, tom = programs["Helen"], programs["Tom"]
    await demo.later(15, 5)
    await demo["Sam"].sees(re.compile(r"^\d\d:\d\d\?$"))
    await demo.later(3, 30)
    await demo["Sam"].sees("Asking once more")
    assert (await helen.get("/alerts"))[1]["items"] == []
    await demo.later(7)
    await demo["Helen"].sees("ALARM")
    alert = await the_alert(helen)
    assert (alert["kind"], alert["state"], alert["visit_id"], alert["rung"]) == ("missed_check_in", "open", visit, 1)
    assert alert["worker"]["name"] == "Sam Okoro"
    whole = (await helen.get(f"/alerts/{alert['id']}"))[1]
    assert [(each["person"]["name"], each["channel"]) for each in whole["told"]] == [("Helen Marsh", "telegram")]
    status, refused = await programs["Sam"].post(f"/alerts/{alert['id']}/ack")
    assert status in (403, 404), refused
    assert (await tom.get(f"/alerts/{alert['id']}"))[1]["owner"] is None
    return str(alert["id"])


async def the_second_rung_takes_it(demo: Town, programs: Programs, alert: str) -> None:
    """Helen does not answer; Tom is told, and takes it. Who comes second hears who was first."""
    tom, helen = programs["Tom"], programs["Helen"]
    await demo.later(10, 5)
    await demo["Tom"].sees("ALARM")
    assert (await tom.get(f"/alerts/{alert}"))[1]["rung"] == 2
    status, taken = await tom.post(f"/alerts/{alert}/ack")
    assert (status, taken["state"], taken["owner"]["name"]) == (200, "taken", "Tom Ridley")
    status, problem = await helen.post(f"/alerts/{alert}/ack")
    assert status == 409
    assert "Tom Ridley" in problem["detail"]
    await demo["Helen"].sees("Tom Ridley has alarm")
    await demo["Sam"].sees(re.compile(r"^Read \d\d:\d\d\.$"))


async def a_late_word_and_the_end(demo: Town, programs: Programs, visit: str, alert: str) -> None:
    """An OK is late, restarts the clock and closes nothing. Who closes says what was found and how it is known."""
    sam, tom = programs["Sam"], programs["Tom"]
    await demo.later(1)
    late = await word(sam, visit, "check-ins")
    assert late["late"]
    await demo["Helen"].sees("Sam Okoro said OK at")
    assert (await tom.get(f"/alerts/{alert}"))[1]["state"] == "taken"
    status, problem = await tom.post(f"/alerts/{alert}/resolve", {"found": "safe"})
    assert status == 422
    assert problem["errors"][0]["pointer"] == "/known_by"
    status, done = await tom.post(f"/alerts/{alert}/resolve", {"found": "safe", "known_by": "heard_voice"})
    assert (status, done["state"], done["found"], done["known_by"]) == (200, "resolved", "safe", "heard_voice")
    await demo["Helen"].sees("Sam Okoro: safe. Tom Ridley closed alarm")
    assert (await tom.get("/alerts", state="open"))[1]["items"] == []
    status, watched = await tom.get(f"/visits/{visit}")
    assert watched["workers"][0]["phase"] == "inside", "the watch went on"


async def out_and_home(demo: Town, programs: Programs, visit: str) -> None:
    sam, phone = programs["Sam"], demo["Sam"]
    out = await word(sam, visit, "left", outcome="met")
    assert re.search(r"Out \d\d:\d\d\. Home by \d\d:\d\d\?", out["message"])
    await word(sam, visit, "home")
    status, ended = await sam.get(f"/visits/{visit}")
    assert (ended["workers"][0]["phase"], ended["workers"][0]["due_at"], ended["outcome"]) == ("done", None, "met")
    await phone.says("/debrief")
    await phone.presses(await phone.sees("How was it?"), "Fine")
    await phone.presses(await phone.sees("Child or adult seen?"), "Alone")
    await phone.sees("Done. Thank you.")
    status, refused = await sam.post(f"/visits/{visit}/begin")
    assert status == 409
    assert "over" in refused["detail"]


async def word(worker: Program, visit: str, said: str, **body: Any) -> dict[str, Any]:
    """A word, and what it is answered with: inside, nothing that tells."""
    status, answer = await worker.post(f"/visits/{visit}/{said}", body)
    assert status == 200, answer
    if said in ("begin", "check-ins"):
        assert not TELLING.search(answer["message"])
    return dict(answer)


def after(said_at: str, minutes: int) -> str:
    """A time so much later, as the API writes it."""
    return (datetime.fromisoformat(said_at) + timedelta(minutes=minutes)).isoformat()


async def the_alert(manager: Program) -> dict[str, Any]:
    """Wait for the one alert that there is."""
    found: list[dict[str, Any]] = []

    async def look() -> bool:
        found[:] = (await manager.get("/alerts"))[1]["items"]
        return bool(found)

    await until(look)
    (only,) = found
    return only
