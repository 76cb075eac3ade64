"""P6: an upgrade one part after the other, with visits and alerts open: whoever speaks is heard, nothing is lost."""

from pathlib import Path
from uuid import UUID

import aiohttp

from tests.http import Program, paired
from tests.patience import until
from tests.promises.alive import Alive, alive
from tests.promises.test_p7_nothing_can_be_kept import readiness
from tests.stories.harness import Service
from tests.stories.test_upgrade import newer, with_an_alert_open


async def test_old_and_new_work_side_by_side_until_the_old_is_stopped(tmp_path: Path, postgres_url: str) -> None:
    async with alive(tmp_path, postgres_url) as here, aiohttp.ClientSession(here.service.url) as session:
        _, visit_id, _ = await with_an_alert_open(here)
        ann = await paired(here.world, session, "Ann")
        later = await newer(here, tmp_path)
        try:
            await later.command("migrate")
            await here.phones["Ann"].says("+10")
            await here.counts(visit_id, 1)
            assert await heard(ann, visit_id), "the old bot and the old pages go on"
            await here.becomes(lambda: leaves_it(here))

            later.words = ("--roles", "scheduler")
            await later.start(ready=False)
            await until(lambda: "begun as scheduler" in later.said(), 60)
            both_skip(6 * 60, here, later)
            await here.sees("Dev", "ALARM 1")
            await here.becomes(lambda: is_ready(here))
            assert await heard(ann, visit_id)

            assert await here.service.stop() == 0
            await here.phones["Ann"].says("+10")
            assert later.children()["scheduler"].is_running(), "the watch is kept meanwhile"
            later.kill()
            later.words = ()
            await later.start()
            await here.counts(visit_id, 2)
            both_skip(70 * 60, here, later)
            await here.alarmed(visit_id)
            await here.sees("Mia", "ALARM 2")
            assert len(here.on_screen("Mia", "ALARM 2")) == 1

            await here.service.start(ready=False)
            assert await here.service.ended(within=60) == 1
            assert "start the newer Doorstep" in here.service.said(), "old code says what to do"
        finally:
            later.kill()


def both_skip(seconds: float, here: Alive, later: Service) -> None:
    """They have one clock."""
    later.skip(seconds)
    here.skip(seconds)


async def heard(program: Program, visit_id: UUID) -> bool:
    status, _ = await program.post(f"/visits/{visit_id}/check-ins")
    return bool(status == 200)


async def leaves_it(here: Alive) -> bool:
    """The old scheduler has seen that the database is newer, and its health says so."""
    status, found = await readiness(here)
    return "SchemaIsNewer" in here.service.said() and status == 503 and "sweep has done nothing" in found


async def is_ready(here: Alive) -> bool:
    return (await readiness(here))[0] == 200
