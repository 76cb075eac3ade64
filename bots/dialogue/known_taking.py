"""What the code speaks of around taking alarms without a chat, and many of them at once."""

BRACES: dict[str, str] = {
    "reply.text_took": "number worker worker_phone no_phone address by_at take_url",
    "reply.text_taken": "owner reply",
    "reply.text_news": "number by_at",
    "reply.text_help": "",
    "reply.took_all": "numbers others more",
    "bundle.alarms": "count alarms more",
    "line.bundled": "number worker kind reply",
}
BUTTONS = ("take_all", "list_alarms")
#: The same, where it is about duress.
VARIANTS = {"reply.text_took": ("duress",)}
