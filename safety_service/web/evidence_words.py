"""The evidence log in plain words: who did what with what. A word of the program's without one is said as it is."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from safety_service.actions.evidence_read import Entry
from safety_service.domain.timeline_words import DID, SAID
from safety_service.store.evidence import FAMILIES

SERVICE = "The service"
#: What somebody did; `{}` is with what.
VERBS = {
    "read": "opened {}",
    "look": "looked at {}",
    "searched": "searched {}",
    "refused": "was refused at {}",
    "exported": "took {} along",
    "previewed": "looked through {} before it goes out",
    "planned": "planned {}",
    "changed": "changed {}",
    "decided": "decided on {}",
    "entered": "went into {}",
    "proposed": "proposed {}",
    "reviewed": "reviewed {}",
    "commented": "commented on {}",
    "review_overdue": "asked for the review of {}",
    "submitted": "gave {}",
    "added": "added to {}",
    "removed": "removed what was old: {}",
    "opened": "said why they open {}",
    "saw": "looked at why somebody opened {}",
    "held": "held the records of {}",
    "released": "let go the records of {}",
    "made": "made {}",
    "ended": "ended {}",
    "told": "told people of {}",
    "asked": "asked about {}",
    "took": "took {}",
    "noted": "noted something on {}",
    "escalated": "had the next rung woken for {}",
    "passed_on": "offered to pass on {}",
    "resolved": "resolved {}",
    "waits_for_second": "said what was found at {}; a second person has to agree",
    "nobody_there": "found nobody to tell of {}",
    "not_delivered": "could not deliver a message to {}",
    "was_told": "told {}",
    "was_shown": "showed a message to {}",
    "was_sent": "sent a message to {}",
    "applied": "applied {}",
    "offered": "offered {}",
    "voided": "let {} lapse",
    "signed_in": "signed in",
    "signed_out": "signed out",
    "sign_in_link_made": "made a link to sign in for {}",
    "invited": "invited {}",
    "linked": "linked {}",
    "unlinked": "unlinked {}",
    "deactivated": "deactivated {}",
    "supervised": "wrote down {}",
    "checked": "had {} checked",
    "kept": "kept {}",
    "dropped": "let {} go",
    "not_watched": "was not watching",
    "started": "was started",
    "restored": "was put back from a copy",
    "moved": "was moved to another database",
    "resealed": "sealed what it keeps with a new key",
    "plan_changed": "made a new version of {}",
    "confirmed": "said that they had read {}",
    "wrote": "wrote {}",
    "gave": "gave out {}",
    "called": "called {}",
    "cancelled": "called off {}",
    "item_opened": "opened {}",
    "item_closed": "closed {}",
    "item_asked_after": "asked after {}",
    "kept_back": "was asked for a word of their own first at {}",
    "not_ready": "noted what is missing for {}",
    "held_against_plan": "held {} against the plan",
    "acknowledged": "confirmed {}",
    "accepted_post": "took over a post: {}",
    "declined_post": "said no to a post: {}",
    "offered_post": "asked somebody to take over a post: {}",
    "covered": "stood in on {}",
    "account_linked": "linked {}",
    "account_waits": "came in with {} for the first time; a second person has to agree",
    "account_agreed": "agreed to {}",
    "account_refused": "said no to {}",
    "account_ended": "ended {}",
    "assessment_confirmed": "confirmed the data-protection assessment of {}",
    "office_phone_set": "set the office's telephone number of {}",
    "brought_back": "brought {} back",
    "card_changed": "changed what helps to find {}",
    "roles_changed": "changed the roles of {}",
    "trained": "wrote down training of {}",
    "words_set": "set words of their own: {}",
    "words_removed": "took words of their own away: {}",
    "channel_proposed": "added {}; a second person has to agree",
    "channel_agreed": "agreed to {}",
    "channel_refused": "said no to {}",
    "channel_tried": "tried {}",
    "channel_proven": "showed that {} reaches them",
    "channel_ended": "ended {}",
    "proven_again": "showed again that it is them: {}",
    "sign_in_link_asked": "asked for a link to sign in: {}",
    "course_decided": "decided how the work goes on: {}",
    "risk_raised": "raised the risk: {}",
    "risk_lowered_to_low": "lowered the risk to low: {}",
    "risk_lowered_to_medium": "lowered the risk to medium: {}",
    "fact_added": "wrote down {}",
    "fact_corrected": "corrected {}",
    "fact_ended": "ended {}",
    "fact_reviewed": "looked again at {}",
    "fact_told": "wrote down what the family was told of {}",
    "facts_asked_after": "asked whether the facts still hold: {}",
    "undecided": "asked for a decision on {}",
    "ended_undecided": "let {} end without a decision",
    "debrief_answered": "answered parts of {}",
    "debrief_first_part": "gave the first part of {}",
    "debriefed": "gave {}",
    "told_of_violence": "told managers of violence at once: {}",
    "told_of_threat": "told managers of a threat at once: {}",
    "told_of_hurt": "told managers at once that somebody is hurt: {}",
    "stopped_visits": "asked to stop the visits that come: {}",
    "asked_to_be_rung": "asked to be rung: {}",
    "asked_to_talk": "asked for somebody to talk to: {}",
    "link_opened": "opened the link of {}",
    "link_renewed": "made a new link to {}",
    "verified": "checked who {} is",
    "put": "put up {}",
    "refused_offer": "said no to the change of {}",
}
SUBJECTS = {
    "board": "the board",
    "visit": "a visit",
    "alert": "an alert",
    "timeline": "the timeline of an alert",
    "debrief": "a debrief",
    "debriefs": "debriefs",
    "debrief_log": "the debrief log",
    "visits": "visits",
    "alerts": "alerts",
    "care": "figures of care",
    "family": "a family",
    "plan": "a plan",
    "measure": "a measure",
    "briefing": "a briefing",
    "item": "an open item",
    "items": "the open items",
    "person": "somebody",
    "worker": "a worker",
    "channel": "a channel",
    "session": "a session",
    "shift": "a shift",
    "exclusion": "an exclusion",
    "standing_list": "the standing list",
    "policy": "the policy",
    "guidance": "the guidance",
    "supervision": "a supervision",
    "undertaking": "an undertaking",
    "undertakings": "the undertakings",
    "meeting": "a meeting",
    "meetings": "the meetings",
    "share": "an information-sharing record",
    "shares": "the information-sharing record",
    "partner": "somebody of another agency",
    "risk_fact": "a fact",
    "contact_summary": "a summary for the family",
    "subject_access": "a family's records",
    "openings": "who opened families, and why",
    "opening": "a family",
    "trends": "what was met, month by month",
    "figures": "the figures",
    "evidence": "the evidence log",
    "filter": "a filter",
    "notice": "a notice",
    "ring": "a request to be rung",
    "service": "the service",
    "agency": "the agency",
    "team": "a team",
    "export": "the exports",
    "leave": "leave",
    "proposals": "the proposals that wait",
    "words": "words of their own",
    "account": "a work account",
    "photo": "a photograph",
    "voice": "a recording",
}
#: What can be looked for: the verbs of each kind of deed.
DEEDS: Mapping[str, tuple[str, frozenset[str]]] = {
    "read": ("Opened or searched", frozenset({"read", "look", "searched", "opened", "saw", "previewed"})),
    "out": ("Taken along", frozenset({"exported", "gave"})),
    "refused": ("Refused", frozenset({"refused"})),
    "words": ("A worker's words", frozenset(SAID)),
    "alerts": (
        "Done about an alert",
        frozenset({"told", "took", "noted", "escalated", "passed_on", "resolved", "waits_for_second", "nobody_there"}),
    ),
    "decided": ("Decided", frozenset({"decided", "reviewed", "applied", "course_decided"})),
    "signed": ("Signed in or out", frozenset({"signed_in", "signed_out", "sign_in_link_made"})),
    "removed": ("Removed by its age", frozenset({"removed"})),
    "gaps": ("The service was away", frozenset({"not_watched", "started", "restored", "moved"})),
}
MATTERS: Mapping[str, tuple[str, frozenset[str]]] = {
    "visits": ("Visits", frozenset({"visit", "visits", "ring", "worker"})),
    "alerts": ("Alerts", frozenset({"alert", "alerts", "timeline"})),
    "debriefs": ("Debriefs", frozenset({"debrief", "debriefs", "debrief_log", "trends", "figures", "care"})),
    "families": ("Families and plans", FAMILIES | {"measure", "risk_fact", "partner", "opening", "openings"}),
    "around": ("Meetings, records, undertakings", frozenset({"meeting", "share", "undertaking", "contact_summary"})),
    "people": ("People and channels", frozenset({"person", "channel", "session", "exclusion", "supervision", "team"})),
    "duty": ("Duty", frozenset({"shift", "standing_list"})),
    "rules": ("Policy and guidance", frozenset({"policy", "guidance", "notice", "agency"})),
    "service": ("The service itself", frozenset({"service", "evidence"})),
}
#: Where what an entry is about is read.
_PAGES = {
    "alert": "/alerts/{}",
    "timeline": "/alerts/{}",
    "visit": "/visits/{}",
    "debrief": "/log/{}",
    "item": "/items/{}",
}


def sentence(entry: Entry, names: Mapping[UUID, str]) -> str:
    """Who did what with what, in one line."""
    noted = entry.noted
    who = SERVICE if noted.actor_id is None else names.get(noted.actor_id, "Somebody")
    what = SUBJECTS.get(noted.subject, noted.subject.replace("_", " "))
    of = None if noted.subject_id is None else names.get(noted.subject_id)
    if of is not None and noted.subject in ("person", "worker", "supervision"):
        what = f"a supervision of {of}" if noted.subject == "supervision" else of
    if entry.with_text and entry.about.ref:
        what += f" ({entry.about.ref})"
    if noted.verb in SAID:
        return f"{who} said: {SAID[noted.verb]}"
    said = VERBS.get(noted.verb)
    if said is None:
        did = DID.get(noted.verb) or noted.verb.replace("_", " ")
        return f"{who}: {did}, {what}"
    return f"{who} {said.format(what)}"


def page_of(entry: Entry) -> str:
    """Where what it is about is read, for whoever reads its text; empty: nowhere."""
    noted = entry.noted
    page = _PAGES.get(noted.subject, "")
    return page.format(noted.subject_id) if entry.with_text and noted.subject_id is not None else ""
