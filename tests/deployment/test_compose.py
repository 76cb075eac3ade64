"""docker-compose.yml, held against the code and against what a container of ours may do."""

from __future__ import annotations

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic import ValidationError

from config.secret_files import from_files
from config.settings import SECRET, known_variables
from safety_service import cli
from safety_service.commands.serve import ROLES
from tests.deployment.files import INTERPOLATED, ROOT, SECRETS, compose, dockerfile, environment, ours, services
from tests.deployment.overrides import merged, override
from tests.deployment.specification import Compose

#: What nobody may go without where several processes share one database.
NEEDED = {
    "DOORSTEP_DATABASE_URL",
    "DOORSTEP_SECRET_KEYS",
    "DOORSTEP_REDIS_URL",
    "DOORSTEP_LISTEN",
    "DOORSTEP_PUBLIC_URL",
}

each_service = pytest.mark.parametrize("name", services())
each_of_ours = pytest.mark.parametrize("name", ours())


def test_an_engine_can_read_all_that_is_said() -> None:
    Compose.model_validate(compose())


@pytest.mark.parametrize("after", ["For more web processes on this machine", "In containers: leave our `postgres` out"])
def test_an_engine_can_read_it_also_with_what_the_runbook_adds(after: str) -> None:
    Compose.model_validate(merged(compose(), override(after)))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("services.redis.healthcheck.retries", "x"),
        ("services.redis.healthcheck.retries", 0),
        ("services.redis.healthcheck.interval", "10"),
        ("services.redis.healthcheck.test", ["redis-cli", "ping"]),
        ("services.redis.stop_grace_period", "ten seconds"),
        ("services.redis.restart", False),
        ("services.redis.comand", ["redis-server"]),
        ("services.redis.command", "redis-server"),
        ("services.redis.image", None),
        ("services.redis.read_only", "yes"),
        ("services.redis.tmpfs", ["data:size=16m"]),
        ("services.web.ports", ["127.0.0.1:80:8080:1"]),
        ("services.web.depends_on.migrat", {"condition": "service_completed_successfully"}),
        ("services.web.depends_on.migrate.condition", "service_done"),
        ("services.web.depends_on.migrate.condition", "service_healthy"),
        ("services.web.networks", ["inside", "outsde"]),
        ("services.web.environment.DOORSTEP_LISTEN", ["0.0.0.0:8080"]),
        ("services.scheduler.deploy.replicas", "2"),
        ("services.postgres.volumes", ["databse:/var/lib/postgresql/data"]),
        ("services.postgres.secrets", ["databse_password"]),
        ("services.postgres.shm_size", "much"),
        ("services.postgres.logging.options.max-size", 20),
        ("secrets.database_password.fil", "secrets/database_password"),
        ("networks.inside.internal", "true"),
        ("version", "3"),
    ],
)
def test_what_an_engine_would_refuse_is_refused_here(where: str, value: Any) -> None:
    broken = deepcopy(compose())
    *way, last = where.split(".")
    part = broken
    for each in way:
        part = part[each]
    part[last] = value
    with pytest.raises(ValidationError):
        Compose.model_validate(broken)


@each_service
def test_of_this_machine_only_two_folders_are_seen(name: str) -> None:
    sources = {volume.split(":")[0] for volume in services()[name].get("volumes", [])}
    assert {each for each in sources if each.startswith((".", "/", "~"))} <= {"./secrets", "./copies"}


@each_of_ours
def test_whoever_stays_is_asked_for_its_health_as_the_image_says(name: str) -> None:
    """An image built in OCI's format has no HEALTHCHECK: then nobody asks, and `ps` shows a hung one as well."""
    said = services()[name]["healthcheck"]
    if services()[name]["restart"] == "no":
        assert said == {"disable": True}
        return
    (line,) = [line.rest for line in dockerfile()[-1] if line.word == "HEALTHCHECK"]
    options, _, words = line.partition("CMD ")
    of_image = {name.replace("-", "_"): value for name, value in re.findall(r"--([\w-]+)=(\S+)", options)}
    assert said["test"] == ["CMD", *json.loads(words)]
    assert {name: str(value) for name, value in said.items() if name != "test"} == of_image


def test_there_is_a_service_for_each_role_and_there_are_two_schedulers() -> None:
    said = {tuple(each["command"]): name for name, each in services().items() if "serve" in each.get("command", [])}
    assert {words[-1] for words in said} == set(ROLES)
    assert services()["scheduler"]["deploy"]["replicas"] >= 2


@each_of_ours
def test_every_command_exists_with_its_options(name: str) -> None:
    words = ours()[name]["command"]
    if words == ["--help"]:
        return
    command = cli.doorstep.get_command(click.Context(cli.doorstep), words[0])
    assert command is not None, words
    with command.make_context(words[0], list(words[1:])):
        pass


@each_of_ours
def test_every_variable_is_one_and_none_that_is_needed_is_left_out(name: str) -> None:
    said = environment(ours()[name], DOORSTEP_PUBLIC_URL="https://doorstep.example.org")
    assert set(said) <= known_variables()
    assert {each.removesuffix("_FILE") for each in said} >= NEEDED


def test_what_comes_from_dot_env_is_a_variable_of_ours_and_asked_for_when_it_is_missing_or_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    found = dict(INTERPOLATED.findall(text))
    assert set(found) <= known_variables()
    assert found.pop("DOORSTEP_REDIS_URL") == "-redis://redis:6379/0"
    assert all(how.startswith(":?") for how in found.values()), "without it links would lead nowhere"


@each_service
def test_no_secret_is_in_the_environment(name: str) -> None:
    for variable, value in services()[name].get("environment", {}).items():
        assert variable not in SECRET or "@" not in str(value), f"{variable} holds a password"
        if re.search(r"PASSWORD|KEYS|TOKEN|SECRET", variable):
            assert variable.endswith("_FILE"), variable
        if variable.endswith("_FILE"):
            assert str(value).startswith(SECRETS)


def test_another_redis_may_be_named_in_a_file(tmp_path: Path) -> None:
    """Its address holds a password. What stands in the environment goes before doorstep.env, and would be set twice."""
    file = tmp_path / "redis_url"
    file.write_text("rediss://:word@elsewhere:6379/0")
    file.chmod(0o400)
    name, public = "DOORSTEP_REDIS_URL", "https://doorstep.example.org"
    assert environment(ours()["web"], DOORSTEP_PUBLIC_URL=public)[name] == "redis://redis:6379/0"
    said = environment(ours()["web"], DOORSTEP_PUBLIC_URL=public, DOORSTEP_REDIS_URL="")
    found, faults = from_files(SECRET, {name: said[name], f"{name}_FILE": str(file)})
    assert (found, faults) == ({name: "rediss://:word@elsewhere:6379/0"}, [])


def test_every_secret_that_is_named_is_made_by_the_script(tmp_path: Path) -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    made = set(re.findall(r"\| make (\w+)", (ROOT / "scripts/secrets").read_text(encoding="utf-8")))
    assert set(re.findall(rf"(?:{SECRETS}|file: secrets/)(\w+)", text)) == made


def test_only_the_pages_have_a_port_and_that_on_this_machine() -> None:
    ports = {name: each["ports"] for name, each in services().items() if "ports" in each}
    assert list(ports) == ["web"]
    (port,) = ports["web"]
    listen = environment(ours()["web"], DOORSTEP_PUBLIC_URL="x")["DOORSTEP_LISTEN"]
    assert port.startswith("127.0.0.1:") and port.endswith(listen.rpartition(":")[2])


def test_with_what_the_runbook_says_each_of_several_webs_has_a_port_of_this_machine() -> None:
    web = merged(compose(), override("For more web processes on this machine"))["services"]["web"]
    (ports,) = web["ports"]
    machine, first, last, inner = re.fullmatch(r"([\d.]+):(\d+)-(\d+):(\d+)", ports).groups()  # type: ignore[union-attr]
    assert (machine, inner) == ("127.0.0.1", services()["web"]["ports"][0].rpartition(":")[2])
    assert int(last) - int(first) + 1 > web["deploy"]["replicas"] > 1, "one begins while another still ends"
    assert web["command"] == services()["web"]["command"]


def test_the_database_and_redis_are_on_the_inner_network_alone() -> None:
    assert compose()["networks"]["inside"] == {"internal": True}
    assert [services()[name]["networks"] for name in ("postgres", "redis")] == [["inside"]] * 2


@each_of_ours
def test_whoever_talks_to_the_database_gets_to_one_that_is_elsewhere(name: str) -> None:
    assert set(ours()[name]["networks"]) == {"inside", "outside"}


def test_with_what_the_runbook_says_a_database_elsewhere_is_used_and_ours_not_waited_for() -> None:
    with_it = merged(compose(), override("In containers: leave our `postgres` out"))
    assert "postgres" not in with_it["services"]
    for name, service in with_it["services"].items():
        assert set(service.get("depends_on", {})) <= set(with_it["services"]), name
    assert with_it["services"]["web"]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


@each_of_ours
def test_our_containers_can_write_nothing_but_what_is_lost_with_them(name: str) -> None:
    service = ours()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert all(volume.endswith(":ro") or volume.startswith("./copies:") for volume in service["volumes"])


@each_service
def test_whoever_ends_is_started_again_unless_it_was_for_once(name: str) -> None:
    once = name in {"migrate", "doorstep"}
    assert services()[name]["restart"] == ("no" if once else "unless-stopped")
    assert once or "@sha256" in services()[name]["image"] or not services()[name]["image"].endswith("latest")
    assert re.search(r":\d", services()[name]["image"]), "an image is pinned by its tag"


def test_nobody_begins_before_the_database_is_up_to_date() -> None:
    assert services()["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for name in ("web", "bot", "scheduler"):
        assert services()[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(folder / "scripts/secrets")],
        env={"PATH": "/usr/bin:/bin", "OWNER": str(folder.stat().st_uid)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_made_once_for_one_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "scripts").mkdir()
    for name in ("secrets", "lib.sh"):
        (tmp_path / "scripts" / name).write_bytes((ROOT / "scripts" / name).read_bytes())
    first = run_script(tmp_path)
    assert first.returncode == 0, first.stderr
    made: dict[str, Any] = {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    assert set(made) == {"secret_keys", "database_password", "database_url"}
    assert made["database_password"].strip() in made["database_url"]
    assert all(each.stat().st_mode & 0o777 == 0o400 for each in (tmp_path / "secrets").iterdir())
    again = run_script(tmp_path)
    assert "is there already, and stays" in again.stderr
    assert made == {each.name: each.read_text() for each in (tmp_path / "secrets").iterdir()}
    assert not any(value.strip() in first.stdout + first.stderr for value in made.values())


def test_what_the_script_makes_is_kept_out_of_the_history() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/secrets/", "/copies/", "/doorstep.env", "/.env", "/var/"} <= set(ignored)
