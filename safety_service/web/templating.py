"""Jinja as the pages use it: strict with our own templates, lenient with the design system's macros.

Those ask for every parameter that they know whether it was given or not; in a template of ours a name that is not
there is a mistake, and says so.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2
from jinja2.bccache import Bucket

MACROS = "govuk_frontend_jinja"


class _Compiled(jinja2.BytecodeCache):
    """Each template is compiled once in a process, however many applications it serves: the tests serve thousands."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled of this very text, if it was."""
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self._kept[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


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
                loader=jinja2.PackageLoader(MACROS),
                undefined=jinja2.ChainableUndefined,
                autoescape=True,
                bytecode_cache=_COMPILED,
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
        bytecode_cache=_COMPILED,
    )
    made.filters.update(filters)
    return made
