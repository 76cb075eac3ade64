"""The statements on visits and watches that every word and every sweep takes, which are written once."""

from sqlalchemy import and_, bindparam, case, exists, insert, null, or_, select, update

from safety_service.domain.watch import Watch
from safety_service.domain.words import Phase
from safety_service.store.ready import Ready
from safety_service.store.tables.alerts import alert
from safety_service.store.tables.visits import decision, family, visit, watch

#: The second says no more than the first, but in the words of the index that holds no watch that is done.
LIVE = (watch.c.phase != Phase.DONE, watch.c.next_at.is_not(None))
WATCH_FIELDS = tuple(name for name in Watch.__dataclass_fields__)
OF_PLAN = ("id", "status", "risk", "starts_at", "ends_at", "travel", "speaker_id", "outcome")
OF_ROW = (
    *("agency_id", "team_id", "family_id", "because", "purpose", "address", "answers", "version", "created_at"),
    *("created_by", "lacking", "plan_number"),
)
INSERT = Ready(insert(visit), "to_locate", *OF_PLAN, *OF_ROW)
INSERT_WATCH = Ready(insert(watch), "visit_id", *WATCH_FIELDS)
SAVE_WATCH = Ready(
    update(watch).where(watch.c.visit_id == bindparam("of_visit"), watch.c.worker_id == bindparam("of_worker")),
    *WATCH_FIELDS,
)
SAVE = Ready(
    update(visit).where(visit.c.id == bindparam("this")).values(version=visit.c.version + 1), "status", "outcome"
)
THESE = (
    select(visit, family.c.ref)
    .join(family, family.c.id == visit.c.family_id)
    .where(visit.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(visit.c.id)
)
LOADED = Ready(THESE)
LOCKED = Ready(THESE.with_for_update(of=visit, key_share=True))
#: What is sealed of a visit, which no usual word needs.
SEALED = ("because", "purpose", "address", "answers", "lacking")
#: As LOCKED, but whatever others hold is left to them: of many that are wanted at once, one keeps no other waiting.
FREE = Ready(THESE.with_for_update(of=visit, key_share=True, skip_locked=True))
FREE_CLOSED = Ready(
    THESE.with_only_columns(
        *(null().label(each.name) if each.name in SEALED else each for each in visit.c), family.c.ref
    ).with_for_update(of=visit, key_share=True, skip_locked=True)
)
LIVE_OF_WORKER = Ready(select(watch.c.visit_id).where(watch.c.worker_id == bindparam("worker_id"), *LIVE))
_NOW = bindparam("now", type_=watch.c.alarm_at.type)
#: Of alerts that are not resolved, in the words of the index that holds no other.
_KNOWN = exists().where(alert.c.visit_id == watch.c.visit_id, alert.c.due_now.is_not(None))
#: Whoever nobody has been told of goes before whoever somebody is told of again, and an alarm before a question.
_URGENT = case((watch.c.alarm_at > _NOW, 2), (_KNOWN, 1), else_=0)
#: `but`: agencies of which no alarm is wanted.
DUE = Ready(
    select(watch.c.visit_id, watch.c.worker_id, watch.c.alarm_at, visit.c.agency_id)
    .join(visit, visit.c.id == watch.c.visit_id)
    .where(
        watch.c.next_at <= _NOW,
        or_(watch.c.alarm_at > _NOW, visit.c.agency_id.not_in(bindparam("but", expanding=True))),
    )
    # What falls due at the same moment (visits begin on the hour) comes team by team: its manager hears of it at once.
    .order_by(_URGENT, watch.c.next_at, visit.c.team_id)
    .limit(bindparam("limit"))
    .with_for_update(of=visit, skip_locked=True, key_share=True)
)
_later = decision.alias("later")
OF_THESE = (
    select(watch, *(decision.c[name] for name in ("kind", "reason", "by", "at", "plan_number", "visit_version")))
    .select_from(watch)
    .outerjoin(
        decision,
        and_(
            decision.c.visit_id == watch.c.visit_id,
            ~exists().where(_later.c.visit_id == decision.c.visit_id, _later.c.id > decision.c.id),
        ),
    )
    .where(watch.c.visit_id.in_(bindparam("ids", expanding=True)))
    .order_by(watch.c.worker_id)
)
PARTS = Ready(OF_THESE)
