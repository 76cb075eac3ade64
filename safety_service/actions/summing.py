"""Counting the figures of days in which something changed; beside those who write, so that nobody waits for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from safety_service.domain import counting
from safety_service.domain.plan import MeasureDecision
from safety_service.store import day_changes, day_counts, day_decisions, day_sums, stamps
from safety_service.store.database import Tx
from safety_service.store.day_counts import Only
from safety_service.store.day_decisions import Made

#: The stamp that says up to when everything is counted.
STAMP = "figures"
#: What commits a little after it was made is seen the next time.
SLACK = timedelta(minutes=2)
#: So much is caught up with at once, where nothing was ever counted.
AT_ONCE = timedelta(days=31)
IN_FORCE = (MeasureDecision.ACCEPT, MeasureDecision.CHANGE)

Day = tuple[UUID, date]


@dataclass(frozen=True, slots=True)
class Changed:
    """Days in which something changed; up to when was looked."""

    days: frozenset[Day]
    #: The time zone of each team.
    zones: Mapping[UUID, ZoneInfo]
    until: datetime


async def changed(tx: Tx) -> Changed | None:
    """Which days to count again; None: there is nothing at all yet."""
    zones = {team_id: ZoneInfo(name) for team_id, name in (await day_sums.zones(tx)).items()}
    since = await _mark(tx)
    if since is None:
        return None
    until = min(tx.now + SLACK, since + AT_ONCE)
    told = await day_changes.debriefs(tx, since, until)
    moments = [(team_id, at) for team_id, at, _ in told]
    moments += await day_changes.alerts(tx, zones, since, until)
    moments += await day_changes.asked_again(tx, since, until)
    families = {family_id for _, _, family_id in told}
    made = await day_decisions.decisions(tx, zones, since, until)
    made += await day_decisions.of_families(tx, families, since - counting.AGAIN_WITHIN)
    moments += [(each.team_id, each.at) for each in made if each.team_id is not None]
    days = frozenset((team_id, at.astimezone(zones[team_id]).date()) for team_id, at in moments)
    return Changed(days, zones, until)


async def counted(tx: Tx, day: Day, zone: ZoneInfo) -> Counter[str]:
    """The figures of this day, which begins and ends in this time zone."""
    team_id, on = day
    since, until = (datetime.combine(each, time(), zone) for each in (on, on + timedelta(days=1)))
    found = await count(tx, [team_id], since, until)
    return Counter(figure for _, _, figure in found.elements())


async def keep(tx: Tx, days: Iterable[tuple[Day, Counter[str]]]) -> None:
    """Keep what was counted."""
    for (team_id, on), counts in days:
        await day_sums.put(tx, team_id, on, counts)


async def mark(tx: Tx, until: datetime) -> None:
    """Everything up to then is counted."""
    await stamps.stamp(tx, STAMP, {"until": min(until, tx.now).isoformat()})


async def counted_until(tx: Tx) -> datetime | None:
    """Up to when everything is counted; None: nothing is yet."""
    last = await stamps.last(tx, STAMP)
    return None if last is None else datetime.fromisoformat(str(last.info["until"]))


async def count(
    tx: Tx, teams: Iterable[UUID], since: datetime, until: datetime, only: Only = None
) -> Counter[tuple[UUID, datetime, str]]:
    """How often each figure came up, of which team, when. Raises nothing: what is not there counts nothing."""
    wanted = tuple(teams)
    within = (await tx.policy()).debrief.review_within
    found: Counter[tuple[UUID, datetime, str]] = Counter()
    for given in await day_counts.debriefs(tx, wanted, since, until, only):
        found.update((given.team_id, given.submitted_at, figure) for figure in figures_of_debrief(given, within))
    for team_id, at, kind in await day_counts.behaviours(tx, wanted, since, until, only):
        found[team_id, at, counting.met(kind)] += 1
    for each in await day_counts.alerts(tx, wanted, since, until, only):
        found.update((each.team_id, each.opened_at, figure) for figure in figures_of(each))
    for asked in await day_counts.asked_again(tx, wanted, since, until, only):
        found[asked.team_id, asked.at, counting.ASKED_AGAIN] += 1
    for made in await day_decisions.decisions(tx, wanted, since, until, only):
        assert made.team_id is not None
        for figure, number in await _of_decision(tx, made):
            found[made.team_id, made.at, figure] += number
    return found


def figures_of(each: day_counts.Raised) -> Iterator[str]:
    """The figures that an alert adds to."""
    return counting.of_alert(
        kind=each.kind, state=each.state, found=each.found, opened_at=each.opened_at, taken_at=each.taken_at
    )


def figures_of_debrief(each: day_counts.Given, within: timedelta) -> Iterator[str]:
    """The figures that a debrief adds to; `within`: how soon a review is wanted."""
    return counting.of_debrief(
        asked_at=each.asked_at,
        submitted_at=each.submitted_at,
        severity=each.severity,
        review=each.review,
        reviewed_at=each.reviewed_at,
        within=within,
    )


async def _of_decision(tx: Tx, made: Made) -> list[tuple[str, int]]:
    found = [(counting.decided(made.kind), 1)]
    if made.kind not in IN_FORCE:
        return found
    before, after = made.at - counting.AROUND, made.at + counting.AROUND
    then, then_hard = await day_decisions.told_of(tx, made.family_id, before, made.at, counting.HARD)
    since, since_hard = await day_decisions.told_of(tx, made.family_id, made.at, after, counting.HARD)
    found += [(counting.HELD, 1), (counting.BEFORE, then), (counting.BEFORE_HARD, then_hard)]
    found += [(counting.AFTER, since), (counting.AFTER_HARD, since_hard)]
    return [*found, (counting.RECURRED, int(await recurred(tx, made)))]


async def recurred(tx: Tx, made: Made) -> bool:
    """Whether what the measure is for was met there again, soon enough to count."""
    on = made.at.date()
    return await day_decisions.met_again(tx, made, on, on + counting.AGAIN_WITHIN)


async def _mark(tx: Tx) -> datetime | None:
    until = await counted_until(tx)
    return await day_changes.first(tx) if until is None else until - SLACK
