"""PostgreSQL's own yardstick: the fewest statements of a check-in, said by `pgbench -M prepared`."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Sequence
from pathlib import Path

import asyncpg

from benchmarks.ground import Ground
from benchmarks.processes import NotMeasured
from benchmarks.watched import Watched

_RATE = re.compile(r"^tps = ([\d.]+)", re.MULTILINE)
#: As `floor_server` says them; who it is comes from a number, for pgbench knows no list.
_SCRIPT = """
\\set n random(1, {count})
BEGIN;
SELECT watch.visit_id AS visit, watch.worker_id AS worker
FROM bench_person JOIN session ON session.digest = bench_person.digest JOIN person ON person.id = session.person_id
JOIN watch ON watch.worker_id = person.id JOIN visit ON visit.id = watch.visit_id
WHERE bench_person.n = :n AND session.ended_at IS NULL AND session.expires_at > now() AND person.active
FOR UPDATE OF watch \\gset
UPDATE watch SET due_at = now() + interval '1 hour', alarm_at = now() + interval '1 hour',
next_at = now() + interval '1 hour', last_word_at = now() WHERE visit_id = :visit AND worker_id = :worker;
INSERT INTO said (id, worker_id, visit_id, kind, said_at, heard_at, via)
VALUES (gen_random_uuid(), :worker, :visit, 'ok', now(), now(), 'api');
INSERT INTO event_log (id, at, actor_id, verb, subject, subject_id, visit_id, details)
VALUES (gen_random_uuid(), now(), :worker, 'ok', 'visit', :visit, :visit, decode(repeat('78', 160), 'hex'));
COMMIT;
"""


def program(ground: Ground) -> Path | None:
    """Where it is, if it is there."""
    found = None if ground.postgres is None else ground.postgres.programs / "pgbench"
    return found if found is not None and found.exists() else None


async def prepare(ground: Ground, url: str, watched: Sequence[Watched]) -> Path:
    """Number everybody in this database; the script that checks them in."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE bench_person (n integer PRIMARY KEY, digest text NOT NULL)")
        rows = [(number, each.digest) for number, each in enumerate(watched, start=1)]
        await connection.copy_records_to_table("bench_person", records=rows)
        await connection.execute("ANALYZE bench_person")
    finally:
        await connection.close()
    script = ground.run.new_folder("pgbench") / "check-in.sql"
    script.write_text(_SCRIPT.format(count=len(watched)))
    return script


async def rate(found: Path, url: str, script: Path, clients: int, seconds: float) -> float:
    """Check-ins a second. Raises NotMeasured."""
    threads = min(clients, os.cpu_count() or 1)
    words = ("-n", "-M", "prepared", "-f", script, "-c", clients, "-j", threads, "-T", max(1, round(seconds)), url)
    process = await asyncio.create_subprocess_exec(
        str(found), *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said = (await process.communicate())[0].decode(errors="replace")
    tps = _RATE.search(said)
    if process.returncode or tps is None:
        raise NotMeasured(f"pgbench ended with {process.returncode}: {said[-500:]}")
    return float(tps[1])
