"""A day of the demonstration, and the log of it: every line is JSON, and none holds a case."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from sqlalchemy import select

from safety_service.store.tables import metadata
from safety_service.store.types import Sealed, SealedJson
from tests.stories.harness import Service
from tests.stories.town import CAST, FAMILY, HOME, Town, town
from tests.telegram.faults import Kind

NOTE = "Uncle Bert shouts in the hall and will not let me pass"


async def test_the_log_of_a_day_is_json_and_holds_no_name_no_address_and_no_text(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with town(tmp_path / "service", database_url, hot_url, DOORSTEP_LOG_FORMAT="json") as demo:
        await a_visit_with_an_alarm(demo)
        demo.service.child("scheduler").kill()
        await demo.service.ready()
        sealed = {each async for each in texts_of(demo.service)}
    assert NOTE in sealed and HOME in sealed, "what is looked for is really there"
    said = demo.service.said().removeprefix(demo.service.printed())
    lines = [json.loads(line) for line in said.splitlines()]
    assert len(lines) > 5
    assert all({"at", "level", "process", "logger", "message"} <= set(line) for line in lines)
    assert {line["process"] for line in lines} >= {"serve"}
    for text in {*sealed, FAMILY, *CAST.values()}:
        assert text not in said


#: Stands in whatever is said, typed, spoken, photographed or asked for in the story below.
PLANTED = "qzx"
PLACE = (51.234567, -0.765432)
FAILS: tuple[Kind, ...] = ("server_error", "garbage", "cut_after")


async def test_what_is_typed_sent_or_asked_for_on_a_bad_day_stands_in_no_log(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    """What fails is logged most: so Telegram fails, strangers come by, and what cannot be read is brought."""
    async with town(tmp_path / "service", database_url, hot_url, DOORSTEP_LOG_FORMAT="json") as demo:
        await whatever_is_sent(demo)
        await demo["Helen"].blocks_the_bot()
        await demo["Sam"].says("/sos")
        await demo["Tom"].sees("ALARM")
        await whatever_is_asked_for(demo.service.url)
        demo.service.child("scheduler").kill()
        await demo.service.ready()
        await demo.settle()
        addresses = {each async for each in values_of(demo.service)}
    said = demo.service.said().removeprefix(demo.service.printed())
    assert any(json.loads(line)["level"] in ("WARNING", "ERROR", "CRITICAL") for line in said.splitlines())
    assert PLANTED not in said.lower()
    for text in (*map(str, map(abs, PLACE)), *demo.codes.values(), *CAST.values(), FAMILY, HOME):
        assert text not in said
    chats = {str(each.user["id"]) for each in (*demo.phones.values(), demo.stranger)}
    assert chats & addresses, "what is looked for is really there"
    for each in chats | addresses:
        assert not re.search(rf"(?<![\w-]){re.escape(each)}(?![\w-])", said), (
            "an address, a number or a name is in a log"
        )


async def whatever_is_sent(demo: Town) -> None:
    """Words that are none, voice, photos, places, contacts, by somebody known and by somebody who is not."""
    sam = demo["Sam"]
    await sam.says(f"/visit {FAMILY} 60m every 60m")
    await sam.presses(await sam.sees("I ask every 1 hour"), "Yes, plan it")
    await sam.presses(await sam.sees("Planned:"), "Going in")
    await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."))
    for kind in FAILS:
        demo.telegram.world.faults.order(kind, method="sendMessage", times=2)
    for phone in (sam, demo.stranger):
        await phone.says(f"{PLANTED} is in the hall, 07700 900{PLANTED}")
        await phone.says(f"/visit {PLANTED}-1 {PLANTED}")
        await phone.starts(f"{PLANTED}{PLANTED}{PLANTED}")
        await phone.sends_voice(f"OggS{PLANTED}".encode())
        await phone.sends_photo(caption=f"{PLANTED} on a photo")
        await phone.sends_document(name=f"{PLANTED}.pdf", caption=PLANTED)
        await phone.sends_contact(f"07700{PLANTED}", PLANTED)
        await phone.sends_position(*PLACE)
    await demo.settle()


async def whatever_is_asked_for(base: str) -> None:
    """By programs and browsers that are nobody's, with what they should not know in every place of a request."""
    paths = f"/families/{PLANTED}?q={PLANTED}", f"/take/{PLANTED}", f"/in/{PLANTED}", f"/{PLANTED}", f"/a/{PLANTED}"
    given = {"code": PLANTED, "phrase": PLANTED, "note": PLANTED, "position": {"latitude": PLANTED}}
    headers = {"Authorization": f"Bearer {PLANTED}", "Cookie": f"doorstep={PLANTED}", "Idempotency-Key": PLANTED}
    async with ClientSession(base, headers=headers) as browser:
        for path in (*paths, f"/api/v1/families/{PLANTED}", f"/api/v1/debriefs?q={PLANTED}"):
            async with browser.get(path, allow_redirects=False) as answer:
                assert answer.status < 500, path
        for path in (*paths, "/api/v1/pair", "/api/v1/sos", "/in", f"/telegram/{PLANTED}", f"/replies/{PLANTED}"):
            for body in ({"json": given}, {"data": given | {"position": PLANTED}}, {"data": f"{{{PLANTED}".encode()}):
                async with browser.post(path, allow_redirects=False, **body) as answer:
                    assert answer.status < 500, path


async def values_of(service: Service) -> AsyncIterator[str]:
    """Every name, number, address and free text that is sealed by itself, however short."""
    async with service.database() as database, database.reading() as tx:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Sealed) and table.name != "secret":
                    for value in (await tx.conn.execute(select(column))).scalars():
                        if isinstance(value, str) and len(value) > 3:
                            yield value


async def a_visit_with_an_alarm(demo: Town) -> None:
    """Planned, a note from inside, help that nobody answers, an alarm, and its end; and out."""
    sam, helen = demo["Sam"], demo["Helen"]
    await sam.says(f"/visit {FAMILY} 60m every 60m")
    await sam.presses(await sam.sees("I ask every 1 hour"), "Yes, plan it")
    await sam.presses(await sam.sees("Planned:"), "Going in")
    begun = await sam.sees(re.compile(r"^OK\. \d\d:\d\d\."))
    await sam.says(NOTE)
    await sam.presses(begun, "Ring me")
    await helen.sees("Ring Sam Okoro now")
    await demo.later(0, 95)
    await helen.presses(await helen.sees("ALARM"), "I have it")
    await helen.presses(await helen.sees("You have alarm"), "Heard, safe")
    await helen.presses(await helen.sees("How do you know?"), "Heard their voice")
    await helen.sees("is closed.")


async def texts_of(service: Service) -> AsyncIterator[str]:
    """Every text of some words that is sealed in its database."""
    async with service.database() as database, database.reading() as tx:
        for table in metadata.sorted_tables:
            for column in table.columns:
                if isinstance(column.type, Sealed | SealedJson):
                    for value in (await tx.conn.execute(select(column))).scalars():
                        for text in _texts(value):
                            if " " in text.strip():
                                yield text


def _texts(value: Any) -> Iterator[str]:
    """The texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)
