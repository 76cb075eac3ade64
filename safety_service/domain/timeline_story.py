"""The lines of an alert's timeline, from its facts."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from config.duration import say_duration
from safety_service.domain.local_time import say_time
from safety_service.domain.timeline import Deed, Facts, Line, Sending, WordSaid, page
from safety_service.domain.timeline_words import DID, FOUND, KINDS, KNOWN_BY, message, plain, said
from safety_service.domain.words import MISSES, State

#: A word that was heard this much later than it was said names both times; so does a message that reached somebody.
LATER = timedelta(seconds=5)
#: Told by other lines: those of the messages.
_ELSEWHERE = frozenset({"was_told", "was_shown", "was_sent"})
_CAUSES = {
    "down": "it was not running",
    "suspended": "its machine stood still",
    "clock": "its clock was wrong",
    "database": "its database was away",
    "failing": "its sweeps failed",
    "restored": "a copy was put back",
}
_DROPPED = {
    "taken": "somebody had taken it",
    "taken_over": "somebody had taken it",
    "resolved": "it was closed",
    "stale": "it came too late to be asked",
    "answered": "it was answered",
}


def told(facts: Facts) -> str:
    """The whole page."""
    return page(facts, _head(facts), [*happened(facts), *_messages(facts)], _table(facts))


def happened(facts: Facts) -> list[Line]:
    """What was said, missed and done, in order; but not what each message became."""
    story = [*_words(facts), *_opened(facts), *_deeds(facts), *_service(facts)]
    return sorted(story, key=lambda each: (each.at, each.order))


def _head(facts: Facts) -> list[str]:
    alert = facts.alert
    lines = [
        f"ALERT {alert.number}: {KINDS[alert.kind]}",
        f"{facts.agency}. Times are those of {facts.zone.key}.",
        "",
    ]
    if alert.worker_id is not None:
        lines.append(f"Worker: {facts.called([alert.worker_id])}")
    if facts.visit:
        lines.append(facts.visit)
    lines += [f"Opened: {say_time(alert.opened_at, facts.zone)}", f"Now: {_state(facts)}"]
    took = min((each.at for each in facts.deeds if each.verb == "took"), default=None)
    if took is not None:
        lines.append(f"First taken after {say_duration(took - alert.opened_at)}.")
    return [*lines, f"Ladder: {_ladder(facts)}"]


def _state(facts: Facts) -> str:
    alert = facts.alert
    if alert.state is State.RESOLVED and alert.resolution is not None and alert.resolved_at is not None:
        ended = f"closed {facts.moment(alert.resolved_at)} by {facts.name(alert.resolution.by)}: {_finding(facts)}"
        return ended + (f", agreed by {facts.name(facts.agreed_by)}" if facts.agreed_by else "")
    if alert.state is State.TAKEN:
        return f"{facts.name(alert.owner_id)} has it"
    return "nobody has it"


def _finding(facts: Facts) -> str:
    found = facts.alert.resolution
    assert found is not None
    return f"{FOUND[found.found]}, {KNOWN_BY[found.known_by]}"


def _ladder(facts: Facts) -> str:
    ladder = facts.alert.ladder
    rungs = [
        f"{number} {plain(each.who)}, {'again every ' if number == ladder.last else ''}{say_duration(each.answer)}"
        for number, each in enumerate(ladder.rungs, start=1)
    ]
    at_once = f"; rungs 1 to {ladder.together} at once" if ladder.together > 1 else ""
    return f"{' · '.join(rungs)}{at_once}. Not reached within {say_duration(ladder.reach)}: the next."


def _words(facts: Facts) -> Iterator[Line]:
    for each in facts.words:
        yield Line(each.heard_at, 1, f"{facts.name(each.worker_id)} said: {said(each.kind)}{_around(facts, each)}")


def _around(facts: Facts, word: WordSaid) -> str:
    parts = [word.via]
    if word.heard_at - word.said_at > LATER:
        parts.append(f"said {facts.moment(word.said_at)}")
    if word.elsewhere:
        parts.append("on another visit" if facts.visit else "on a visit")
    # How far it was from the other address says nothing of the one that stands at the head.
    elif facts.with_text and word.away_m is not None:
        parts.append(f"{word.away_m} m from the address")
    note = f' "{word.note}"' if facts.with_text and word.note else ""
    return f" ({', '.join(parts)}){note}"


def _opened(facts: Facts) -> Iterator[Line]:
    alert = facts.alert
    if alert.kind in MISSES:
        yield Line(alert.due_at, 0, f"A word of {facts.name(alert.worker_id)} was due. None came.")
    yield Line(alert.opened_at, 2, f"ALERT {alert.number} opened: {KINDS[alert.kind]}.")


def _deeds(facts: Facts) -> Iterator[Line]:
    """What the log says, in its order: the ladder's steps, and what people did between them."""
    before: Deed | None = None
    highest = 0
    for deed in facts.deeds:
        if deed.verb == "told" and not deed.details:
            # Removed, or no key opens it.
            yield Line(deed.at, 3, "A rung is told.")
        elif deed.verb == "told":
            rung = int(deed.details.get("rung", 0))
            why = "" if before is None else _why(facts, before, deed.at)
            yield Line(deed.at, 3, f"{why}{_rung(facts, deed, highest, rung)}")
            before, highest = deed, max(rung, highest)
        elif deed.verb not in _ELSEWHERE:
            yield Line(deed.at, 3, _deed(facts, deed))


def _rung(facts: Facts, deed: Deed, before: int, rung: int) -> str:
    ladder, passed = facts.alert.ladder, [str(each) for each in deed.details.get("passed", ())]
    new = [number for number in range(before + 1, rung + 1) if ladder.rung(number).who not in passed]
    posts = ", ".join(plain(ladder.rung(number).who) for number in new or [rung])
    numbers = " and ".join(str(number) for number in new or [rung])
    people = [UUID(each) for each in deed.details.get("people", ())]
    says = f"Rung {numbers} ({posts}) is told{'' if new else ' again'}: {facts.called(people)}."
    if passed:
        says += f" Nobody stands on: {', '.join(plain(each) for each in passed)}."
    if not deed.details.get("messages", 1):
        says += " None of them can be reached."
    return says


def _why(facts: Facts, before: Deed, at: datetime) -> str:
    """Why it climbed after the telling before, as far as the rows tell it."""
    if any(each.verb in ("took", "escalated") and before.at <= each.at <= at for each in facts.deeds):
        return ""
    alarms = [each for each in facts.sendings if _is_alarm(each) and each.step == before.details.get("step")]
    if any(each.reached_at is not None and each.reached_at <= at for each in alarms):
        return "Nobody has taken it. "
    if len(alarms) < int(before.details.get("messages", 0)):
        return ""  # Only the latest messages are here: what became of these is not known.
    return "Nobody of them was reached. "


def _deed(facts: Facts, deed: Deed) -> str:
    details = deed.details
    if deed.verb == "not_delivered":
        what = message(str(details.get("template", "")))
        return f"{facts.name(deed.about)} did not get “{what}” by {details.get('channel')}: {details.get('error')}."
    if deed.verb == "nobody_there":
        return "Nobody on duty or standing by can be reached: the administrators are told."
    note = f' "{details["note"]}"' if facts.with_text and details.get("note") else ""
    via = f" ({plain(str(details['via']))})" if details.get("via") else ""
    return f"{facts.name(deed.by)} {_did(facts, deed)}{via}.{note}"


def _did(facts: Facts, deed: Deed) -> str:
    details = deed.details
    if deed.verb == "passed_on":
        return f"offers it to {facts.called([UUID(str(details['to']))]) if details.get('to') else 'somebody'}"
    if deed.verb in ("resolved", "waits_for_second") and details.get("found") in FOUND:
        found = f"{FOUND[str(details['found'])]}, {KNOWN_BY.get(str(details.get('known_by')), 'not said how known')}"
        return f"closed it: {found}" if deed.verb == "resolved" else f"found: {found}. A second person has to agree"
    return DID.get(deed.verb) or plain(deed.verb)


def _service(facts: Facts) -> Iterator[Line]:
    for deed in facts.service:
        since, until = deed.details.get("from"), deed.details.get("until")
        if deed.verb == "not_watched" and since and until:
            begun, ended = datetime.fromisoformat(since), datetime.fromisoformat(until)
            why = _CAUSES.get(str(deed.details.get("cause")), "why is not known")
            yield Line(begun, 0, f"THE SERVICE STOPPED WATCHING: {why}.")
            gap = say_duration(ended - begun)
            yield Line(
                deed.at, 0, f"The service watches again. Nobody was watched since {facts.moment(begun)} ({gap})."
            )
        elif deed.verb == "started":
            yield Line(deed.at, 0, "The service was started.")


def _messages(facts: Facts) -> Iterator[Line]:
    for (at, template), group in _grouped(facts.sendings, lambda each: each.put_at):
        yield Line(at, 4, f"To {_people(facts, group)}: {_what(facts, template, group)}")
    reached = [each for each in facts.sendings if _worth_saying(each)]
    for (at, template), group in _grouped(reached, lambda each: each.reached_at):
        yield Line(at, 5, f"Reached with “{message(template)}”: {_people(facts, group)}{_tries(group)}.")
    alone = [each for each in facts.sendings if each.reached_at is None and each.channel != "webchat"]
    for (at, template), group in _grouped(alone, lambda each: each.sent_at):
        yield Line(at, 5, f"“{message(template)}” went out to {_people(facts, group)}: that alone is not reached.")


def _what(facts: Facts, template: str, group: Sequence[Sending]) -> str:
    first = min(each.put_at for each in group)
    again = _is_alarm(group[0]) and any(
        each.template == template and each.put_at < first and each.to in {one.to for one in group}
        for each in facts.sendings
    )
    what = message(template) + (" again" if again else "")
    return what if what.endswith("?") else f"{what}."


def _worth_saying(each: Sending) -> bool:
    """Alarms say when they reached somebody; of the rest only what took long. The table has it all."""
    return each.reached_at is not None and (_is_alarm(each) or each.reached_at - each.put_at > LATER)


def _is_alarm(each: Sending) -> bool:
    return each.template.startswith("alarm.")


def _tries(group: Sequence[Sending]) -> str:
    most = max(each.attempts for each in group)
    return f", at the {most}. try" if most > 1 else ""


def _grouped(
    sendings: Iterable[Sending], at: Callable[[Sending], datetime | None]
) -> list[tuple[tuple[datetime, str], list[Sending]]]:
    groups: Mapping[tuple[datetime, str], list[Sending]] = defaultdict(list)
    for each in sendings:
        if (moment := at(each)) is not None:
            groups[moment, each.template].append(each)
    return list(groups.items())


def _people(facts: Facts, group: Sequence[Sending]) -> str:
    ways: dict[str, list[str]] = defaultdict(list)
    for each in group:
        ways[facts.called([each.to])].append(each.channel)
    return ", ".join(f"{name} ({', '.join(sorted(channels))})" for name, channels in sorted(ways.items()))


def _table(facts: Facts) -> list[str]:
    rows = [
        (facts.moment(each.put_at), facts.called([each.to]), each.channel, message(each.template), fate(facts, each))
        for each in facts.sendings
    ]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    return ["  ".join([*(row[at].ljust(widths[at]) for at in range(4)), row[4]]) for row in rows]


def fate(facts: Facts, each: Sending) -> str:
    """What became of a message, in a few words."""
    tries = f", {each.attempts} tries" if each.attempts > 1 else ""
    maybe = ", perhaps more than once" if each.maybe_sent else ""
    error = f": {each.error}" if each.error else ""
    if each.reached_at is not None:
        return f"reached {facts.moment(each.reached_at)}{tries}{maybe}"
    if each.state == "sent" and each.sent_at is not None:
        shown = (
            "not shown yet" if each.channel == "webchat" else f"went out {facts.moment(each.sent_at)}, not confirmed"
        )
        return f"{shown}{tries}{maybe}"
    if each.state == "failed":
        return f"never taken{tries}{error}"
    if each.state == "dropped":
        return f"not sent: {_DROPPED.get(each.error or '', each.error or 'no longer wanted')}"
    return ("held back" if each.state == "held" else "still to go out") + tries + error
