"""A planned visit that is planned otherwise, before it begins: its times and people, its risk, its watches."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from config.policy import Policy
from safety_service.domain.refusal import Refused
from safety_service.domain.visit import LONGEST_WAY_HOME
from safety_service.domain.visit_state import Visit
from safety_service.domain.watch import Watch, arm, level_of
from safety_service.domain.words import Phase, Risk, Status


def may_change(visit: Visit, now: datetime) -> None:
    """Only what nobody waits for yet: from its planned start on, what moves it is the worker's own word.

    Raises Refused `change_only_before_start`.
    """
    waits = visit.status in (Status.PLANNED, Status.WAITING) and now < visit.starts_at
    if not waits or any(not _to_come(each, now) for each in visit.watches):
        raise Refused("change_only_before_start")


def _to_come(watch: Watch, now: datetime) -> bool:
    return watch.phase is Phase.BEGIN and watch.due_at is not None and watch.due_at > now and not watch.spent


def replanned(
    visit: Visit,
    workers: Iterable[UUID],
    *,
    risk: Risk,
    starts_at: datetime,
    ends_at: datetime,
    interval: timedelta | None,
    travel: timedelta,
    now: datetime,
    policy: Policy,
) -> Visit:
    """The visit as it is planned now, armed anew for everybody who goes.

    A begin that also watches the way from the last visit never moves later: somebody is out there already. Raises
    Refused `change_only_before_start`, `ends_before_it_starts`, `starts_in_the_past`, `on_their_way`.
    """
    may_change(visit, now)
    going = tuple(dict.fromkeys(workers))
    _sensible(visit, frozenset(going), starts_at, ends_at, now)
    longest = policy.level(level_of(risk)).interval
    every = min(interval, longest) if interval is not None and interval > timedelta() else longest
    before = {each.worker_id: each for each in visit.watches}
    watches = (
        replace(
            before.get(each) or Watch(worker_id=each, phase=Phase.BEGIN, interval=every, ends_at=ends_at),
            interval=every,
            ends_at=ends_at,
        )
        for each in going
    )
    return replace(
        visit,
        risk=risk,
        starts_at=starts_at,
        ends_at=ends_at,
        travel=min(max(travel, timedelta()), LONGEST_WAY_HOME),
        watches=tuple(arm(each, starts_at, now, risk, policy) for each in watches),
        speaker_id=visit.speaker_id if visit.speaker_id in going else None,
    )


def _sensible(visit: Visit, going: frozenset[UUID], starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise Refused("ends_before_it_starts")
    if starts_at <= now:
        raise Refused("starts_in_the_past")
    on_their_way = (each for each in visit.watches if each.carries_home)
    if any(starts_at > visit.starts_at or each.worker_id not in going for each in on_their_way):
        raise Refused("on_their_way")
