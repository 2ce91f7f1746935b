"""The pages of plans as the commands make them: what a planner decided about roads and centres is what is drawn."""

import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scenarios.cli.program import main
from tests import tiny

PLANS = {
    "subcenters": ("次中心方案地图.html", "plan", ["-p", "1", "--candidates", "TH1,TH2"]),
    "emergency": ("急救站方案地图.html", "plan", ["--grid", "0", "--rural", "none"]),
    "centers": ("社区中心方案地图.html", "centers", ["--way", "paper"]),
    "rural": ("乡村方案地图.html", "rural", []),
}


def data_of(data: Path, out: Path, plan: str, *more: str) -> Any:
    page, name, given = PLANS[plan]
    words = ["plan", plan, str(data), "--rules", "panzhihua_2023", "--out", str(out), *given, *more]
    assert main(words) == 0
    text = (out / page).read_text("utf-8")
    found = re.search(rf'<script type="application/json" id="{name}-data">(.*?)</script>', text, re.S)
    assert found
    return json.loads(found[1])


@pytest.mark.parametrize("plan", PLANS)
def test_closed_roads_are_those_of_the_plan(plan: str, tmp_path: Path) -> None:
    data = tiny.write_with_roads(tmp_path / "data")
    roads = data_of(data, tmp_path / "open", plan)["roads"]
    assert roads["closed"] == roads["crosses"] == []
    closed = data_of(data, tmp_path / "closed", plan, "--closed", "W2")["roads"]
    assert len(closed["closed"]) == len(closed["crosses"]) == 1
    drawn = {str(one) for kind in ("major", "minor") for one in closed[kind]}
    assert str(closed["closed"][0]) not in drawn


def test_a_second_centre_in_a_community_is_told_of_the_load_of_both(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "data")
    frame = tiny.facilities()
    second = ["CHC2", "甲一第二社区卫生服务中心", "community_health_center", 101.651, 26.551, "open", ""]
    frame = pd.concat([frame, pd.DataFrame([second], columns=frame.columns)])
    frame.to_csv(data / "facilities.csv", index=False, encoding="utf-8-sig")
    first, other = data_of(data, tmp_path / "out", "centers")["centers"]
    assert [first["id"], other["id"]] == ["CHC1", "CHC2"]
    assert first["district"] == other["district"] == "CHC1"
    assert first["sharing"] == other["sharing"] == 2
    assert first["planned"] == other["planned"] == 30_000
    said = dict(other["said"])
    assert said["方案服务人口"].startswith(f"30,000 人（与{first['name']}合计，上限的 15.00%）")
    assert dict(first["said"])["方案服务人口"].startswith("30,000 人（2 所合计，上限的 15.00%）")
    assert said["社区"] == dict(first["said"])["社区"] == "2 个"
    assert said["所在社区"] == dict(first["said"])["所在社区"]


def test_figures_of_centres_are_of_the_time_and_the_county(tmp_path: Path) -> None:
    """Nothing of the plan is in today's figures, and those of the counties add up to those of the city."""
    found = data_of(tiny.write(tmp_path / "data"), tmp_path / "out", "centers")
    facts = {time: {where: dict(said) for where, said in by.items()} for time, by in found["facts"].items()}
    assert set(facts) == {"planned", "today"}
    assert set(facts["today"]) == {"", *(one["county"] for one in found["communities"])}
    assert {one["状态"] for one in facts["today"].values()} == {"现状，不是方案"}
    assert not [said for one in facts["today"].values() for said in one.values() if "新设" in said or "再设" in said]
    for by in facts.values():
        people = {where: int(re.sub(r"\D", "", one["服务对象"])) for where, one in by.items()}
        assert sum(people.values()) == 2 * people[""]
    beyond = sum(one["beyond_today"] for one in found["communities"])
    assert facts["today"][""]["步行范围外"] == f"{beyond:,} 人"
    assert all(one["beyond_today"] >= one["beyond_planned"] for one in found["communities"])
