"""The rule files and registers of clauses that come with the tool, YAML per policy document; light, so that help can name them."""

from importlib.resources import files


def standard_names() -> tuple[str, ...]:
    """Return the names of the rule files, sorted.

    >>> "panzhihua_2023" in standard_names()
    True
    """
    return tuple(
        sorted(one.name.removesuffix(".yaml") for one in files(__name__).iterdir() if one.name.endswith(".yaml"))
    )


def standard_text(name: str) -> str:
    """Return the text of one of them."""
    return files(__name__).joinpath(f"{name}.yaml").read_text("utf-8")


def clause_names() -> tuple[str, ...]:
    """Return the names of the registers of clauses, one of a document, sorted.

    >>> "panzhihua_2023" in clause_names()
    True
    """
    folder = files(__name__).joinpath("clauses")
    return tuple(sorted(one.name.removesuffix(".yaml") for one in folder.iterdir() if one.name.endswith(".yaml")))


def clause_text(name: str) -> str:
    """Return the text of one of them."""
    return files(__name__).joinpath("clauses", f"{name}.yaml").read_text("utf-8")
