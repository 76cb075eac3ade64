"""The database's address. It may name several servers of one database, of which one at a time takes what is kept."""

import re
from urllib.parse import parse_qsl, urlencode

SEVERAL = "several servers are written postgresql://user:password@db1:5432,db2:5432/database"
#: What a program that writes may ask of a server, in PostgreSQL's own words; both mean the same here.
ATTRIBUTE = "target_session_attrs"
_WRITES = frozenset({"read-write", "primary"})
#: A password may hold anything but an @.
_ADDRESS = re.compile(
    r"(?P<scheme>postgres(?:ql)?(?:\+\w+)?://)(?P<user>[^:/@]*(?::[^@]*)?@)?(?P<servers>[^/?]*)"
    r"(?P<path>/[^?]*)?(?:\?(?P<query>.*))?"
)
_SERVER = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[^:\[\]/]+)(?::(?P<port>\d{1,5}))?")
_LAST_PORT = 65535


def checked(url: str) -> str:
    """The address as it is. Raises ValueError, which quotes no password."""
    found = _ADDRESS.fullmatch(url)
    if found and found["scheme"] == "postgresql://":
        _check(found)
    elif not url.startswith("sqlite:"):
        raise ValueError("must begin with sqlite:///, or postgresql://user:password@host/database")
    return url


def each_server(url: str) -> list[str]:
    """The address of each server that it names: one, but where it names several."""
    found = _ADDRESS.fullmatch(url)
    if not found or not ("," in found["servers"] or ATTRIBUTE in url):
        return [url]
    query = urlencode([(name, value) for name, value in _asked(found) if name != ATTRIBUTE])
    rest = (found["path"] or "") + (f"?{query}" if query else "")
    return [f"{found['scheme']}{found['user'] or ''}{each}{rest}" for each in found["servers"].split(",")]


def _asked(found: re.Match[str]) -> list[tuple[str, str]]:
    return parse_qsl(found["query"] or "", keep_blank_values=True)


def _check(found: re.Match[str]) -> None:
    servers = found["servers"].split(",")
    for place, each in enumerate(servers, start=1):
        if each or len(servers) > 1:
            _check_server(place, each)
    if len(set(servers)) < len(servers):
        raise ValueError("names the same server twice")
    if len(servers) > 1 and not (found["path"] or "").strip("/"):
        raise ValueError(f"must name the database: {SEVERAL}")
    hosts = [value for name, value in _asked(found) if name == "host"]
    if len(hosts) > 1 or any("," in each for each in hosts) or (hosts and len(servers) > 1):
        raise ValueError(SEVERAL)
    if any(name == ATTRIBUTE and value not in _WRITES for name, value in _asked(found)):
        raise ValueError(f"{ATTRIBUTE} must be read-write: words are kept there")


def _check_server(place: int, server: str) -> None:
    named = _SERVER.fullmatch(server)
    if not named or not 0 < int(named["port"] or 1) <= _LAST_PORT:
        raise ValueError(f"server {place} must be a host, or a host and a port such as db1:5432")
