"""What is in a database, in figures: for whoever makes a copy of it, or puts one back. No names, no text."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, inspect, select

from safety_service.domain.canary import AGENCY as CANARY
from safety_service.domain.canary import WORKER
from safety_service.domain.words import Phase, State
from safety_service.store import schema
from safety_service.store.tables.alerts import alert, outbox
from safety_service.store.tables.chat import inbox
from safety_service.store.tables.people import agency, person
from safety_service.store.tables.system import secret, stamp
from safety_service.store.tables.visits import watch

_UNDER_WAY = (Phase.INSIDE, Phase.HOME)
#: What is counted, by what it is called.
_COUNTED: dict[str, Select[int]] = {
    "agencies": select(func.count()).select_from(agency).where(agency.c.id != CANARY),
    "people": select(func.count()).select_from(person).where(person.c.active, person.c.agency_id != CANARY),
    "watched": select(func.count())
    .select_from(watch)
    .where(watch.c.phase.in_(_UNDER_WAY), watch.c.worker_id != WORKER),
    "open alerts": select(func.count())
    .select_from(alert)
    .where(alert.c.state != State.RESOLVED, alert.c.agency_id != CANARY),
    "messages waiting": select(func.count())
    .select_from(outbox)
    .where(outbox.c.state.in_(("pending", "sending")), outbox.c.agency_id != CANARY),
    "words waiting": select(func.count()).select_from(inbox).where(inbox.c.state == "new"),
}


@dataclass(frozen=True, slots=True)
class Contents:
    """`watched_until`: when the watch was last kept; None: it never was."""

    revision: str
    watched_until: datetime | None
    counts: dict[str, int]


def contents(connection: Connection) -> Contents | None:
    """What is in it; None: there is no schema. Raises SchemaIsNewer, KeysDoNotOpen."""
    at = schema.revision(connection)
    if at is None:
        return None
    connection.execute(select(secret.c.value)).all()  # opens them
    counts = {name: int(connection.execute(query).scalar_one()) for name, query in _COUNTED.items()}
    swept = connection.execute(select(stamp.c.at).where(stamp.c.name == "sweep")).scalar()
    return Contents(at, swept, counts)


def holds_anybody(connection: Connection) -> bool:
    """Whether there is an agency in it, of whatever version: what is put over it would be lost. A canary would not."""
    if not inspect(connection).has_table("agency"):
        return False
    return connection.execute(select(agency.c.id).where(agency.c.id != CANARY).limit(1)).first() is not None
