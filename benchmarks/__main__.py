"""`python -m benchmarks`: how fast, and how late at worst. See docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import uvloop

from benchmarks.ground import NAMES, Kind
from benchmarks.measuring import EVERY, measure
from benchmarks.scale import QUICK, WHOLE
from tests.services.run import UnavailableError


def main() -> int:
    """Measure what is asked for, print the tables, and keep them where `--out` says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast, and how late at worst.")
    parser.add_argument("--only", action="append", choices=EVERY, help="measure this (may be given more than once)")
    parser.add_argument("--database", choices=[*NAMES, "both"], default="both")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see in a minute that it works")
    parser.add_argument("--out", type=Path, help="a file to write the tables to")
    options = parser.parse_args()
    kinds: list[Kind] = list(NAMES) if options.database == "both" else [options.database]
    try:
        report = uvloop.run(measure(kinds, options.only or list(EVERY), QUICK if options.quick else WHOLE))
    except UnavailableError as missing:
        print(missing, file=sys.stderr)
        return 1
    print(report.markdown())
    if options.out:
        options.out.write_text(report.markdown() + "\n")
    return 1 if report.missing else 0


if __name__ == "__main__":
    sys.exit(main())
