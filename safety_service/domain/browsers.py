"""What a browser is called: a short plain name, so that its owner knows it again."""

from __future__ import annotations

#: What browsers write of themselves, and its name; the first that is found counts, as most write others' names too.
_BROWSERS = (
    (("Edg/", "EdgA/", "EdgiOS/"), "Edge"),
    (("OPR/", "OPiOS/"), "Opera"),
    (("SamsungBrowser/",), "Samsung Internet"),
    (("Firefox/", "FxiOS/"), "Firefox"),
    (("Chrome/", "CriOS/"), "Chrome"),
    (("Safari/",), "Safari"),
)
_SYSTEMS = (
    (("iPhone",), "iPhone"),
    (("iPad",), "iPad"),
    (("Android",), "Android"),
    (("Windows",), "Windows"),
    (("CrOS",), "Chromebook"),
    (("Macintosh",), "Mac"),
    (("Linux",), "Linux"),
)


def named(agent: str) -> str:
    """The name of a browser by what it says of itself: "Firefox on Android", or "A browser"."""
    browser, system = _first(_BROWSERS, agent), _first(_SYSTEMS, agent)
    if not browser:
        return "A browser"
    return f"{browser} on {system}" if system else browser


def _first(known: tuple[tuple[tuple[str, ...], str], ...], agent: str) -> str:
    return next((name for marks, name in known if any(each in agent for each in marks)), "")
