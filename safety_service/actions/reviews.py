"""What colleagues make of a debrief: filed by itself or reviewed with a note, chased until it is, commented on."""

from uuid import UUID

from safety_service.actions import matters
from safety_service.actions.actor import Actor
from safety_service.actions.apart import by_itself
from safety_service.actions.debrief_log import READERS, may_read
from safety_service.actions.errors import NotFound
from safety_service.actions.evidence import keep
from safety_service.actions.given import Given
from safety_service.actions.telling import Priority, iso, tell
from safety_service.domain import search
from safety_service.domain.refusal import Refused
from safety_service.domain.reviewing import filing
from safety_service.domain.words import Role
from safety_service.store import comments, debrief_words, people, reviews, roles, visits
from safety_service.store.database import Tx
from safety_service.store.reviews import Waiting
from safety_service.store.visits import VisitRow

LONGEST = 2000  # characters


async def file_and_index(tx: Tx, given: Given) -> None:
    """A debrief was given: it can be found by its words; once it is whole, it is filed or waits for a review."""
    debrief = given.debrief
    words = frozenset().union(*(search.words(each) for each in search.texts_of(given.answers)))
    await debrief_words.add(tx, debrief.agency_id, debrief.id, words)
    if not given.whole:
        return
    policy = (await tx.policy()).debrief
    filed = filing(debrief.id, severity=debrief.severity, urgent=_urgent(given), sample=policy.sample)
    next_at = tx.now + policy.review_within if filed.chased else None
    await reviews.file(tx, debrief.id, filed.review, sampled=filed.sampled, next_at=next_at)


async def index_addendum(tx: Tx, agency_id: UUID, debrief_id: UUID, text: str) -> None:
    """What was added to a debrief: it can be found by that, too."""
    await debrief_words.add(tx, agency_id, debrief_id, search.words(text))


async def review(tx: Tx, actor: Actor, debrief_id: UUID, note: str) -> None:
    """A colleague has read it and says what they make of it. Never one's own.

    Raises NotFound; Refused `never_your_own`, `reviewers_only`, `note_missing`, `debrief_not_given`,
    `reviewed_already`.
    """
    logged, matter, _ = await may_read(tx, actor, debrief_id)
    if actor.person_id in matter.workers:
        raise Refused("never_your_own")
    if logged.team_id not in actor.teams(*READERS):
        raise Refused("reviewers_only")
    state = await reviews.lock(tx, debrief_id)
    if state != "submitted":
        raise Refused("reviewed_already" if state == "reviewed" else "debrief_not_given")
    await reviews.done(tx, debrief_id, actor.person_id, _said(note))
    await keep(tx, actor, actor.agency_id, "reviewed", subject="debrief", subject_id=debrief_id)


async def comment(tx: Tx, actor: Actor, debrief_id: UUID, text: str) -> UUID:
    """Say something about a debrief that one may read; its id. Raises NotFound; Refused `note_missing`."""
    await may_read(tx, actor, debrief_id)
    comment_id = await comments.add(tx, debrief_id, actor.person_id, _said(text))
    await keep(tx, actor, actor.agency_id, "commented", subject="debrief", subject_id=debrief_id)
    return comment_id


async def sweep_reviews(tx: Tx, limit: int) -> int:
    """Ask for the reviews that are due, each in a savepoint; gives how many were looked at."""
    due = await reviews.due(tx, limit)
    again = tx.now + (await tx.policy()).debrief.review_again
    for each in due:
        await by_itself(tx, _ask(tx, each), f"a review could not be asked for: {each.id}")
        await reviews.ask_again(tx, each.id, again)
    return len(due)


async def _ask(tx: Tx, waiting: Waiting) -> None:
    row = await visits.load(tx, waiting.visit_id)
    if row is None:
        raise NotFound
    worker = await people.get(tx, waiting.worker_id)
    params = {
        "debrief_id": str(waiting.id),
        "visit_id": str(row.id),
        "ref": row.family_ref,
        "starts_at": iso(row.visit.starts_at),
        "worker": worker.name,
        "page": f"/log/{waiting.id}",
    }
    dedupe = f"review:{waiting.id}:{tx.now.date()}"
    audience = await _reviewers(tx, row)
    await tell(tx, audience, "review.wanted", params, priority=Priority.ROUTINE, visit_id=row.id, dedupe=dedupe)
    await keep(tx, None, row.agency_id, "review_overdue", subject="debrief", subject_id=waiting.id)


async def _reviewers(tx: Tx, row: VisitRow) -> frozenset[UUID]:
    """The team's managers and reviewers; nobody who was there, and nobody who is kept off it."""
    matter = await matters.of_visit(tx, row)
    managers = await roles.with_role(tx, Role.MANAGER, team_id=row.team_id)
    reviewers = await roles.with_role(tx, Role.REVIEWER, team_id=row.team_id)
    return (managers | reviewers) - matter.workers - matter.excluded


def _urgent(given: Given) -> bool:
    """Something in it went to the managers at once, whatever was met."""
    answers, behaviours = given.answers, given.edition.guidance.behaviours
    asked = answers.get("hurt") == "yes" or answers.get("go_on") in ("ring_me", "stop_visits")
    return asked or given.debrief.wants_to_talk or any(behaviours[key].urgent for key in given.behaviours)


def _said(text: str) -> str:
    said = text.strip()[:LONGEST]
    if not said:
        raise Refused("note_missing")
    return said
