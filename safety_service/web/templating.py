"""Jinja as the pages use it: strict with our own templates, lenient with the design system's macros.

Those ask for every parameter that they know whether it was given or not; in a template of ours a name that is not
there is a mistake, and says so.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import jinja2

MACROS = "govuk_frontend_jinja"


class Environment(jinja2.Environment):
    """Takes the macros from an environment beside it."""

    _macros: jinja2.Environment | None = None

    def get_template(
        self,
        name: str | jinja2.Template,
        parent: str | None = None,
        globals: MutableMapping[str, Any] | None = None,  # noqa: A002 - Jinja's own name for it
    ) -> jinja2.Template:
        """As Jinja does. Raises TemplateNotFound."""
        if isinstance(name, str) and name.startswith(f"{MACROS}/"):
            return self.macros.get_template(name.removeprefix(f"{MACROS}/"), parent, globals)
        return super().get_template(name, parent, globals)

    @property
    def macros(self) -> jinja2.Environment:
        """Where the macros are lenient, and find one another."""
        if self._macros is None:
            self._macros = _Macros(
                loader=jinja2.PackageLoader(MACROS), undefined=jinja2.ChainableUndefined, autoescape=True
            )
        return self._macros


class _Macros(jinja2.Environment):
    def join_path(self, template: str, parent: str) -> str:  # noqa: ARG002 - as Jinja calls it
        """Among themselves they go by their whole name."""
        return template.removeprefix(f"{MACROS}/")


def environment(folder: Path, **filters: Any) -> Environment:
    """The pages' own, with the templates of a folder and these filters."""
    made = Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(folder)]),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(filters)
    return made
