"""What of the compose specification docker-compose.yml uses, with the type of each key.

A misspelt key, a count that is a word, or a service that is not there would be found on the machine itself, at night.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Text = Annotated[str, StringConstraints(min_length=1)]
Duration = Annotated[str, StringConstraints(pattern=r"^(\d+(\.\d+)?(h|ms|us|m|s))+$")]
Size = Annotated[str, StringConstraints(pattern=r"^\d+[bkmg]b?$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.-]*$")]
#: As YAML reads it, an unquoted `no` is false, and refused here as by an engine.
Restart = Annotated[str, StringConstraints(pattern=r"^(no|always|unless-stopped|on-failure(:\d+)?)$")]
_PORTS = r"\d+(-\d+)?"
Port = Annotated[str, StringConstraints(pattern=rf"^((\d+(\.\d+){{3}}:)?{_PORTS}:)?{_PORTS}(/(tcp|udp))?$")]
Mount = Annotated[
    str, StringConstraints(pattern=r"^(\.{1,2}/|/|~)?[\w.-][\w./-]*:/[\w./-]+(:(ro|rw|z|Z)(,(ro|rw|z|Z))*)?$")
]
_OPTION = r"(mode=[0-7]+|size=\d+[kmg]?|uid=\d+|gid=\d+)"
Tmpfs = Annotated[str, StringConstraints(pattern=rf"^/[\w./-]+(:{_OPTION}(,{_OPTION})*)?$")]
Words = Annotated[list[str], Field(min_length=1)]


class _Part(BaseModel):
    """Nothing but the keys that are named here, and each of its own type: `"3"` is no number."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Healthcheck(_Part):
    test: Words | None = None
    interval: Duration | None = None
    timeout: Duration | None = None
    start_period: Duration | None = None
    retries: Annotated[int, Field(ge=1)] | None = None
    disable: bool = False

    @model_validator(mode="after")
    def _asks_or_is_off(self) -> Self:
        if self.disable is bool(self.test) or (self.test and (self.test[0] != "CMD" or len(self.test) < 2)):
            raise ValueError("either CMD with words, or disable")
        return self


class Condition(_Part):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class EnvFile(_Part):
    path: Text
    required: bool = True


class Logging(_Part):
    driver: Text
    options: dict[Text, str]


class Deploy(_Part):
    replicas: Annotated[int, Field(ge=1)]


class Service(_Part):
    image: Text
    build: Text | None = None
    command: Words | None = None
    user: Text | None = None
    init: bool = False
    restart: Restart
    stop_grace_period: Duration | None = None
    read_only: bool = False
    tmpfs: list[Tmpfs] = []
    cap_drop: list[Text] = []
    security_opt: list[Text] = []
    shm_size: Size | None = None
    environment: dict[Name, str | int | float | bool | None] = {}
    env_file: list[EnvFile] = []
    volumes: list[Mount] = []
    networks: list[Name] = []
    ports: list[Port] = []
    secrets: list[Name] = []
    depends_on: dict[Name, Condition] = {}
    healthcheck: Healthcheck | None = None
    deploy: Deploy | None = None
    profiles: list[Name] = []
    logging: Logging

    @property
    def kept_in(self) -> set[str]:
        """The volumes of the engine that it mounts: what comes from a folder begins with its path."""
        return {source for source in (each.partition(":")[0] for each in self.volumes) if source[0] not in "./~"}


class Network(_Part):
    internal: bool = False


class Secret(_Part):
    file: Text


class Compose(_Part):
    """The whole file. Raises ValidationError for what an engine would refuse, or not heed."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")] | None = None
    services: dict[Name, Service]
    networks: dict[Name, Network | None] = {}
    volumes: dict[Name, None] = {}
    secrets: dict[Name, Secret] = {}

    @model_validator(mode="before")
    @classmethod
    def _without_what_is_only_shared(cls, given: Any) -> Any:
        return {key: value for key, value in given.items() if not re.match("x-", key)}

    @model_validator(mode="after")
    def _what_is_named_is_there(self) -> Self:
        for name, service in self.services.items():
            for what, named, there in (
                ("service", set(service.depends_on), set(self.services)),
                ("network", set(service.networks), set(self.networks)),
                ("volume", service.kept_in, set(self.volumes)),
                ("secret", set(service.secrets), set(self.secrets)),
            ):
                if missing := named - there:
                    raise ValueError(f"{name}: no {what} {', '.join(sorted(missing))}")
            self._whom_it_waits_for_can_say_so(name, service)
        return self

    def _whom_it_waits_for_can_say_so(self, name: str, service: Service) -> None:
        for other, how in service.depends_on.items():
            asked = self.services[other].healthcheck
            if how.condition == "service_healthy" and (asked is None or asked.disable):
                raise ValueError(f"{name} waits for {other} to be healthy, and nobody asks {other}")
