"""What the debrief asks on its page. The guidance's own words come from its edition; these stand around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from config.guidance import Guidance
from safety_service.web.form_page import Words

SAYS = {
    "mood": "How was it?",
    "seen": "Child or adult seen?",
    "go_on": "Can you go on today?",
    "met": "What did you meet?",
    "met_when": "When, and how long?",
    "hurt": "Is anybody hurt?",
    "incident_ref": "Number of the staff-incident report",
    "police_ref": "Number that the police gave",
    "who_did": "Who did it?",
    "who_lives": "Who lives or stays there?",
    "spoken_to": "Were they spoken to?",
    "happened": "What happened?",
    "at_risk": "Who else is at risk?",
    "tell_now": "Who has to know now?",
    "areas": "What could you not check?",
    "reasons": "What may be the reasons?",
    "circumstances": "What else was going on for them?",
    "elsewhere": "Is it the same with other agencies?",
    "only_us_why": "Why only us?",
    "knew_why": "Did they know why we came?",
    "knew_ask": "Did they know what we ask of them?",
    "knew_follows": "Did they know what follows if not?",
    "needs": "What do they need to understand us?",
    "account": "Their side of it: what they say, what they complain of, where they disagree",
    "undertaking": "What they undertook",
    "summary_given": "Did they get a summary?",
    "reflect": "Looking back: what was true of me, or of them?",
    "feeling": "How are you?",
    "support": "What would help you?",
    "back": "Would you go back?",
    "fact": "Is there a fact here that others need to stay safe?",
    "safer": "What would make it safer?",
    "meeting": "Who should come together?",
    "resistant": "Before anybody calls this family resistant",
}
HELP = {
    "hurt": "If so, and nobody has been told: ring your manager, or 999.",
    "account": "In their own words, as far as you can.",
    "fact": "What you write here leaves the private part: everybody who goes there reads it.",
    "resistant": "It is recorded only when all of these are true and their side of it is written down.",
}
_KNOWN = {"yes": "Yes", "no": "No", "not_known": "Not known"}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "mood": {"fine": "Fine", "off": "A bit off", "bad": "Bad", "no_entry": "No entry"},
    "seen": {"alone": "Alone", "with_others": "With others", "no": "No", "not_due": "Not due"},
    "go_on": {"yes": "Yes", "ring_me": "Ring me", "stop_visits": "Stop my visits"},
    "hurt": _KNOWN,
    "spoken_to": {"all": "All of them", "some": "Some of them", "nobody": "Nobody"},
    "at_risk": {
        "child": "The child or adult",
        "colleagues": "Colleagues",
        "other_agencies": "Other agencies",
        "neighbours": "Neighbours",
    },
    "tell_now": {"manager": "My manager", "team": "My team", "police": "Police", "agencies": "Other agencies"},
    "elsewhere": {"same": "The same", "only_us": "Only with us", "not_known": "Not known"},
    **dict.fromkeys(("knew_why", "knew_ask", "knew_follows", "summary_given"), _KNOWN),
    "undertaking": {"kept": "Kept", "broken": "Broken", "none": "There is none", "not_known": "Not known"},
    "back": {"yes": "Yes", "with_someone": "With somebody", "not_me": "Not me"},
    "meeting": {"agencies": "All agencies", "joint_debrief": "Those of us who were there"},
}
_MORE = "Only if it was more than mixed feelings."
_VIOLENT = "Only after violence."
ONLY_IF = {
    "seen": "Only if you got in.",
    **dict.fromkeys(("go_on", "met", "happened"), "Only if it was not fine."),
    **dict.fromkeys(("met_when", "who_did", "who_lives", "spoken_to"), _MORE),
    **dict.fromkeys(("hurt", "incident_ref", "police_ref"), _VIOLENT),
    **dict.fromkeys(("at_risk", "tell_now"), "Only after a threat or violence."),
}
HEADINGS = {
    "a": "What it was like",
    "b": "The child or adult first",
    "c": "What could not be checked",
    "gaps": "What is done about it",
    "d": "Why, and what else",
    "e": "For you",
    "reflected": "A few words on each",
    "f": "What would make it safer",
}
#: Part E: who reads it, and who could be entitled to.
PRIVATE = (
    "You and your supervisor read this page. No list, search, export or log shows it to anybody else.",
    "Honestly: a court, an inquiry, or a complaint that is investigated may be entitled to see it.",
)
#: What the service saw of the visit by itself.
SIGNALS = {
    "no_entry": "no entry",
    "refused": "turned away",
    "aborted": "cut short",
    "alert": "an alert",
    "near_miss": "an alert (nothing had happened)",
    "extend": "more time",
    "silence": "a planned silence",
    "ring_me": "asked to be rung",
}
GAP = {
    "why": "Why not?",
    "source": "Who else could tell?",
    "action": "What is done about it?",
    "owner": "By whom?",
    "due": "Until when?",
}
_SECTIONS = {
    "met": "behaviours",
    "areas": "areas",
    "reasons": "reasons",
    "circumstances": "circumstances",
    "needs": "needs",
    "reflect": "reflections",
    "support": "support",
    "safer": "measures",
    "resistant": "resistant",
}


def debrief_words(guidance: Guidance, owners: Sequence[tuple[str, str]]) -> Words:
    """All words of the form; `owners`: who can see to a gap, by id and name."""
    says, options = dict(SAYS), {key: dict(each) for key, each in OPTIONS.items()}
    help_ = dict(HELP)
    for key, section in _SECTIONS.items():
        options[key] = {each: entry.says for each, entry in guidance.asked(section).items()}
    for key, entry in guidance.asked("child").items():
        says[f"child_{key}"], options[f"child_{key}"] = entry.says, _KNOWN
    for key, entry in guidance.asked("quiet").items():
        says[f"quiet_{key}"], options[f"quiet_{key}"] = entry.says, _KNOWN
    for key, entry in guidance.asked("reflections").items():
        says[f"reflect_{key}"] = entry.says
    sources = {key: entry.says for key, entry in guidance.asked("sources").items()}
    for key, entry in guidance.asked("areas").items():
        says[f"gap_{key}"] = entry.says
        says |= {f"gap_{key}.{part}": text for part, text in GAP.items()}
        options |= {f"gap_{key}.source": sources, f"gap_{key}.owner": dict(owners)}
    return Words(says=says, options=options, help=help_, only_if=ONLY_IF)
