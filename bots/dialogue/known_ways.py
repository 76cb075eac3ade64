"""What the code speaks of around the ways to reach people: proving them, agreeing to them, who cannot be woken."""

_WAY = "kind name at"

BRACES: dict[str, str] = {
    **{f"take.{each}": "number take_url reply" for each in ("text", "voice")},
    "channel.code": "code minutes",
    "channel.again": "code minutes",
    "channel.sign_in": "sign_in_url minutes",
    "channel.waiting": _WAY,
    "account.waiting": "name at",
    "channel.old": "kind at",
    "link.waiting": "kind at",
    "link.agreed": "kind by",
    "link.refused": "kind by",
    "link.ended": "kind at",
    "reply.channel_agreed": _WAY,
    "reply.channel_refused": _WAY,
    "night.gap": "names post starts_at",
    "night.nothing_wakes": "",
    "night.standing": "count",
    "canary.came": "at late",
    "readiness.asleep": "worker starts_at ref post",
}
REFUSALS: dict[str, str] = {
    **dict.fromkeys("channel_gone number_unknown address_unknown code_wrong too_many_codes".split(), ""),
    **dict.fromkeys(("account_gone", "account_of_another"), ""),
    "channel_not_there": "kind",
    "channel_waits_already": "kind",
}
BUTTONS = ("channel_yes", "channel_no")
KINDS = ("voice", "sms", "email", "hook", "account")
