"""The pages of plans as the commands make them: what a planner decided about roads and centres is what is drawn."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from scenarios.cli.program import main
from tests import tiny
from tests.pages import scene_of

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
    scene = scene_of(text)
    assert scene["kind"] == name
    return scene


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
    scene = data_of(data, tmp_path / "out", "centers")
    places, picture = scene["places"]["centers"], scene["pictures"][0]
    assert places["code"] == ["CHC1", "CHC2"]
    assert picture["contents"]["standing"]["label"] == ["3.0 万，2 所合计", "合计在内"]
    told = places["facts"]
    assert told["方案服务人口"][1].startswith(f"30,000 人（与{places['name'][0]}合计，上限的 15.00%）")
    assert told["方案服务人口"][0].startswith("30,000 人（2 所合计，上限的 15.00%）")
    assert told["社区"][0] == told["社区"][1] == "2 个"
    assert told["所在社区"][0] == told["所在社区"][1]


def test_figures_of_centres_are_of_the_time_and_the_county(tmp_path: Path) -> None:
    """Nothing of the plan is in today's figures, and those of the counties add up to those of the city."""
    scene = data_of(tiny.write(tmp_path / "data"), tmp_path / "out", "centers")
    facts: dict[str, dict[str, dict[str, str]]] = {}
    for view in scene["views"]:
        facts.setdefault(view["keys"][0][:2], {})[view["keys"][1]] = dict(view["blocks"][0]["facts"])
    assert set(facts) == {"方案", "现状"}
    counties = {one.split("　")[0] for one in scene["places"]["communities"]["where"]}
    assert set(facts["现状"]) == {"全部县（区）", *counties}
    assert {one["状态"] for one in facts["现状"].values()} == {"现状，不是方案"}
    assert not [said for one in facts["现状"].values() for said in one.values() if "新设" in said or "再设" in said]
    for by in facts.values():
        people = {where: int(re.sub(r"\D", "", one["服务对象"])) for where, one in by.items()}
        assert sum(people.values()) == 2 * people["全部县（区）"]
    today = next(one for one in scene["views"] if one["keys"] == ["现状：各社区由谁服务", "全部县（区）"])
    assert facts["现状"]["全部县（区）"]["步行范围外"] == f"{today['headline']['text']} 人"
