"""What each figure of the policy is called on the pages: `policy_words.toml`, in the order in which it is read."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A figure's name. `pattern`: its path, in which `*` stands for one name."""

    pattern: Path_
    says: str

    def of(self, path: Path_) -> str | None:
        """What the figure at this path is called; None: it is another."""
        if len(path) != len(self.pattern):
            return None
        names = []
        for want, name in zip(self.pattern, path, strict=True):
            if want == "*":
                names.append(name.replace("_", " "))
            elif want != name:
                return None
        said = self.says.format(*names)
        return said[:1].upper() + said[1:]


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that are read together."""

    heading: str
    figures: tuple[Words, ...]


@cache
def sections() -> Sequence[Section]:
    """All of them, in order."""
    given = tomllib.loads(Path(__file__).with_name("policy_words.toml").read_text(encoding="utf-8"))
    return tuple(Section(each["heading"], tuple(_words(each["figures"]))) for each in given["sections"])


def _words(figures: dict[str, str]) -> Iterator[Words]:
    for pattern, says in figures.items():
        yield Words(tuple(pattern.split(".")), says)


@cache
def placed(path: Path_) -> tuple[int, int, str] | None:
    """In which section, and where in it, the figure at this path is read, and what it is called; None: nobody said."""
    for place, section in enumerate(sections()):
        for number, each in enumerate(section.figures):
            if (said := each.of(path)) is not None:
                return place, number, said
    return None


def words_for(path: Path_) -> str | None:
    """What the figure at this path is called; None: nobody has said yet."""
    found = placed(path)
    return None if found is None else found[2]
