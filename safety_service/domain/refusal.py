"""A word that cannot be done now, and why."""


class Refused(Exception):
    """What was asked is not possible in this state; nothing changed.

    `code` names the reason in the wording file (`refused.<code>`); `facts` fill its braces.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
