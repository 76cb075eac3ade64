"""A canary in a real service, which is killed while it is out; the next one goes on with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from safety_service.actions import canary
from safety_service.store import canary as rows
from safety_service.store import stamps
from safety_service.store.stamps import Stamp
from tests.patience import until
from tests.stories.harness import Service, serving


async def test_a_canary_outlives_its_service_and_comes_through(
    tmp_path: Path, database_url: str, hot_url: str | None
) -> None:
    async with serving(tmp_path / "service", database_url, redis_url=hot_url, DOORSTEP_CANARY="every 1h") as service:
        begun = await stamped(service, canary.BEGUN)
        service.kill()
        await service.start()
        alarm_at = datetime.fromisoformat(begun.info["alarm_at"])
        async with service.database() as database, database.reading() as tx:
            service.skip((alarm_at - tx.now + timedelta(seconds=1)).total_seconds())
        came = await stamped(service, canary.CAME)
        assert 0 <= came.info["late"] < 60
        await stamped(service, canary.ENDED)
        service.skip(65)
        await until(lambda: is_gone(service), 60)
        await service.ready()
        async with service.database() as database, database.reading() as tx:
            assert (await stamps.last(tx, canary.BEGUN)) == begun, "there was one, and no other after the kill"


async def stamped(service: Service, name: str) -> Stamp:
    """Wait for this stamp."""
    async with service.database() as database:

        async def there() -> Stamp | None:
            async with database.reading() as tx:
                return await stamps.last(tx, name)

        await until(there, 60)
        found = await there()
    assert found is not None
    return found


async def is_gone(service: Service) -> bool:
    """Whether none of its rows are left."""
    async with service.database() as database, database.reading() as tx:
        return not await rows.visits(tx)
