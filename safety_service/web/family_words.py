"""What the pages about a family say: headings, labels, options."""

from safety_service.web.form_page import Words

PARTS = {
    "name": "Name",
    "household": "Who lives or stays there",
    "addresses": "Where",
    "needs": "How to talk with them",
    "lead": "Who leads",
    "assessments": "Earlier assessments",
    "culture": "Customs",
    "trusted": "Somebody whom they trust",
    "role": "What they may not know of our role, and must be told",
    "promises": "Promises, theirs and ours",
    "practical": "The place",
    "only_us": "If it is only one of us who meets it: why?",
}
_KEPT = {"open": "Still to keep", "kept": "Kept", "broken": "Broken"}
#: Where somebody else changed it since: above what stands there now, and above what was typed.
MEANWHILE = "Somebody changed it meanwhile. As it is kept now:"
YOURS = "Below is what you wrote. It takes the place of that when you keep it."
#: By part: the words of its fields, and of its choices.
FIELDS: dict[str, dict[str, str]] = {
    "household": {
        "who": "Who",
        "relation": "Who they are to the child (or adult)",
        "did": "What they did that others must know of",
        "spoken_to": "Has anybody of us spoken to them?",
    },
    "addresses": {"text": "Street and town", "note": "Whose, since when"},
    "needs": {"key": "What is needed", "detail": "Which language, what exactly"},
    "lead": {"name": "Name", "role": "What they are", "phone": "Number"},
    "assessments": {"what": "What was assessed", "by": "By whom", "on": "When", "found": "What was found"},
    "culture": {"advice": "What to know and do", "giver": "Who advises us"},
    "trusted": {"name": "Name", "phone": "Number", "agreed": "May they come along?"},
    "role": {"what": "What they may not know", "told_on": "Told on"},
    "promises": {"what": "What was promised", "by": "By whom", "on": "When", "state": "Kept?", "why": "If not, why"},
    "practical": {
        "dog": "Dog",
        "exits": "Ways out",
        "signal": "Signal",
        "parking": "Parking",
        "other": "Also",
    },
    "name": {"name": "Name of the family"},
    "only_us": {"only_us": "What is known of it"},
}
CHOICES: dict[str, dict[str, dict[str, str]]] = {
    "household": {"spoken_to": {"yes": "Yes", "no": "No", "not_known": "Not known"}},
    "trusted": {"agreed": {"yes": "Yes, both agreed", "no": "No", "not_asked": "Not asked yet"}},
    "promises": {"by": {"them": "Them", "us": "Us"}, "state": _KEPT},
}
#: Choices as they are said in the middle of a row, after whom or what they are about.
IN_A_ROW: dict[tuple[str, str], dict[str, str]] = {
    ("household", "spoken_to"): {
        "yes": "spoken to",
        "no": "not spoken to",
        "not_known": "spoken to? not known",
    },
    ("promises", "by"): {"them": "theirs", "us": "ours"},
    ("promises", "state"): {"open": "still to keep", "kept": "kept", "broken": "broken"},
}

TOLD = {"yes": "Yes", "no": "No", "not_yet": "Not yet"}
#: Who exactly said it, and where, belongs into the words of the fact.
SOURCES = {
    "seen": "One of us saw or heard it",
    "colleague": "A colleague told us",
    "family": "The family told us",
    "relative": "A relative told us",
    "neighbour": "A neighbour told us",
    "police": "Police",
    "school": "School, nursery",
    "health": "Health service",
    "housing": "Housing",
    "agency": "Another agency",
    "paper": "A paper, a court order",
    "other": "Another way",
    "debrief": "A debrief",
    "by_hand": "Set by hand",
}
FACT = Words(
    says={
        "kind": "What kind of fact is it?",
        "on": "When it happened",
        "says": "What is known, in a few words; who said it, where it is written",
        "source": "How is it known?",
        "review_on": "When to look at it again",
        "told": "Was the family told that we keep this?",
        "told_why": "What they were told; if nothing, why not",
        "their_view": "What they say of it",
        "why": "Why",
    },
    options={"told": TOLD, "source": SOURCES},
    help={"review_on": "Empty: as our rules say."},
)
RISK = Words(
    says={"why": "Why", "to": "Counts as", "days": "For how long"},
    options={
        "to": {"low": "Low", "medium": "Medium"},
        "days": {"7": "A week", "14": "Two weeks", "28": "Four weeks, the longest"},
    },
)
VISITS = {"yes": "Yes", "reduced": "Less than before", "no": "No more", "not_known": "Not known"}
STANCES = {
    "appeasing": "Gives way to keep the peace",
    "opposing": "Confronts",
    "neither": "Neither",
    "not_known": "Not known",
}
PARTNER = Words(
    says={
        "organisation": "Which agency",
        "contact": "Whom to reach there",
        "contact.name": "Name",
        "contact.role": "What they are",
        "contact.email": "E-mail",
        "contact.phone": "Number",
        "meets": "What they meet there",
        "visits": "Do they still go there?",
        "withheld": "What they withhold or do less of",
        "stance": "How they deal with it",
        "kept_out": "If they must not learn what we share about this family: why",
    },
    options={"visits": VISITS, "stance": STANCES},
)
PATTERNS = {
    "none": "Nobody meets hostility now.",
    "one": "One agency meets hostility: {only}. Why only them? Say what is known of it.",
    "several": "Several agencies meet hostility.",
    "most": "Most agencies meet hostility.",
}
TENSION = "Some give way while others confront: the family meets both. Agree on one way."
MEETING = {
    "most_hostile": "Most agencies meet hostility: a meeting of all is proposed.",
    "visits_drop": "Visits drop off: a meeting of all agencies is proposed.",
}
FIND = Words(says={"text": "Reference, or the exact name"})
NOTICES = {"statement": "How we expect to be treated", "code_of_conduct": "How we behave", "advice": "Advice"}
SUMMARY = Words(
    says={
        "purpose": "Why we came",
        "done": "What we did",
        "otherwise": "What follows if it is not done",
        "next_on": "When we speak again",
        "next_how": "How and where",
        **{f"row{n}": f"Who does what, {n + 1}" for n in range(30)},
        **{f"row{n}.what": "What" for n in range(30)},
        **{f"row{n}.who": "Who" for n in range(30)},
        **{f"row{n}.by": "By when" for n in range(30)},
    },
    help={"purpose": "Plain words: this goes to the family."},
)


def part_words(part: str, rows: int, options: dict[str, dict[str, str]]) -> Words:
    """The words of one part's form. `options`: those that only the moment knows, by field."""
    says, choices = FIELDS[part], {**CHOICES.get(part, {}), **options}
    if not rows:
        return Words(says=says, options=choices)
    numbered = {f"row{n}": f"{PARTS[part]}, {n + 1}" for n in range(rows)}
    return Words(
        says={**numbered, **{f"row{n}.{key}": text for n in range(rows) for key, text in says.items()}},
        options={f"row{n}.{key}": labels for n in range(rows) for key, labels in choices.items()},
    )
