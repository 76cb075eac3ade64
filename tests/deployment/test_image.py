"""The Dockerfile and .dockerignore: what is copied is there, what is secret is not, and nobody in it is root."""

from __future__ import annotations

import re

import click

from safety_service import cli
from tests.deployment.files import ROOT, Line, compose, copied, dockerfile, is_left_out


def lines(word: str) -> list[Line]:
    """The last stage's lines with this instruction."""
    return [line for line in dockerfile()[-1] if line.word == word]


def test_what_is_copied_is_there_and_is_not_left_out() -> None:
    assert copied()
    for source, _ in copied():
        assert (ROOT / source).exists(), source
        assert not is_left_out(source), source


def test_every_package_of_the_project_is_copied() -> None:
    packages = {each.parent.name for each in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert packages <= {source for source, _ in copied()}


def test_secrets_data_tests_and_history_stay_out() -> None:
    for path in (
        *(".git/config", "secrets/secret_keys", "var/doorstep.db", ".env", "doorstep.env", "tests/world.py"),
        *(".venv/bin/python", "docs/operations.md", "safety_service/__pycache__/app.pyc", "docker-compose.yml"),
        *("benchmarks/seed.py", "requirements-dev.lock", "bots/__pycache__/x.pyc", "copies/night.copy"),
    ):
        assert is_left_out(path), path
    for path in ("safety_service/web/templates/page.html", "config/policy.toml", "pyproject.toml"):
        assert not is_left_out(path), path


def test_every_base_is_pinned_by_its_tag() -> None:
    bases = [stage[0].rest.split()[0] for stage in dockerfile()]
    assert len(set(bases)) == 1, "what was built for one Python does not run on another"
    assert re.fullmatch(r"python:\d+\.\d+\.\d+-slim-\w+", bases[0])


def test_everything_is_installed_by_the_lock_with_its_hashes_and_nothing_for_development() -> None:
    installs = [line.rest for stage in dockerfile() for line in stage if "pip install" in line.rest]
    assert len(installs) == 2
    assert "--require-hashes -r requirements.lock" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1], "nothing is fetched that the lock does not name"
    assert "[dev]" not in " ".join(installs)


def test_nobody_in_it_is_root_and_secrets_belong_to_the_same_number() -> None:
    (user,) = lines("USER")
    number = user.rest.split(":")[0]
    assert int(number) > 999
    assert dockerfile()[-1].index(user) > max(dockerfile()[-1].index(line) for line in lines("RUN"))
    assert f'owner="${{OWNER:-{number}}}"' in (ROOT / "scripts/secrets").read_text(encoding="utf-8")
    var = next(each for each in compose()["services"]["web"]["tmpfs"] if "/var:" in each)
    assert f"uid={number}" in var and var.startswith(lines("WORKDIR")[0].rest)


def test_its_tools_are_of_the_servers_version() -> None:
    client = re.search(r"postgresql-client-(\d+)", " ".join(line.rest for line in lines("RUN")))
    server = re.match(r"postgres:(\d+)\.", compose()["services"]["postgres"]["image"])
    assert client and server and client[1] == server[1]


def test_what_it_runs_and_what_asks_for_its_health_exist() -> None:
    assert lines("ENTRYPOINT")[0].listed == ["doorstep"]
    for words in (lines("CMD")[0].listed, health_check()[1:]):
        command = cli.doorstep.get_command(click.Context(cli.doorstep), words[0])
        assert command is not None
        with command.make_context(words[0], list(words[1:])):
            pass


def health_check() -> list[str]:
    """The words of the image's HEALTHCHECK."""
    options, _, words = lines("HEALTHCHECK")[0].rest.partition("CMD ")
    assert {"--interval", "--timeout", "--start-period"} <= {each.split("=")[0] for each in options.split()}
    return Line("CMD", words).listed
