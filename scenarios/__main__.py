"""The command `fugai`."""

import gc
import sys

from scenarios.cli import program

_NEW_OBJECTS = 50_000
"""Fewer searches for garbage: tables make thousands of small objects at once, and few of them in circles."""


def main() -> int:
    """Run the command and return its exit code; as a process of its own, which may set how garbage is collected."""
    gc.set_threshold(_NEW_OBJECTS)
    return program.main()


if __name__ == "__main__":
    sys.exit(main())
