"""A cry for help from a visit: an alarm, what is noted on it and how it ends, each with words put into it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from safety_service.actions import alerts, planning, words
from safety_service.actions.planning import PlanRequest
from safety_service.actions.words import Word
from safety_service.domain.words import Found, KnownBy
from safety_service.store.tables.alerts import alert
from tests.guidance.marks import CAST, ELSEWHERE, Town
from tests.guidance.planting import tries
from tests.world import MINUTE


async def cries(town: Town, who: str, ref: str) -> None:
    """Help is called for from inside; two managers find them well, and say how they know."""
    if CAST[who][0] == ELSEWHERE:
        return

    def word(where: str) -> str:
        return town.mark("alarm", where, ref, who)

    now = town.world.now
    request = PlanRequest(
        family_ref=ref,
        starts_at=now,
        ends_at=now + 45 * MINUTE,
        purpose=word("its visit's purpose"),
        address_text=word("its address"),
    )
    row = await tries(town, who, planning.plan_visit, request)
    if row is None:
        return
    town.goes(who, ref)
    await tries(town, who, words.begin, row.id, Word())
    await tries(town, who, words.sos, row.id, Word(note=word("the cry")))
    async with town.database.reading() as tx:
        query = select(alert.c.id).where(alert.c.visit_id == row.id)
        alert_id = (await tx.conn.execute(query)).scalar_one_or_none()
    if alert_id is None:
        return
    await tries(town, "Dev", alerts.take, alert_id)
    await tries(town, "Dev", alerts.note, alert_id, word("a note"))
    town.world.clock.move(timedelta(minutes=2))
    for each in ("Dev", "Mia", "Adam"):
        await tries(town, each, alerts.resolve, alert_id, Found.SAFE, KnownBy.OTHER, word("how it is known"))
    for done in (words.left, words.home):
        await tries(town, who, done, row.id, Word())
    town.world.clock.move(timedelta(minutes=5))
