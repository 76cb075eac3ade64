"""The runbook: whatever it says to type exists, so that nobody finds out at three in the morning."""

from __future__ import annotations

import re

import click
import pytest

from config.settings import SECRET
from safety_service import cli
from tests.deployment.files import ROOT, services

PAGE = ROOT / "docs/operations.md"
TEXT = PAGE.read_text(encoding="utf-8")
#: Lines to be typed: a block of its own, or within a sentence. What is between fences goes into a file.
_PLAIN = re.sub(r"^```.*?^```$", "", TEXT, flags=re.MULTILINE | re.DOTALL)
TYPED = [*re.findall(r"^ {4}(\S.*)$", _PLAIN, re.MULTILINE), *re.findall(r"`((?:docker|sudo|scripts)[ /][^`]+)`", TEXT)]
COMPOSE = {"build", "exec", "logs", "ps", "restart", "run", "stop", "up", "version"}
#: What a machine has that Doorstep is installed on.
OTHERS = {"chcon", "chown", "echo", "git", "rm"}


def test_whatever_is_to_be_typed_begins_with_something_that_is_there() -> None:
    assert len(TYPED) > 20
    for line in TYPED:
        words = line.removeprefix("sudo ").removeprefix("OWNER=… ").split()
        if words[0].startswith("scripts/"):
            script = ROOT / words[0]
            assert script.is_file() and script.stat().st_mode & 0o100, line
        else:
            assert words[0] in OTHERS | {"docker", "install"}, line


def test_every_word_of_compose_is_one_and_every_service_is_there() -> None:
    lines = [line.split()[2:] for line in TYPED if line.startswith("docker compose")]
    assert len(lines) > 12
    for word, *rest in lines:
        assert word in COMPOSE, word
        if word == "run":
            _is_a_command(rest[rest.index("doorstep") + 1 :])
        elif word != "exec":
            named = [each for each in rest if re.fullmatch(r"[a-z]+", each)]
            assert set(named) <= set(services()), named


def _is_a_command(words: list[str]) -> None:
    if not words:
        return  # the beginning of any
    context = click.Context(cli.doorstep)
    command = cli.doorstep.get_command(context, words[0])
    assert command is not None, words
    if isinstance(command, click.Group):
        assert command.get_command(context, words[1]) is not None, words


def test_every_secret_is_named_as_a_file() -> None:
    section = TEXT.partition("## Secrets")[2].partition("\n## ")[0]
    assert {f"{name}_FILE" for name in SECRET} <= set(re.findall(r"DOORSTEP_[A-Z_]+_FILE", section))


def test_every_file_that_is_named_is_in_the_project_or_made_by_the_script() -> None:
    made = (ROOT / "scripts/secrets").read_text(encoding="utf-8")
    for folder, name in re.findall(r"`(secrets|config)/([\w./]+)`", TEXT):
        assert (ROOT / folder / name).exists() or f"make {name}" in made, name


def test_nothing_is_said_here_that_is_said_for_operators_already() -> None:
    def sentences(text: str) -> set[str]:
        return {each.strip() for each in re.split(r"(?<=[.!?:])\s", " ".join(text.split())) if len(each) > 60}

    assert sentences(TEXT) & sentences((ROOT / "docs/operators.md").read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("secret", ["secret_keys", "database_url"])
def test_what_the_script_is_to_leave_is_put_there_before_it(secret: str) -> None:
    put = [at for at, line in enumerate(TYPED) if line.startswith("sudo install") and f"secrets/{secret}" in line]
    assert put
    for at in put:
        assert "sudo scripts/secrets" in TYPED[at : at + 3], "afterwards there are keys that open nothing of theirs"
        assert TYPED[at - 1] == "sudo install -d -m 0700 -o 10001 secrets", "the folder is not there yet"


def test_no_command_in_a_container_is_given_a_file_that_is_not_in_there() -> None:
    typed = [re.sub(r"\$\([^)]*\)", "today", line) for line in TYPED if " run " in line]
    given = [word for line in typed for word in line.split() if re.search(r"\w\.(csv|toml|copy)$", word)]
    assert {word.rpartition(".")[2] for word in given} == {"csv", "toml", "copy"}
    assert [word for word in given if not word.startswith("copies/")] == []


def test_whatever_is_moved_to_is_a_secret_or_an_address_and_in_a_container_one_that_outlives_it() -> None:
    """A path to no file is refused; `var/` of a container is in memory, small, and gone with it."""
    moves = [each.partition(" move ")[2].split() for each in re.findall(r"doorstep move \S+ [^\s`]+", TEXT)]
    inside = [line.split()[-1] for line in TYPED if re.search(r" run .*doorstep move ", line)]
    assert {"/run/secrets/database_url", "sqlite:///copies/embedded.db"} == set(inside)
    command = cli.doorstep.get_command(click.Context(cli.doorstep), "move")
    assert command is not None
    for _, target in moves:
        if target != "/run/secrets/database_url":
            with command.make_context("move", ["sqlite:///old.db", target]):
                pass


def test_nothing_that_is_typed_while_people_are_out_ends_both_schedulers() -> None:
    assert [line for line in TYPED if re.search(r"compose restart.* scheduler", line)] == []
    begun = [at for at, line in enumerate(TYPED) if re.fullmatch(r"docker compose up( --build)? --detach", line)]
    before = [TYPED[at - 1] for at in begun]
    first, *others = before
    assert "> .env" in first, "nobody is watched before the first start"
    assert len(others) == 2
    for line in others:
        assert line.startswith(("docker stop doorstep-scheduler", "docker compose run --rm doorstep restore")), line


def test_the_doctor_is_asked_at_night_also_while_the_database_is_ill() -> None:
    """Otherwise the engine waits for a healthy one, and then says no more than that it is not."""
    night = TEXT.partition("## At three in the morning")[2].partition("|")[0]
    assert "`docker compose run --rm --no-deps doorstep doctor`" in night


def test_the_runbook_asks_for_a_compose_that_reads_what_is_written_for_it() -> None:
    """`required` beside `path` came with 2.24.0, `!override` with 2.24.4; an older one stops."""
    said = re.search(r"Compose (\d+)\.(\d+)\.(\d+) or newer", TEXT)
    assert said and tuple(map(int, said.groups())) >= (2, 24, 4)
