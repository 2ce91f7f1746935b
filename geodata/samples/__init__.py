"""The embedded samples of 攀枝花, 遂宁 and 雅安: facts, the builder that turns them into folders of files, and those folders.

See README.md for what is real, what is estimated and what is made up. Each is known by its name: `sample:panzhihua`.
"""

from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from planner.errors import Problem, ScenarioError, Text

SAMPLE = "sample:"


def facts_folder(data: Path | str) -> Path:
    """Return the folder of facts, or that of the embedded sample that is named.

    >>> facts_folder("sample:panzhihua").name, facts_folder("填报").name
    ('panzhihua', '填报')
    """
    said = str(data)
    return sample_folder(said.removeprefix(SAMPLE)) if said.startswith(SAMPLE) else Path(data)


def sample_folder(name: str) -> Path:
    """Return the folder of an embedded sample; ScenarioError for a name that is none."""
    home = Path(str(files("geodata.samples")))
    known = sorted(one.parent.name for one in home.glob("*/about.yaml") if one.parent.name not in {"facts", "build"})
    if name not in known:
        close = get_close_matches(name, known, n=1)
        guess = Text(f"是不是 {SAMPLE}{close[0]}；", f"did you mean {SAMPLE}{close[0]}; ") if close else Text("", "")
        fix = Text(f"{guess.zh}可用：{'、'.join(known)}", f"{guess.en}known: {', '.join(known)}")
        raise ScenarioError(Problem(SAMPLE + name, Text("没有这个示例", "there is no such sample"), fix))
    return home / name
