"""`scripts/bench`: runs the benchmarks that were named, prints a table of them."""

from __future__ import annotations

import argparse
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from bench.table import Line, render

NAMES = ["cold", "startup", "dispatch", "idle", "memory", "debugger", "attach"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of: {' '.join(NAMES)}; all when left out")
    parser.add_argument("--files", type=int, default=1_000_000, help="how many files dispatch and memory go up to")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in NAMES]
    if unknown:
        parser.error(f"no benchmark {', '.join(unknown)}; there are: {' '.join(NAMES)}")
    folder = Path(tempfile.mkdtemp(prefix="batchscope-bench-"))
    lines: list[Line] = []
    try:
        for name in options.names or NAMES:
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            place = folder / name
            place.mkdir()
            lines += importlib.import_module(f"bench.{name}").measure(place, options.files)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(render(lines))
    return 0 if all(line.is_reached for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
