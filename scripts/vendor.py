"""Put the design system's files (and the tests' axe-core) where they are kept, from their published packages.

    npm pack govuk-frontend@6.6.0 axe-core@4.14.1 leaflet@1.9.4      three archives, here
    .venv/bin/python -m scripts.vendor FOLDER                        takes them from that folder

Left out: what is for government's own pages only (its font, its crest), and links to files that are not kept.
"""

from __future__ import annotations

import re
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
GOVUK = ROOT / "safety_service" / "web" / "static" / "vendor" / "govuk-frontend"
LEAFLET = ROOT / "safety_service" / "web" / "static" / "vendor" / "leaflet"
AXE = ROOT / "tests" / "browser" / "vendor" / "axe-core"
#: One family name stands in each rule; a variable of ours says which type is taken.
FONT = "GDS Transport,arial,sans-serif"
OURS = "var(--ds-font,arial,sans-serif)"


def packed(archive: Path, path: str) -> str:
    """The text of one file of a package. Raises KeyError: it is not in it."""
    with tarfile.open(archive) as files:
        found = files.extractfile(f"package/{path}")
        assert found is not None, path
        return found.read().decode()


def plain_style(css: str) -> str:
    """The style sheet without the font, the crest and the map of its source."""
    css = re.sub(r"/\*!(?:(?!\*/).)*Margaret Calvert.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"@font-face\{[^}]*\}", "", css).replace(FONT, OURS)
    css = re.sub(r"url\(/assets/images/govuk-crest\.svg\)", "none", css)
    return re.sub(r"/\*# sourceMappingURL=.*?\*/\s*$", "", css)


def without_map(script: str) -> str:
    """A script without the link to the map of its source."""
    return re.sub(r"//# sourceMappingURL=.*$", "", script.rstrip())


def main(folder: Path) -> None:
    """Write the files again. Raises StopIteration: an archive is missing."""
    govuk = next(folder.glob("govuk-frontend-*.tgz"))
    css = plain_style(packed(govuk, "dist/govuk/govuk-frontend.min.css"))
    script = without_map(packed(govuk, "dist/govuk/govuk-frontend.min.js"))
    (GOVUK / "govuk-frontend.min.css").write_text(css)
    (GOVUK / "govuk-frontend.min.js").write_text(script)
    leaflet = next(folder.glob("leaflet-*.tgz"))
    (LEAFLET / "leaflet.css").write_text(re.sub(r"url\([^)]*\)", "none", packed(leaflet, "dist/leaflet.css")))
    (LEAFLET / "leaflet.js").write_text(without_map(packed(leaflet, "dist/leaflet.js")))
    (LEAFLET / "LICENSE.txt").write_text(packed(leaflet, "LICENSE"))
    axe = next(folder.glob("axe-core-*.tgz"))
    for name in ("axe.min.js", "LICENSE"):
        (AXE / name).write_text(packed(axe, name))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
