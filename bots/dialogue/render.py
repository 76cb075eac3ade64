"""From a template and its params to what is shown: text and buttons, within what the channel may carry."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bots.dialogue import plainly
from bots.dialogue.buttons import Tap, rows_for
from bots.dialogue.dressing import Frame, Params, dress
from bots.dialogue.known import the_wording
from config.policy import Policy
from config.wording import Line, Sensitivity, Wording
from safety_service.domain.reaching import WRITTEN

log = logging.getLogger(__name__)

#: Telegram's limit for one message, in characters.
LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Button:
    """What can be pressed: it sends its token, opens its url, or (`position`) sends where the phone is."""

    label: str
    token: str | None = None
    url: str | None = None
    kind: Literal["token", "url", "position"] = "token"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message as it is shown. `remove_at_door`: to be taken off the screen when the person goes in, where it can."""

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    remove_at_door: bool = False


def ceiling_for(policy: Policy, channel: str, template: str) -> str:
    """What this channel may carry of this message: an alarm carries what people need to act."""
    alarm = template.startswith(("alarm.", "ring.")) or template in _ACTED_FROM
    ceilings = policy.alarm_ceilings if alarm else policy.ceilings
    return next((level for each, level in ceilings.items() if each == channel), "public")


_ACTED_FROM = frozenset({"alert.offer", "reply.words_999", "reply.map", "reply.call", "reply.took", "reply.alert"})


def render(
    template: str,
    params: dict[str, Any],
    *,
    channel: str,
    ceiling: str,
    zone: ZoneInfo,
    repeat: bool = False,
    now: datetime | None = None,
    public_url: str = "",
) -> Rendered:
    """Never raises: what cannot be rendered is said in a built-in short form (P2).

    `ceiling`: public, plan or case (`ceiling_for`). `repeat`: it may have arrived before. `now`: when the message was
    made (outbox `created_at`); times of other days carry their day. `public_url`: where our own pages are.
    """
    asked = _Asked(template, params, channel, repeat, public_url)
    try:
        return _render(asked, Sensitivity[ceiling.upper()], Frame(the_wording(), zone, now))
    except Exception:
        log.exception("a message could not be rendered: %s", template)
        return _short_form(asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    template: str
    params: Params
    channel: str
    repeat: bool
    public_url: str

    @property
    def leads(self) -> bool:
        """Whether it is there to lead to a page, whatever the channel may carry."""
        return self.template == "form.elsewhere" or bool(self.params.get("page"))

    @property
    def page(self) -> str | None:
        """Our own page for what the channel may not carry: `page` (a path) among the params, or where it is shown."""
        if not self.public_url:
            return None
        base = self.public_url.rstrip("/")
        if self.params.get("page"):
            return f"{base}{self.params['page']}"
        return f"{base}/alerts/{self.params['alert_id']}" if self.params.get("alert_id") else f"{base}/chat"


def _render_plain(asked: _Asked, ceiling: Sensitivity, frame: Frame) -> Rendered:
    """Text alone. What may not be said here is on our own page, which a call cannot lead to."""
    words = dress(plainly.spoken(asked.params, asked.channel, asked.public_url), frame)
    names = plainly.wholes(asked.template, asked.channel)
    wording = frame.wording
    lines = [line for name in names for line in wording.templates[_moment(wording, name, asked.params)]]
    said = [(line.sensitivity, text) for line in lines if (text := line.filled(words)) is not None]
    shown = [text for sensitivity, text in said if sensitivity <= ceiling]
    first, *rest = shown or [frame.say("waiting")]
    if len(shown) < len(said) and asked.page is not None and asked.channel in WRITTEN:
        rest.append(frame.say("more", url=asked.page))
    heard = frame.say("say.this_is") + " " if asked.channel == "voice" else ""
    return Rendered(_cut(plainly.fitted([heard + _opening(asked, frame) + first, *rest], asked.channel)))


def _render(asked: _Asked, ceiling: Sensitivity, frame: Frame) -> Rendered:
    if plainly.is_plain(asked.channel):
        return _render_plain(asked, ceiling, frame)
    words = dress(asked.params, frame)
    lines = _lines(frame.wording, asked.template, asked.params)
    said = [(line.sensitivity, text) for line in lines if (text := line.filled(words)) is not None]
    if not said:
        raise ValueError(f"nothing can be said of {asked.template}")
    shown = [text for sensitivity, text in said if sensitivity <= ceiling]
    rows = [tuple(_button(frame, tap) for tap in row) for row in rows_for(asked.template, asked.params)]
    if asked.page is not None and (len(shown) < len(said) or asked.leads):
        _offer_page(asked, frame, shown, rows)
    public = all(sensitivity is Sensitivity.PUBLIC or sensitivity > ceiling for sensitivity, _ in said)
    text = _opening(asked, frame) + ("\n".join(shown) or frame.say("waiting"))
    return Rendered(_cut(text), tuple(rows), remove_at_door=not public or _tells(asked))


#: Said to everybody, and still nothing for whoever looks over a shoulder: what we are for, and that help was sent.
_TELLING = frozenset({"ask.going_in", "link.done", "reply.help", "reply.help_wanted_outside", "reply.sos_outside"})


def _tells(asked: _Asked) -> bool:
    """A form tells, too: its buttons whose home it is, and what is expected there; so does a link to a page."""
    return asked.leads or asked.template in _TELLING or asked.template.startswith("form.")


def _offer_page(asked: _Asked, frame: Frame, shown: list[str], rows: list[tuple[Button, ...]]) -> None:
    """A button where it can be one; Telegram takes https addresses only, so another is said in the text."""
    assert asked.page is not None
    if asked.channel == "webchat" or asked.page.startswith("https://"):
        label = frame.say(str(asked.params.get("page_label", "button.more")))
        rows.append((Button(label, url=asked.page, kind="url"),))
    else:
        shown.append(frame.say("more", url=asked.page))


def _lines(wording: Wording, template: str, params: Params) -> list[Line]:
    whole = [template]
    if template.startswith("alarm.") or template == "alert.offer":
        whole += ["alarm.place", "alarm.ring", "alarm.told"]
    return [line for name in whole for line in wording.templates[_moment(wording, name, params)]]


def _moment(wording: Wording, template: str, params: Params) -> str:
    """The wording for this moment, where there is one: asked again, this risk, this kind."""
    if template.startswith("refused.") and template not in wording.templates:
        return "refused.other"
    moments = ["again"] if params.get("again") else []
    moments += [str(params[key]) for key in ("variant", "kind", "risk") if params.get(key)]
    return next((name for each in moments if (name := f"{template}/{each}") in wording.templates), template)


def _opening(asked: _Asked, frame: Frame) -> str:
    again = frame.say("again") if asked.template.startswith("alarm.") and asked.params.get("again") else ""
    return (frame.say("repeat") if asked.repeat else "") + again


def _button(frame: Frame, tap: Tap) -> Button:
    label = frame.say("say.chosen", label=label_of(frame, tap)) if tap.picked else label_of(frame, tap)
    return Button(label, None if tap.token is None else str(tap.token), kind=tap.kind)


def label_of(frame: Frame, tap: Tap) -> str:
    """What stands on a button."""
    if tap.said is not None:
        return tap.said
    if tap.at is not None:
        return frame.say("say.now") if tap.at == "now" else frame.clock(tap.at)
    if tap.seconds is not None:
        return frame.length(tap.seconds)
    return frame.say(tap.label if "." in tap.label else f"button.{tap.label}", **tap.words)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _short_form(asked: _Asked) -> Rendered:
    """Without the wording, which may be what failed. A worker's screen still says nothing of what it is about."""
    where = f" {asked.page}" if asked.page and asked.channel != "voice" else ""
    if not asked.template.startswith(("alarm.", "alert.", "ring.")):
        return Rendered(f"A message is waiting for you.{where}")
    number = asked.params.get("number")
    watched = "duress" in (asked.params.get("kind"), asked.params.get("variant"), asked.template.partition(".")[2])
    act = "Do not ring or text. Ring 999 now." if watched else "Act now."
    return Rendered(f"{'ALARM' if number is None else f'ALARM {number}'}. {act}{where}")
