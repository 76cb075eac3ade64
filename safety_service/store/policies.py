"""Editions of the policy: applied, never edited; the newest good one is in force."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from config.policy import Policy, PolicyError, parse_policy
from safety_service.store.tables.system import policy_edition

if TYPE_CHECKING:
    from safety_service.store.database import Tx

log = logging.getLogger(__name__)

#: Seconds for which a process does not even ask whether there is a newer edition.
FRESH_FOR = 1.0


@dataclass
class Shelf:
    """The edition in force, as this process last saw it."""

    number: int | None = None
    policy: Policy | None = None
    seen: float = float("-inf")

    def fresh(self) -> Policy | None:
        """The policy, if it was looked up a moment ago."""
        return self.policy if time.monotonic() - self.seen < FRESH_FOR else None

    def put(self, number: int | None, policy: Policy) -> Policy:
        """Remember what was found just now."""
        self.number, self.policy, self.seen = number, policy, time.monotonic()
        return policy

    def forget(self) -> None:
        """Look it up the next time."""
        self.seen = float("-inf")


async def current(tx: Tx) -> Policy:
    """The policy in force; an edition that this code cannot use is shouted about, and the last good one stays."""
    shelf = tx.shelf
    if known := shelf.fresh():
        return known
    newest = (await tx.conn.execute(select(func.max(policy_edition.c.number)))).scalar()
    if shelf.policy is not None and newest == shelf.number:
        return shelf.put(newest, shelf.policy)
    return shelf.put(newest, await _newest_good(tx))


async def hold(tx: Tx) -> None:
    """Until this transaction ends, nobody else who asks so decides on an edition: the first of them is the lock."""
    first = select(func.min(policy_edition.c.number)).scalar_subquery()
    await tx.conn.execute(select(policy_edition.c.number).where(policy_edition.c.number == first).with_for_update())


async def apply(tx: Tx, text: str, by: str, why: str) -> int:
    """Put a new edition in force; returns its number. Raises PolicyError naming every fault, and nothing changes."""
    parse_policy(text)
    newest = (await tx.conn.execute(select(func.max(policy_edition.c.number)))).scalar()
    number = (newest or 0) + 1
    await tx.conn.execute(
        insert(policy_edition).values(number=number, text=text, applied_at=tx.now, applied_by=by, why=why)
    )
    tx.after_commit(tx.shelf.forget)
    return number


@dataclass(frozen=True, slots=True)
class Edition:
    """An edition: who put it in force, when, and why."""

    number: int
    applied_at: datetime
    applied_by: str
    why: str


async def newest(tx: Tx) -> Edition | None:
    """The newest edition; None: there is none yet."""
    columns = (policy_edition.c[name] for name in ("number", "applied_at", "applied_by", "why"))
    row = (await tx.conn.execute(select(*columns).order_by(policy_edition.c.number.desc()).limit(1))).first()
    return None if row is None else Edition(*row)


async def _newest_good(tx: Tx) -> Policy:
    editions = await tx.conn.execute(
        select(policy_edition.c.number, policy_edition.c.text).order_by(policy_edition.c.number.desc())
    )
    for number, text in editions:
        try:
            return parse_policy(text)
        except PolicyError as error:
            log.critical("policy edition %d cannot be used, the one before it stays: %s", number, error)
    log.critical("there is no policy edition that can be used: the shipped policy is in force")
    return parse_policy("")
