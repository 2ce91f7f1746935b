"""Print the oldest version of each package that pyproject.toml allows, as constraints for pip: see `make test-lowest`."""

import tomllib
from pathlib import Path


def lowest(project: dict[str, list[str]]) -> list[str]:
    """Return "name==version" of each direct dependency, the version its lower bound.

    >>> lowest({"dependencies": ["numpy>=2.2", "xstatic-leaflet==1.9.3.0"]})
    ['numpy==2.2', 'xstatic-leaflet==1.9.3.0']
    """
    return [one.split(",")[0].replace(">=", "==") for one in project["dependencies"]]


if __name__ == "__main__":
    text = (Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8")
    print("\n".join(lowest(tomllib.loads(text)["project"])))
