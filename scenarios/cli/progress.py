"""Progress on the terminal: a spinner with the step under way; plain silence where there is no terminal."""

from collections.abc import Iterator
from contextlib import contextmanager

from planner.errors import Language
from scenarios.run import Step


@contextmanager
def steps(language: Language) -> Iterator[Step]:
    """Yield a function that tells which step is under way."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("") as status:
        yield lambda text: status.update(text.say(language))
