"""The floor of a check-in over HTTP: aiohttp and the driver, nothing of ours. `python -m benchmarks.floor_server`.

/empty answers at once. /same says the very statements that our check-in says. /fewest says those without which there
is no check-in: who is it and what is watched, the new deadline, the word, the log.
"""

from __future__ import annotations

import argparse
import hashlib
import pickle
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import uvloop
from aiohttp import web

from benchmarks.bare import Bare, open_bare
from benchmarks.replay import Replay
from benchmarks.seed import INTERVAL
from benchmarks.watched import Watched, load
from safety_service.store.ids import new_id

_FIND = """
SELECT watch.*, visit.*, person.agency_id
FROM session JOIN person ON person.id = session.person_id
JOIN watch ON watch.worker_id = person.id JOIN visit ON visit.id = watch.visit_id
WHERE session.digest = ? AND session.ended_at IS NULL AND session.expires_at > ? AND person.active
AND watch.visit_id = ?
FOR UPDATE OF watch
"""
_MOVE = """
UPDATE watch SET due_at = ?, alarm_at = ?, next_at = ?, last_word_at = ? WHERE visit_id = ? AND worker_id = ?
"""
_SAY = "INSERT INTO said (id, worker_id, visit_id, kind, said_at, heard_at, via) VALUES (?, ?, ?, 'ok', ?, ?, 'api')"
_LOG = """
INSERT INTO event_log (id, at, actor_id, verb, subject, subject_id, visit_id, details)
VALUES (?, ?, ?, 'ok', 'visit', ?, ?, ?)
"""
#: As long as a sealed sentence.
_DETAILS = b"x" * 160

Word = Callable[[Bare, Watched], Awaitable[None]]


async def _empty(_bare: Bare, _about: Watched) -> None:
    return


async def _same(bare: Bare, about: Watched, *, replay: Replay) -> None:
    async with bare.transaction() as statements:
        await replay.say(statements, about)


async def _fewest(bare: Bare, about: Watched) -> None:
    now = datetime.now(UTC)
    async with bare.transaction() as statements:
        found = await statements.run(_FIND, about.digest, now, about.visit_id)
        assert len(found) == 1
        due_at = now + INTERVAL
        await statements.run(_MOVE, due_at, due_at, due_at, now, about.visit_id, about.worker_id)
        await statements.run(_SAY, new_id(), about.worker_id, about.visit_id, now, now)
        await statements.run(_LOG, new_id(), now, about.worker_id, about.visit_id, about.visit_id, _DETAILS)


def application(url: str, watched: list[Watched], replay: Replay) -> web.Application:
    """The three floors, each below a path of its own."""
    app = web.Application()
    known = {each.visit_id: each for each in watched}
    floors: dict[str, Word] = {"empty": _empty, "same": partial(_same, replay=replay), "fewest": _fewest}
    opened: list[Bare] = []

    async def connected(_app: web.Application) -> AsyncIterator[None]:
        opened.append(await open_bare(url))
        yield
        await opened.pop().close()

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        about = known[UUID(request.match_info["id"])]
        token = request.headers["Authorization"].removeprefix("Bearer ")
        assert hashlib.sha256(token.encode()).hexdigest() == about.digest
        await floors[request.match_info["floor"]](opened[0], about)
        return web.json_response({"id": str(about.visit_id), "said": "ok"})

    app.cleanup_ctx.append(connected)
    app.router.add_post("/{floor}/visits/{id}/check-ins", answer)
    return app


def main() -> None:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.floor_server")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database-url", required=True)
    parser.add_argument("--watched", type=Path, required=True)
    parser.add_argument("--replay", type=Path, required=True)
    options = parser.parse_args()
    replay = pickle.loads(options.replay.read_bytes())
    app = application(options.database_url, load(options.watched), replay)
    web.run_app(app, host="127.0.0.1", port=options.port, access_log=None, print=None, loop=uvloop.new_event_loop())


if __name__ == "__main__":
    main()
