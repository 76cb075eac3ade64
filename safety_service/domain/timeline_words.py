"""What the timeline of an alert says of each word, deed and message: short sentences, our own."""

from safety_service.domain.words import Kind

KINDS = {
    Kind.NOT_BEGUN: "not begun",
    Kind.MISSED_CHECK_IN: "missed check-in",
    Kind.NOT_OUT: "not out",
    Kind.NOT_HOME: "not home",
    Kind.RING_ME: "asked to be rung, and nobody rang",
    Kind.SOS: "call for help",
    Kind.DURESS: "duress",
    Kind.UNDELIVERABLE: "messages do not arrive",
    Kind.UNWATCHED: "somebody is not being watched",
}

SAID = {
    "begin": "going in",
    "ok": "OK",
    "extend": "it takes longer",
    "silence": "will be silent for a while",
    "out": "out",
    "home": "home",
    "cancel": "not going",
    "ring_me": "ring me",
    "sos": "send help",
    "note": "a note",
    "battery": "battery low",
}

#: What a person did: after their name.
DID = {
    "took": "has it",
    "noted": "noted",
    "escalated": "had the next rung woken",
    "news_still_trying": "is still trying",
    "news_police_rung": "has rung 999",
    "news_note": "told everyone",
    "ring_spoke": "rang, and spoke with them: fine",
    "ring_raise": "says that it is an alarm",
    "ring_no_answer": "rang, and nobody answered",
    "read": "opened the alert",
    "kept_back": "was asked for a word of their own first",
    "link_opened": "opened the link of the alarm",
}

FOUND = {
    "safe": "safe",
    "false_alarm": "a false alarm",
    "late": "only late",
    "helped": "was helped",
    "police": "the police have it",
    "harmed": "harmed",
}

KNOWN_BY = {
    "heard_voice": "heard their voice",
    "seen": "saw them",
    "police_told": "has it from the police",
    "other": "known another way",
}

#: What a message was, by its template.
MESSAGES = {
    "alert.taken": "who has it",
    "alert.taken_over": "who has it now",
    "alert.lapsed": "nobody has it any more",
    "alert.news_wanted": "any news?",
    "alert.news_still_trying": "news: still trying",
    "alert.news_police_rung": "news: 999 was rung",
    "alert.news_note": "a note",
    "alert.came": "something came from them",
    "alert.came_along": "something came from who goes along",
    "alert.offer": "will you take it?",
    "alert.not_accepted": "the offer was not taken up",
    "alert.second_wanted": "do you agree to what was found?",
    "alert.nobody": "nobody can be reached",
    "alert.resolved": "it is closed",
    "worker.read": "read",
    "ring.wanted": "please ring them",
    "ask.going_in": "going in?",
    "ask.not_begun": "going in, late, not going?",
    "ask.still_on": "still on?",
    "ask.check_in": "all well?",
    "ask.end": "out?",
    "ask.home": "home?",
    "ask.own_word": "your word?",
}


def message(template: str) -> str:
    """What a message of this template was, in a few words."""
    family, _, what = template.partition(".")
    if family == "alarm":
        return "the alarm"
    if family == "alert" and what.startswith("late_"):
        return f"the worker said {said(what.removeprefix('late_'))}"
    if family == "alert" and what.startswith("again_"):
        return "it happened again"
    return MESSAGES.get(template) or plain(what or template)


def said(kind: str) -> str:
    """A worker's word."""
    return SAID.get(kind) or plain(kind)


def plain(name: str) -> str:
    """A name of the program's as words."""
    return name.replace("_", " ").replace(".", " ")
