"""What only Telegram says, read from its own wording file."""

from __future__ import annotations

from collections.abc import Mapping

from config.wording import SHIPPED, Sensitivity, Wording, WordingError, read_wording

OWN = SHIPPED.with_name("telegram.toml")
COMMAND = "command."
#: Each with what is filled in.
TEMPLATES: Mapping[str, frozenset[str]] = {
    "code_wanted": frozenset(),
    "linking_only": frozenset({"link"}),
    "no_groups": frozenset(),
    "not_kept": frozenset({"office"}),
    "use_paperclip": frozenset(),
}


class Words:
    """Sentences of Telegram's own, and the reasons of refusals, which all channels share."""

    def __init__(self, shared: Wording) -> None:
        """Raises WordingError where the file and the code differ."""
        self._shared = shared
        self._own = read_wording(OWN)
        commands = frozenset(name for name in self._own.labels if name.startswith(COMMAND))
        if faults := self._own.faults(TEMPLATES, commands):
            raise WordingError(faults)

    @property
    def commands(self) -> dict[str, str]:
        """The menu: each command with what it says of itself."""
        return {name.removeprefix(COMMAND): says for name, says in self._own.labels.items()}

    def own(self, name: str, **filled: str) -> str:
        """A sentence of Telegram's own."""
        return _public_text(self._own, name, filled)

    def refusal(self, code: str) -> str:
        """Why something was refused, to somebody of whom nothing is known yet."""
        known = f"refused.{code}" in self._shared.templates
        return _public_text(self._shared, f"refused.{code}" if known else "refused.other", {})


def _public_text(wording: Wording, name: str, filled: Mapping[str, str]) -> str:
    lines = (line.filled(filled) for line in wording.templates[name] if line.sensitivity is Sensitivity.PUBLIC)
    return "\n".join(line for line in lines if line)
