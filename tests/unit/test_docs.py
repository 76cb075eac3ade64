"""What the documentation names is there: links, pictures, make targets, commands, settings, decisions."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from config.settings import PREFIX, Settings, known_variables
from safety_service.cli import doorstep

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PICTURES = ROOT / "docs" / "pictures"
LINK = re.compile(r"\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
MAKE = re.compile(r"(?:^ {4}|`)make ([a-z]+)", re.MULTILINE)
COMMAND = re.compile(r"(?:^ {4}|`|\(|/)doorstep ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)?)", re.MULTILINE)
SETTING = re.compile(rf"\b{PREFIX}[A-Z_]+\b")
TABLED = re.compile(rf"^\| `({PREFIX}[A-Z_]+)` \|", re.MULTILINE)
#: Named where tests are spoken of: processes under test read it.
FOR_TESTS = {"DOORSTEP_CLOCK_OFFSET_FILE"}
LARGEST = 150_000  # bytes of a picture

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def anchors(page: Path) -> set[str]:
    """The headings of a page, as links name them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for found in LINK.findall(text_of(page)):
        target = found[0] or found[1]
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = page.parent / name if name else page
        assert there.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(there), f"{target}: no such heading"


@each_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(MAKE.findall(text_of(page))) <= targets


@each_page
def test_every_command_that_is_named_exists(page: Path) -> None:
    context = click.Context(doorstep)
    for words in COMMAND.findall(text_of(page)):
        name, _, below = words.partition(" ")
        command = doorstep.get_command(context, name)
        assert command is not None, f"there is no `doorstep {name}`"
        if below and isinstance(command, click.Group):
            assert command.get_command(context, below) is not None, f"there is no `doorstep {words}`"


@each_page
def test_every_option_of_a_command_that_is_named_exists(page: Path) -> None:
    context = click.Context(doorstep)
    for line in re.findall(r"doorstep ([a-z][^`\n]*)", text_of(page)):
        words = line.split()
        command = doorstep.get_command(context, words[0])
        if isinstance(command, click.Group) and len(words) > 1:
            command = command.get_command(context, words[1])
        known = {option for each in (command.params if command else ()) for option in each.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@each_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    assert set(SETTING.findall(text_of(page))) <= known_variables() | FOR_TESTS


def test_every_setting_is_in_the_readmes_table_once() -> None:
    tabled = TABLED.findall(text_of(ROOT / "README.md"))
    assert sorted(tabled) == sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        links = (found[0].partition("#")[0] for found in LINK.findall(text_of(page)))
        waiting += [(page.parent / each).resolve() for each in links if each.endswith(".md") and ":" not in each]
    assert set(PAGES) <= reached


def test_every_picture_is_shown_is_small_and_says_what_is_on_it() -> None:
    pictures = {each.name: each for each in PICTURES.iterdir()}
    found = [re.findall(r'<img src="(?:docs/)?pictures/([^"]+)"[^>]* alt="([^"]+)"', text_of(each)) for each in PAGES]
    shown = dict(each for page in found for each in page)
    assert set(shown) == set(pictures)
    assert all(shown.values())
    assert all(each.stat().st_size < LARGEST for each in pictures.values())
