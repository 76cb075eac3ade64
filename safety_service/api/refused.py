"""What a refusal is over HTTP: the state of things is against it, it is not the caller's to do, or the body lacks
something."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bots.dialogue.render import render
from safety_service.api.problems import Fault, Problem
from safety_service.domain.refusal import Refused

CONFLICT = 409
FORBIDDEN = 403
UNUSABLE = 422

LONDON = ZoneInfo("Europe/London")
#: Nobody hears these in a chat.
OF_HTTP = {"key_reused": "This Idempotency-Key came with another request before."}
#: Each refusal that is not "you may not" (403), with the member of the body that it is about.
STATUS: Mapping[str, tuple[int, str | None]] = {
    "addendum_too_long": (UNUSABLE, "/text"),
    "addendum_wanted": (UNUSABLE, "/text"),
    "already_out": (CONFLICT, None),
    "already_over": (UNUSABLE, "/ends_at"),
    "cancel_only_before_begin": (CONFLICT, None),
    "cap_reached": (CONFLICT, None),
    "change_only_before_start": (CONFLICT, None),
    "heard_of_already": (CONFLICT, "/workers"),
    "on_their_way": (CONFLICT, None),
    "starts_in_the_past": (UNUSABLE, "/starts_at"),
    "ends_before_it_starts": (UNUSABLE, "/ends_at"),
    "changed_meanwhile": (CONFLICT, "/version"),
    "record_unknown": (UNUSABLE, None),
    "opening_reason_short": (UNUSABLE, "/reason"),
    "fact_unknown": (UNUSABLE, "/kind"),
    "fact_in_future": (UNUSABLE, "/on"),
    "source_wanted": (UNUSABLE, "/source"),
    "told_why_wanted": (UNUSABLE, "/told_why"),
    "fact_ended": (CONFLICT, None),
    "lowered_too_long": (UNUSABLE, "/days"),
    "partner_ended": (CONFLICT, None),
    "organisation_wanted": (UNUSABLE, "/organisation"),
    "stance_unknown": (UNUSABLE, None),
    "notice_unknown": (404, None),
    "notice_empty": (UNUSABLE, "/text"),
    "summary_unknown": (UNUSABLE, None),
    "summary_empty": (UNUSABLE, None),
    "question_wanted": (UNUSABLE, "/question"),
    "extend_by_more_than_nothing": (UNUSABLE, "/by_s"),
    "key_reused": (UNUSABLE, None),
    "measure_closed": (CONFLICT, None),
    "change_unknown": (UNUSABLE, "/changes"),
    "demands_unknown": (UNUSABLE, "/changes/demands"),
    "says_wanted": (UNUSABLE, "/changes/says"),
    "until_too_far": (UNUSABLE, "/until_on"),
    "until_past": (UNUSABLE, "/until_on"),
    "not_begun_yet": (CONFLICT, None),
    "not_to_them": (UNUSABLE, "/to"),
    "answer_unknown": (UNUSABLE, "/answers"),
    "debrief_given": (CONFLICT, None),
    "debrief_unfinished": (UNUSABLE, "/answers"),
    "item_closed": (CONFLICT, None),
    "item_note_wanted": (UNUSABLE, "/note"),
    "note_wanted": (UNUSABLE, "/note"),
    "reason_wanted": (UNUSABLE, "/reason"),
    "reason_of_another": (UNUSABLE, "/reason"),
    "words_wanted": (UNUSABLE, None),
    "note_missing": (UNUSABLE, "/note"),
    "debrief_not_given": (CONFLICT, None),
    "reviewed_already": (CONFLICT, None),
    "held_already": (CONFLICT, None),
    "not_held": (CONFLICT, None),
    "preview_first": (CONFLICT, None),
    "period_wanted": (UNUSABLE, None),
    "too_many_rows": (UNUSABLE, None),
    "offer_gone": (CONFLICT, None),
    "ref_wanted": (UNUSABLE, "/family_ref"),
    "resolved_already": (CONFLICT, None),
    "after_it_is_over": (CONFLICT, None),
    "second_person_wanted": (CONFLICT, None),
    "seen_or_police_wanted": (UNUSABLE, "/known_by"),
    "silence_is_for_inside": (CONFLICT, None),
    "speaker_must_go": (UNUSABLE, "/speaker"),
    "worker_twice": (UNUSABLE, "/workers"),
    "strategies_wanted": (UNUSABLE, "/plan/strategies"),
    "taken_already": (CONFLICT, None),
    "too_many_tries": (429, None),
    "visit_is_over": (CONFLICT, None),
    "visit_too_long": (UNUSABLE, "/ends_at"),
    "worker_unknown": (UNUSABLE, "/workers"),
    "undertaking_lacks": (UNUSABLE, None),
    "undertaking_over": (CONFLICT, None),
    "review_wanted": (UNUSABLE, "/review_on"),
    "review_too_far": (UNUSABLE, "/review_on"),
    "share_decided": (CONFLICT, None),
    "share_changed": (CONFLICT, "/text_digest"),
    "basis_wanted": (UNUSABLE, "/basis"),
    "partner_kept_out": (CONFLICT, None),
    "contact_unverified": (CONFLICT, None),
    "nothing_to_tell": (UNUSABLE, "/behaviours"),
    "invited_unknown": (UNUSABLE, "/invited"),
    "meets_before_now": (UNUSABLE, "/meets_at"),
    "parents_why_wanted": (UNUSABLE, "/parents_why"),
    "share_wanted": (UNUSABLE, "/share_what"),
    "notes_wanted": (UNUSABLE, "/notes"),
    "owner_wanted": (UNUSABLE, "/decisions"),
    "meeting_over": (CONFLICT, None),
    "not_in_team": (UNUSABLE, "/decisions"),
    "judgement_unknown": (UNUSABLE, "/settled"),
    "judgement_lacks": (UNUSABLE, "/judgements"),
}


def refused_problem(refused: Refused, zone: ZoneInfo = LONDON) -> Problem:
    """The problem that says why, in the sentence that the chat would say."""
    status, place = STATUS.get(refused.code, (FORBIDDEN, None))
    detail = OF_HTTP.get(refused.code) or _said(refused, zone)
    faults = [] if place is None else [Fault(place, detail)]
    return Problem(status, detail, refused.code, faults, more=_owner(refused))


def _said(refused: Refused, zone: ZoneInfo) -> str:
    return render(f"refused.{refused.code}", refused.facts, channel="api", ceiling="case", zone=zone).text


def _owner(refused: Refused) -> dict[str, object]:
    if "owner_id" not in refused.facts:
        return {}
    return {"owner": {"id": str(refused.facts["owner_id"]), "name": refused.facts.get("owner")}}
