"""The way out through the proxy that the environment names. One that we cannot use is said, and not gone around."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

#: Never through a proxy: on another machine that would be another service.
NEAR = ("127.0.0.1", "::1", "localhost")


class UnusableProxy(ValueError):
    """We cannot use the proxy that the environment names. Its address, which may hold a password, is not said."""


def proxy_for(url: str) -> str | None:
    """The proxy on the way to this address: HTTPS_PROXY or HTTP_PROXY, else ALL_PROXY; none where NO_PROXY says so."""
    there = urlsplit(url)
    named, host = getproxies(), there.hostname or ""
    scheme = there.scheme if named.get(there.scheme) else "all"
    if not named.get(scheme) or host in NEAR or proxy_bypass(host):
        return None
    proxy = named[scheme] if "://" in named[scheme] else f"http://{named[scheme]}"
    if not _is_usable(proxy):
        raise UnusableProxy(
            f"{scheme.upper()}_PROXY: must be the address of a proxy that begins with http:// (for one of another kind"
            f" name an http:// one, or go to {host} without: NO_PROXY={host})"
        )
    return proxy


def _is_usable(proxy: str) -> bool:
    try:
        parts = urlsplit(proxy)
        return parts.scheme.lower() == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
