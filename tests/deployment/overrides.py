"""What the runbook says to write into docker-compose.override.yml, and what Compose makes of both files together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.deployment.files import ROOT


@dataclass(frozen=True)
class Instead:
    """A value with a tag: `!reset` takes away what was there, `!override` puts this in its place."""

    value: Any
    gone: bool


class _Loader(yaml.SafeLoader):  # type: ignore[misc]
    """YAML with the two tags of Compose."""


def _tagged(loader: _Loader, tag: str, node: yaml.Node) -> Instead:
    plain = {yaml.SequenceNode: loader.construct_sequence, yaml.MappingNode: loader.construct_mapping}
    construct = plain.get(type(node))
    return Instead(construct(node, deep=True) if construct else None, gone=tag == "reset")


_Loader.add_multi_constructor("!", _tagged)


def override(after: str) -> dict[str, Any]:
    """The first block of YAML after these words of the runbook."""
    rest = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition(after)[2]
    block = re.search(r"^```yaml\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)
    assert block, f"the runbook has no YAML after {after!r}"
    found: dict[str, Any] = yaml.load(block[1], _Loader)
    return found


def merged(first: Any, second: Any) -> Any:
    """As Compose does: mappings by their keys, lists one after the other, anything else the second."""
    if isinstance(second, Instead):
        return second.value
    if isinstance(first, dict) and isinstance(second, dict):
        gone = {name for name, value in second.items() if isinstance(value, Instead) and value.gone}
        both = {**first, **{name: merged(first.get(name), value) for name, value in second.items()}}
        return {name: value for name, value in both.items() if name not in gone}
    if isinstance(first, list) and isinstance(second, list):
        return [*first, *second]
    return second
