"""What the command line says when something cannot be done: one plain sentence for each reason."""

from safety_service.domain.refusal import Refused

_SENTENCES = {
    "address_unknown": "That is no address of this kind.",
    "administrators_only": "There are administrators: say with --by which of them this is, by e-mail address.",
    "already_there": "{name} is on the standing list already.",
    "channel_gone": "That is over, or it was never there.",
    "channel_not_there": "There is no provider for {kind}: set it in the environment or in var/doorstep.env.",
    "channel_waits_already": "One of the kind {kind} waits for a second person already.",
    "chat_of_another": "That address speaks for somebody else already.",
    "cover_yourself": "Nobody can cover for themselves.",
    "deactivated": "{name} was deactivated. `doorstep people add` with the same e-mail address brings them back.",
    "ends_before_start": "The end is not after the start.",
    "excluded_from_self": "Nobody can be kept off themselves.",
    "name_taken": "There is {name!r} already.",
    "name_wanted": "Say who, by name.",
    "never_your_own": "Not for yourself: another administrator has to do this.",
    "newer_key": "Key {name} is newer than the one that is first here, and seals elsewhere already. Keep it, and move"
    " it to the first line here, too.",
    "not_on_duty": "{name} is not {post} at any time in these hours, so there is nothing to cover.",
    "not_there": "{name} is not on the standing list.",
    "number_unknown": "That is no phone number. With its country, please: +44 7700 900123.",
    "one_of_two_wanted": "Say either --worker or --family.",
    "period_wanted": "The end has to come after the beginning, by ten years at most.",
    "phone_unknown": "{why}.",
    "policy_offer_gone": "That waits no more: it was decided, its time is over, or there is a newer edition.",
    "post_unknown": "{post!r} is no post: a post is a name such as manager_on_duty or deputy_on_duty.",
    "reason_wanted": "Say the reason: somebody will ask.",
    "seals_otherwise": "The {role} on {host} seals with another key than the one that is first here, and perhaps does"
    " not have that. Give it the same keys in the same order, and start it again. If it is gone, wait a minute.",
    "second_administrator_wanted": "This is less strict, and there is no second administrator to agree. Add one first.",
    "shift_too_long": "One shift is at most {days} days. Is there a slip in a date?",
    "too_many_codes": "Too many codes were sent to them in this hour.",
    "until_past": "That has ended already.",
    "zone_unknown": "{zone!r} is not a time zone such as Europe/London.",
}


def sentence(refused: Refused) -> str:
    """The reason in words."""
    template = _SENTENCES.get(refused.code)
    return f"This cannot be done: {refused.code}." if template is None else template.format(**refused.facts)
