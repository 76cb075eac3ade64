"""A day of the demonstration, and the log of it: every line is JSON, and none holds a case."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from safety_service.store.tables import metadata
from safety_service.store.types import Sealed, SealedJson
from tests.stories.harness import Service
from tests.stories.town import CAST, FAMILY, HOME, Town, town

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
