"""Run one benchmark by name, print its table and keep it under benchmarks/results/."""

import argparse
from importlib import import_module
from pathlib import Path

NAMES = ("reach", "siting", "districts", "scale")
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Read the name and the sizes, run, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--quick", action="store_true", help="small sizes only; the table is printed and not kept")
    options = parser.parse_args()
    lines: list[str] = []

    def say(line: str = "") -> None:
        print(line, flush=True)
        lines.append(line)

    import_module(f"benchmarks.{options.name}").run(say, quick=options.quick)
    if not options.quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{options.name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


main()
