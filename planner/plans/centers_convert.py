"""Conversions of township hospitals whose town became a 街道, told by a crosswalk that the user brings, and by nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from planner.errors import Problem, ScenarioError, Text
from planner.plans.sites import COLUMNS
from planner.region import Region

HOSPITALS = ("township_hospital",)
_FILE = "撤并对照表"


@dataclass(frozen=True)
class Successor:
    """One row of the crosswalk: the town that was, the 街道 or town that it is since, when, and who says so."""

    old_code: str
    new_code: str
    year: int
    source: str


@dataclass(frozen=True, eq=False)
class Conversions:
    """known: whether there is a crosswalk at all; without one it is 无数据, and nothing is inferred.

    table   facility columns of each hospital to convert, and old_code, new_code, year, source, why
    """

    known: bool
    table: pd.DataFrame


def conversions(region: Region, crosswalk: Sequence[Successor] | None) -> Conversions:
    """Return the open township hospitals of towns that the crosswalk leads to a 街道; ScenarioError for what it cannot be."""
    columns = [*COLUMNS, "village_code", "old_code", "new_code", "year", "source", "why"]
    if crosswalk is None:
        return Conversions(False, pd.DataFrame(columns=columns))
    _check(region, crosswalk)
    following = {one.old_code: one for one in crosswalk}
    names, kinds = region.towns.set_index("code")["name"], region.towns.set_index("code")["kind"]
    chains = [_chain(old, following) for old in sorted(set(following) - {one.new_code for one in crosswalk})]
    chains = [one for one in chains if kinds[one[-1].new_code] == "subdistrict"]
    rows = []
    for _, row in region.open_facilities(*HOSPITALS).iterrows():
        mine = [one for one in chains if row["town_code"] in _codes(one)]
        if mine:
            rows.append({**row[[*COLUMNS, "village_code"]].to_dict(), **_told(str(row["town_code"]), mine, names)})
    table = pd.DataFrame(rows, columns=columns).sort_values("id", kind="stable", ignore_index=True)
    return Conversions(True, table)


def _codes(chain: Sequence[Successor]) -> set[str]:
    return {chain[-1].new_code, *(one.old_code for one in chain)}


def _told(town: str, chains: Sequence[list[Successor]], names: pd.Series) -> dict[str, object]:
    """Return what the crosswalk says of a hospital in this town: its own old code, else every town that became its 街道."""
    last, own = chains[0][-1], any(town in {step.old_code for step in one} for one in chains)
    ends = list(dict.fromkeys(one[-1] for one in chains))
    years, sources = (list(dict.fromkeys(getattr(one, name) for one in ends)) for name in ("year", "source"))
    old = town if own else "、".join(one[0].old_code for one in chains)
    when = "、".join(f"{one} 年" for one in years)
    several = "" if own or len(chains) == 1 else f"；{len(chains)} 个乡镇并入，名录没有写明原属哪个"
    return {
        "old_code": old, "new_code": last.new_code, "year": years[0] if len(years) == 1 else "、".join(map(str, years)),
        "source": "；".join(sources), "why": f"{when}撤并为{names[last.new_code]}（{'；'.join(sources)}{several}）",
    }  # fmt: skip


def _chain(old: str, following: dict[str, Successor]) -> list[Successor]:
    chain = [following[old]]
    while chain[-1].new_code in following:
        chain.append(following[chain[-1].new_code])
    return chain


def _check(region: Region, crosswalk: Sequence[Successor]) -> None:
    """Refuse, with every reason at once, a crosswalk that leads in a circle, two ways, or nowhere."""
    following = {one.old_code: one.new_code for one in reversed(crosswalk)}
    found = [problem for at, one in enumerate(crosswalk, 1) for problem in _bad_row(at, one, following)]
    found += _circles(following)
    found = found or [*_nowhere(region, crosswalk, following)]
    if found:
        raise ScenarioError(found)


def _bad_row(at: int, one: Successor, following: dict[str, str]) -> Iterator[Problem]:
    for column, code in (("old_code", one.old_code), ("new_code", one.new_code)):
        if not (len(code) == 9 and code.isascii() and code.isdigit()):
            yield _problem(at, Text("代码须是 9 位数字", "a code must have nine digits"), code, column)
    if following[one.old_code] != one.new_code:
        what = Text("同一旧代码对应两个新代码", "one old code has two new ones")
        yield _problem(at, what, f"{one.old_code} → {following[one.old_code]}、{one.new_code}")


def _nowhere(region: Region, crosswalk: Sequence[Successor], following: dict[str, str]) -> Iterator[Problem]:
    known = set(region.towns["code"])
    for at, one in enumerate(crosswalk, 1):
        if one.new_code not in known and one.new_code not in following:
            what = Text("新代码不是本市现有的乡镇（街道）", "the new code is no town of this city today")
            yield _problem(at, what, one.new_code, "new_code")


def _circles(following: dict[str, str]) -> list[Problem]:
    """Return one problem a circle, with all its codes."""
    found, done = list[Problem](), set[str]()
    for start in sorted(following):
        path, code = list[str](), start
        while code in following and code not in path and code not in done:
            path.append(code)
            code = following[code]
        if code in path:
            circle = " → ".join([*path[path.index(code) :], code])
            found.append(_problem(0, Text("撤并关系成环", "the crosswalk runs in a circle"), circle))
        done |= set(path)
    return found


def _problem(row: int, what: Text, found: str, column: str = "") -> Problem:
    fix = Text("核对对照表", "check the crosswalk")
    return Problem(_FILE, what, fix, str(row) if row else "", column, found)
