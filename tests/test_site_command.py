"""fugai site: every model end to end on a case worked by hand, every bad input told once, nothing written then."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import LineString

from planner.siting.question import Limits, Question
from planner.siting.siting import no_plan, siting_of
from scenarios.cli.program import main
from scenarios.plans.emergency import fewest_ending
from scenarios.plans.words import state_text
from scenarios.site import answer_of
from tests.siting_brute import instance

SAMPLE = Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua"
DEMAND = pd.DataFrame({"id": ["a", "b", "c", "d"], "weight": [1, 2, 3, 4]})
SITES = pd.DataFrame({"id": ["s", "t", "u"], "max_load": [3, 3, 7], "group": ["甲", "乙", "乙"]})
COSTS = pd.DataFrame(
    [("a", "s", 1), ("a", "t", 5), ("b", "s", 2), ("b", "t", 4), ("c", "t", 1), ("c", "u", 3), ("d", "u", 2)],
    columns=["demand_id", "facility_id", "cost"],
)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    DEMAND.to_csv(tmp_path / "D.csv", index=False)
    SITES.to_csv(tmp_path / "F.csv", index=False)
    COSTS.to_csv(tmp_path / "C.csv", index=False)
    return tmp_path


def run(town: Path, *more: str, costs: str | None = "C.csv") -> int:
    words = ["site", "--demand", str(town / "D.csv"), "--facilities", str(town / "F.csv")]
    return main([*words, *(["--costs", str(town / costs)] if costs else []), *more])


def answer(town: Path, capsys: pytest.CaptureFixture[str], *more: str, code: int = 0, **files: Any) -> dict[str, Any]:
    assert run(town, *more, "--json", **files) == code
    return json.loads(capsys.readouterr().out)


def timeless(value: Any) -> Any:
    """The answer without what may differ from run to run: seconds, and the hashes of files with other row orders."""
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items() if key not in {"seconds", "inputs"}}
    return [timeless(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("model", "more", "objective", "chosen"),
    [
        ("lscp", ["--limit", "3"], 2, ["s", "u"]),
        ("lscp", ["--limit", "3", "--share", "0.7"], 1, ["u"]),
        ("mclp", ["--limit", "3", "-p", "1"], 7, ["u"]),
        ("mclp", ["--limit", "3", "-p", "1", "--forbid", "u"], 3, ["t"]),  # s covers as many, from farther off
        ("mclp", ["--limit", "3", "-p", "1", "--background", "u"], 10, ["s"]),
        ("mclp", ["--limit", "3", "-p", "2", "--fixed", "t"], 7, ["t", "u"]),
        ("backup", ["--limit", "3", "-p", "3"], 13, ["s", "t", "u"]),
        ("backup", ["--limit", "3", "-p", "3", "--backup-weight", "0.5"], 11.5, ["s", "t", "u"]),
        ("p-median", ["-p", "2"], 22, ["s", "u"]),
        ("p-median", ["-p", "2", "--force", "t"], 24, ["t", "u"]),
        ("p-center", ["-p", "2"], 3, ["s", "u"]),
        ("capacitated", ["-p", "2"], 22, ["s", "u"]),
        ("capacitated", ["--single-source"], 16, ["s", "t", "u"]),
        ("capacitated", ["-p", "3", "--limit", "3"], 16, ["s", "t", "u"]),
    ],
)  # fmt: skip
def test_models_by_hand(
    town: Path, capsys: pytest.CaptureFixture[str], model: str, more: list[str], objective: float, chosen: list[str]
) -> None:
    if model == "p-center":
        pytest.importorskip("planner.siting.center")
    told = answer(town, capsys, "--model", model, *more)
    assert told["status"] == "optimal"
    assert told["objective"] == told["bound"] == objective
    assert told["gap"] == 0
    assert told["chosen"] == chosen
    assert told["covered"] + told["uncovered"] + told["unreachable"] == 10
    for key in ("seconds", "reduced", "solver", "seed", "version", "parameters", "unreachable_ids", "ties"):
        assert key in told
    assert told["solver"].startswith("fugai ")
    assert " + HiGHS " in told["solver"]
    assert {one["file"] for one in told["inputs"]} == {"D.csv", "F.csv", "C.csv"}
    assert all(len(one["sha256"]) == 64 for one in told["inputs"])


def test_the_assignment_is_told(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(town, capsys, "--model", "p-median", "-p", "2")
    assert [(one["demand_id"], one["facility_id"], one["cost"], one["share"]) for one in told["assignment"]] == [
        ("a", "s", 1, 1), ("b", "s", 2, 1), ("c", "u", 3, 1), ("d", "u", 2, 1),
    ]  # fmt: skip


def test_demand_is_split_between_sites(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SITES.assign(max_load=[3, 3, 6]).to_csv(town / "F.csv", index=False)
    told = answer(town, capsys, "--model", "capacitated")
    shares = {(one["demand_id"], one["facility_id"]): one["share"] for one in told["assignment"]}
    assert shares[("c", "t")] == 1  # t is the cheaper
    SITES.assign(max_load=[3, 1, 6]).to_csv(town / "F.csv", index=False)
    told = answer(town, capsys, "--model", "capacitated")
    shares = {(one["demand_id"], one["facility_id"]): one["share"] for one in told["assignment"]}
    assert shares[("c", "t")] == pytest.approx(1 / 3)
    assert shares[("c", "u")] == pytest.approx(2 / 3)
    assert told["objective"] == 1 + 4 + 1 + 6 + 8
    told = answer(town, capsys, "--model", "capacitated", "--single-source", code=2)
    assert "u" in told["reason"]["change"] or "t" in told["reason"]["change"]


def test_a_range_of_p_gives_a_curve(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(town, capsys, "--model", "mclp", "--limit", "3", "-p", "1-3", "--k-best", "2", "--classes")
    assert [one["objective"] for one in told["curve"]] == [7, 10, 10]
    assert [one["gain"] for one in told["curve"]] == [None, 3, 0]
    assert told["status"] == "optimal"
    first = told["curve"][0]
    assert [plan["objective"] for plan in first["plans"]] == [7, 3]
    assert {one["id"]: one["class"] for one in first["classes"]}["u"] == "required"
    assert first["ties"] is False
    who = told["curve"][1]["who"]
    assert [(one["effect"], one["weight"]) for one in who] == [("newly_covered", 3)]


def test_infeasible_cover_says_who_and_how_far(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(town, capsys, "--model", "lscp", "--limit", "1.5", code=2)
    assert told["status"] == "infeasible"
    assert told["objective"] is None
    assert told["chosen"] == told["assignment"] == []
    assert told["reason"]["ids"] == ["b", "d"]
    assert told["reason"]["change"].split("；或者") == [
        "把限度放宽到 2（--limit 2）", "把覆盖比例降到 0.4（--share 0.4）", "只求够得着的（--allow-unreachable）",
    ]  # fmt: skip
    longer = answer(town, capsys, "--model", "lscp", "--limit", "2")
    assert longer["status"] == "optimal"
    forbidden = answer(town, capsys, "--model", "lscp", "--limit", "1.5", "--forbid", "s", code=2)
    assert (
        "把限度放宽到 5（--limit 5）" in forbidden["reason"]["change"]
    )  # s is nearest to a and forbidden: t it must be
    told = answer(town, capsys, "--model", "lscp", "--limit", "1.5", "--allow-unreachable")
    assert told["chosen"] == ["s", "t"]
    assert (told["covered"], told["uncovered"], told["unreachable"]) == (4, 0, 6)
    assert told["unreachable_ids"] == ["b", "d"]


def test_advice_in_kilometres_is_followed_as_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two villages 4.4 km apart, a site beside each: a longer limit or a shorter spacing, in steps of 10 m."""
    villages = pd.DataFrame({"id": ["a", "b"], "weight": [3, 4], "lon": [101.70, 101.70], "lat": [26.50, 26.54]})
    villages.to_csv(tmp_path / "D.csv", index=False)
    villages.drop(columns="weight").assign(id=["s", "t"], lat=[26.501, 26.541]).to_csv(tmp_path / "F.csv", index=False)
    asked = {"--model": "lscp", "--limit": "1km", "--spacing": "8km"}

    def words() -> list[str]:
        return [word for pair in asked.items() for word in pair]

    told = answer(tmp_path, capsys, *words(), code=2, costs=None)["reason"]
    assert told["rule"].startswith("间距（s 与 t）与全部覆盖的要求不能同时满足：至少有 1 个需求点够不着任何开放站点")
    options = dict(re.findall(r"(--limit|--spacing) ([\d.]+)km", told["change"]))
    assert set(options) == {"--limit", "--spacing"}
    for name, value in options.items():
        less = float(value) + (-0.01 if name == "--limit" else 0.01)
        before = asked[name]
        asked[name] = f"{less:.2f}km"
        answer(tmp_path, capsys, *words(), code=2, costs=None)
        asked[name] = f"{value}km"
        assert answer(tmp_path, capsys, *words(), costs=None)["status"] == "optimal"
        asked[name] = before


def test_capacity_below_demand_is_infeasible(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SITES.assign(max_load=[3, 3, 2]).to_csv(town / "F.csv", index=False)
    told = answer(town, capsys, "--model", "capacitated", code=2)
    assert told["status"] == "infeasible"
    assert "缺 2" in told["reason"]["rule"]
    assert told["reason"]["change"] == "u 的容量（max_load）提高到 4"
    assert run(town, "--model", "capacitated", "--out", str(town / "o.json")) == 2
    said = capsys.readouterr().out
    assert "没有可行方案" in said
    assert not (town / "o.json").exists()


def test_a_run_that_time_stops_says_feasible(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(5)
    count = 120
    ids = [f"p{at:03d}" for at in range(count)]
    place = rng.random((count, 2))
    weight = rng.integers(1, 21, count)
    pd.DataFrame({"id": ids, "weight": weight}).to_csv(tmp_path / "D.csv", index=False)
    pd.DataFrame({"id": ids, "max_load": int(weight.sum() / 12 / 0.97)}).to_csv(tmp_path / "F.csv", index=False)
    far = np.rint(np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) * 1000).astype(int)
    rows = [(ids[i], ids[j], far[i, j]) for i in range(count) for j in range(count)]
    pd.DataFrame(rows, columns=COSTS.columns).to_csv(tmp_path / "C.csv", index=False)
    more = ["--model", "capacitated", "-p", "12", "--single-source"]
    for seconds in ("3", "6", "12", "24"):
        code = run(tmp_path, *more, "--time-limit", seconds)
        said = capsys.readouterr().out
        assert code == 0  # a plan there is at any limit; a bound takes longer
        assert "可行方案" in said
        if "差距" in said:
            break
        assert "时限内没有得到下界" in said
    assert "，下界" in said
    assert "差距" in said
    assert "最优" not in said


def test_rows_in_any_order_give_the_same_answer(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = [
        ("--model", "mclp", "--limit", "3", "-p", "1-2", "--k-best", "3", "--classes"),
        ("--model", "capacitated", "--single-source"),
        ("--model", "lscp", "--limit", "3"),
        ("--model", "p-median", "-p", "2"),
    ]
    before = [timeless(answer(town, capsys, *more)) for more in asked]
    for frame, name in ((DEMAND, "D"), (SITES, "F"), (COSTS, "C")):
        frame.iloc[::-1].to_csv(town / f"{name}.csv", index=False)
    assert [timeless(answer(town, capsys, *more)) for more in asked] == before


def test_files_of_any_kind_give_the_same_answer(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--model", "p-median", "-p", "2")
    before = answer(town, capsys, *more)["assignment"]
    COSTS.to_parquet(town / "C.parquet")
    assert answer(town, capsys, *more, costs="C.parquet")["assignment"] == before
    COSTS.to_excel(town / "C.xlsx", index=False)
    assert answer(town, capsys, *more, costs="C.xlsx")["assignment"] == before
    (town / "C2.csv").write_text("需求点编号,候选点编号,费用\n" + COSTS.to_csv(index=False, header=False), "gbk")
    assert answer(town, capsys, *more, costs="C2.csv")["assignment"] == before
    (town / "D.csv").write_text("编号,人口\n" + DEMAND.to_csv(index=False, header=False), "gb18030")
    assert answer(town, capsys, *more)["assignment"] == before


def test_numeric_ids_stay_text_and_match(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "D.csv").write_text("id,weight\n001,2\n", "utf-8")
    (tmp_path / "F.csv").write_text("id\n01\n", "utf-8")
    (tmp_path / "C.csv").write_text("demand_id,facility_id,cost\n001,01,2.5\n\n", "utf-8")
    assert answer(tmp_path, capsys, "--model", "p-median", "-p", "1")["objective"] == 5


@pytest.fixture
def street(tmp_path: Path) -> Path:
    """Three hamlets and three sites along a street of 4 km that runs east."""
    line = LineString([(101.70 + at * 0.01, 26.60) for at in range(5)])
    roads = gpd.GeoDataFrame({"id": ["1"], "road_class": ["primary"]}, geometry=[line], crs=4326)
    roads.to_file(tmp_path / "roads.gpkg", driver="GPKG")
    at = {"id": ["x", "y", "z"], "lon": [101.70, 101.72, 101.74], "lat": [26.60] * 3}
    pd.DataFrame({**at, "population": [10, 20, 40]}).to_csv(tmp_path / "D.csv", index=False)
    pd.DataFrame({**at, "id": ["s", "t", "u"]}).to_csv(tmp_path / "F.csv", index=False)
    return tmp_path


def test_straight_lines_and_roads(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = answer(street, capsys, "--model", "mclp", "-p", "1", "--limit", "2.1km", costs=None)
    assert (told["objective"], told["chosen"], told["cost_unit"]) == (70, ["t"], "mm")
    told = answer(street, capsys, "--model", "mclp", "-p", "1", "--limit", "1km", costs=None)
    assert (told["objective"], told["chosen"]) == (40, ["u"])
    roads = ["--roads", str(street / "roads.gpkg")]
    told = answer(street, capsys, "--model", "lscp", "--limit", "3min", *roads, costs=None)
    assert told["cost_unit"] == "ms"
    assert told["status"] == "optimal"
    told = answer(street, capsys, "--model", "p-median", "-p", "1", *roads, costs=None)
    assert told["chosen"] == ["u"]  # 10 × 4 km + 20 × 2 km; at t it would be 50 × 2 km
    assert told["objective"] == pytest.approx(80 * 995_000, rel=0.01)


def test_spacing_quotas_and_files_of_ids(street: Path, town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame(
        {"id": ["x", "y", "z"], "lon": [101.70, 101.72, 101.74], "lat": [26.60] * 3, "weight": [10, 20, 30]}
    ).to_csv(street / "D.csv", index=False)
    sites = pd.DataFrame(
        {"id": ["s", "t", "u"], "lon": [101.70, 101.72, 101.74], "lat": [26.60] * 3, "group": ["甲", "乙", "乙"]}
    )
    sites.to_csv(street / "F.csv", index=False)
    more = ["--model", "mclp", "-p", "2", "--limit", "500m"]
    assert answer(street, capsys, *more, costs=None)["chosen"] == ["t", "u"]
    assert answer(street, capsys, *more, "--spacing", "3km", costs=None)["chosen"] == ["s", "u"]
    (street / "Q.csv").write_text("县区,至少,至多\n乙,,1\n", "gbk")
    assert answer(street, capsys, *more, "--quota", str(street / "Q.csv"), costs=None)["chosen"] == ["s", "u"]
    (street / "ids.txt").write_text("id\nt\n", "utf-8")
    assert answer(street, capsys, *more, "--forbid", f"@{street / 'ids.txt'}", costs=None)["chosen"] == ["s", "u"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("C.csv", "demand_id,facility_id,cost\na,s,1\nb,s,nan\n", "C.csv，第 3 行，“cost”列：费用须是不小于 0 的数（现为“nan”）"),
        ("C.csv", "demand_id,facility_id,cost\na,s,-1\n", "第 2 行，“cost”列：费用须是不小于 0 的数（现为“-1”）"),
        ("C.csv", "demand_id,facility_id,cost\na,s,inf\n", "费用须是不小于 0 的数"),
        ("C.csv", "demand_id,facility_id,cost\nzz,s,1\n", "C.csv，第 2 行，“demand_id”列：D.csv 里没有这个 id（现为“zz”）"),
        ("C.csv", "demand_id,facility_id,cost\na,zz,1\n", "“facility_id”列：F.csv 里没有这个 id（现为“zz”）"),
        ("C.csv", "demand_id,facility_id,cost\na,s,1\na,s,2\n", "同一对有两个不同的费用"),
        ("C.csv", "demand_id,facility_id\na,s\n", "缺少这一列"),
        ("C.csv", "demand_id,facility_id,cost\n", "没有数据行"),
        ("C.csv", "", "不能读取"),
        ("D.csv", "id,weight\na,1\nb,-2\n", "D.csv，第 3 行，“weight”列：小于 0（现为“-2.0”）"),
        ("D.csv", "id,weight\na,1\na,2\n", "第 3 行，“id”列：编号重复（现为“a”）"),
        ("D.csv", "id,weight\na,\nb,2\n", "没有填"),
        ("D.csv", "id,weight\na,x\n", "不是数字"),
        ("D.csv", "id\na\n", "缺少这一列"),
        ("D.csv", "id,weight\n", "没有数据行"),
        ("F.csv", "id\ns\ns\n", "编号重复"),
        ("F.csv", "id\n", "没有数据行"),
        ("F.csv", "id,cost\ns,-1\nt,1\nu,1\n", "F.csv，第 2 行，“cost”列：小于 0"),
        ("F.csv", "id,status\ns,maybe\nt,\nu,\n", "F.csv，第 2 行，“status”列：不是可用的取值（现为“maybe”）"),
        ("F.csv", "id,min_load,max_load\ns,5,3\nt,,\nu,,\n", "下限大于上限"),
    ],
)  # fmt: skip
def test_bad_files(town: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str) -> None:
    (town / name).write_text(text, "utf-8")
    assert run(town, "--model", "p-median", "-p", "1", "--out", str(town / "o.json")) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert not (town / "o.json").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--model", "mclp", "--limit", "3", "-p", "9"], "p 须在 0 与可选的 3 个之间"),
        (["--model", "mclp", "--limit", "3"], "这个模型要给出站点个数"),
        (["--model", "mclp", "--limit", "3", "-p", "8-5"], "须是整数，或从小到大的范围"),
        (["--model", "mclp", "--limit", "3", "-p", "two"], "须是整数"),
        (["--model", "lscp", "--limit", "3", "-p", "2"], "不用 -p"),
        (["--model", "mclp", "--limit", "3km", "-p", "1"], "不带单位"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--fixed", "zz"], "F.csv 里没有这些 id（现为“zz”）"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--fixed", "s", "--forbid", "s"], "写在两个选项里"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--fixed", "@none.txt"], "没有这个文件"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--spacing", "3km"], "间距按直线计算"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--spacing", "3min"], "间距须是距离"),
        (["--model", "lscp", "--limit", "3", "--share", "2"], "须在 0 与 1 之间"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--share", "0.9"], "--share：模型 mclp 不看这个选项"),
        (["--model", "lscp", "--limit", "3", "--backup-weight", "0.5"], "--backup-weight：模型 lscp 不看这个选项"),
        (["--model", "p-median", "-p", "1", "--min-load", "2"], "--min-load：模型 p-median 不看这个选项"),
        (["--model", "backup", "--limit", "3", "-p", "1", "--max-load", "2"], "或改用 --model capacitated"),
        (["--model", "p-center", "-p", "1", "--single-source"], "--single-source：模型 p-center 不看这个选项"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--time-limit=-1"], "须在 0 与"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--quota", "none.csv"], "没有这个文件"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--out", "o.txt"], "用 .json、.xlsx 或 .csv"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--roads", "r.gpkg"], "只能用一种"),
        (["--model", "mclp", "--limit", "3", "-p", "1", "--closed", "1"], "用 --costs 时费用照表，道路选项不起作用"),
        (
            ["--model", "mclp", "--limit", "3", "-p", "1", "--direction", "to"],
            "用 --costs 时费用照表，道路选项不起作用",
        ),
    ],
)
def test_bad_options(town: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str) -> None:
    assert run(town, *more) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""


def test_bad_quotas(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "mclp", "--limit", "3", "-p", "1", "--quota", str(town / "Q.csv")]
    for text, said in (
        ("group,at_least,at_most\n丙,1,1\n", "Q.csv：没有这个分组（现为“丙”）"),
        ("group,at_least,at_most\n甲,2,1\n", "Q.csv，第 2 行，“at_least”列：下限大于上限"),
        ("group,at_least,at_most\n甲,x,1\n", "不是数字"),
        ("group,at_least,at_most\n甲,1,\n甲,,2\n", "编号重复"),
        ("at_least\n1\n", "缺少这一列"),
    ):
        (town / "Q.csv").write_text(text, "utf-8")
        assert run(town, *more) == 2
        assert said in capsys.readouterr().err


def test_limits_need_units_without_a_table(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for more, said in (
        (["--limit", "3"], "写明单位"),
        (["--limit", "3min"], "按时间计算需要路网"),
        ([], "这个模型要有限度"),
    ):
        assert run(street, "--model", "mclp", "-p", "1", *more, costs=None) == 2
        assert said in capsys.readouterr().err


def test_the_answer_is_written_whole(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(town, "--model", "lscp", "--limit", "3", "--out", str(town / "o.json")) == 0
    said = capsys.readouterr().out
    assert "最优（已证明），目标值 2" in said
    assert json.loads((town / "o.json").read_text("utf-8"))["chosen"] == ["s", "u"]
    assert not list(town.glob(".*"))


@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("lscp", ["--limit", "20km", "--allow-unreachable"]),
        ("mclp", ["--limit", "10km", "-p", "5-6"]),
        ("backup", ["--limit", "10km", "-p", "5"]),
        ("p-median", ["-p", "5"]),
        ("p-center", ["-p", "5"]),
        ("capacitated", ["-p", "5", "--max-load", "300000"]),
    ],
)
def test_the_sample_through_every_model(capsys: pytest.CaptureFixture[str], model: str, more: list[str]) -> None:
    if model == "p-center":
        pytest.importorskip("planner.siting.center")
    background = [] if model == "capacitated" else ["--background", "hospital"]
    assert main(["site", "--data", str(SAMPLE), "--model", model, *more, *background, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for one in told.get("curve", [told]):
        assert one["status"] == "optimal"
        assert one["covered"] + one["uncovered"] + one["unreachable"] == 1_212_203


def said(capsys: pytest.CaptureFixture[str], *more: str, code: int = 0) -> str:
    assert main(["site", "--data", str(SAMPLE), *more]) == code
    return "".join(capsys.readouterr())


def test_the_island_that_its_sites_cannot_carry(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "capacitated", "--candidates", "社区卫生服务中心", "--limit", "15km", "--max-load", "100000"]
    assert main(["site", "--data", str(SAMPLE), *more, "--allow-unreachable", "--json"]) == 2
    reason = json.loads(capsys.readouterr().out)["reason"]
    assert "64 个 共 136,148，只能到 CHC510421100，全部开放也只容 100,000，缺 36,148" in reason["rule"]
    assert len(reason["ids"]) == 64
    assert "缺 -" not in reason["rule"]
    assert all(one.startswith("510421") for one in reason["ids"])


def test_no_option_about_roads_goes_unused(street: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "p-median", "-p", "1"]
    for flag in (["--closed", "1"], ["--delay", "3min"], ["--direction", "to"], ["--max-snap", "1km"]):
        assert run(street, *more, *flag, costs=None) == 2
        assert "没有路网，按直线计算，道路选项不起作用" in capsys.readouterr().err
    roads = ["--roads", str(street / "roads.gpkg")]
    assert run(street, *more, *roads, "--limit", "9km", "--delay", "3min", costs=None) == 2
    assert "限度是距离，时速表、调度时间用不上" in capsys.readouterr().err
    told = answer(street, capsys, *more, *roads, "--delay", "3min", costs=None)
    assert (told["cost_unit"], told["travel"]) == ("ms", "道路")
    assert answer(street, capsys, *more, costs=None)["travel"] == "直线"


def test_a_folders_roads_are_used_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "mclp", "-p", "2", "--candidates", "乡镇卫生院", "--background", "医院"]
    assert "（直线）" in said(capsys, *more, "--limit", "5km")
    for asked in (
        ["--limit", "5km", "--direction", "to"],
        ["--limit", "15min"],
        ["--limit", "15min", "--delay", "3min"],
    ):
        assert "（道路）" in said(capsys, *more, *asked)
    assert "路网里没有这些路段编号" in said(capsys, *more, "--limit", "5km", "--closed", "zz", code=2)


def test_people_are_told_names_and_natural_units(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = said(capsys, "--model", "p-median", "-p", "3")
    assert "人·公里" in told
    assert "卫生院（TH" in told
    assert "区" in told
    assert "e+" not in told
    told = said(capsys, "--model", "p-center", "-p", "5", "--limit", "90min", "--allow-unreachable")
    assert "分钟" in told
    assert "人次" in said(capsys, "--model", "backup", "-p", "3", "--limit", "5km")
    pd.DataFrame({**SITES, "name": ["甲院", "乙院", "丙院"], "cost": [30, 10, 20]}).to_csv(town / "F.csv", index=False)
    assert run(town, "--model", "lscp", "--limit", "3") == 0
    told = capsys.readouterr().out
    assert "费用最省的全覆盖（LSCP）（费用表）：最优（已证明），目标值 50 万元" in told
    assert "开设 2 个：甲院（s）、丙院（u）" in told


def test_beyond_the_limit_is_not_unreachable(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({"id": [*DEMAND["id"], "e"], "weight": [1, 2, 3, 4, 5]}).to_csv(town / "D.csv", index=False)
    assert run(town, "--model", "lscp", "--limit", "1.5", "--allow-unreachable") == 0
    told = capsys.readouterr().out
    assert "超出限度（任何候选点都够不着） 6，需求点 2 个：b、d" in told
    assert "不可达 5，需求点 1 个：e" in told
    assert answer(town, capsys, "--model", "lscp", "--limit", "1.5", "--allow-unreachable")["no_way_ids"] == ["e"]


def test_the_answer_as_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "mclp", "-p", "2", "--limit", "5km"]
    assert str(tmp_path / "o_选址.csv") in said(capsys, *more, "--out", str(tmp_path / "o.csv"))
    served, sites = pd.read_csv(tmp_path / "o.csv"), pd.read_csv(tmp_path / "o_选址.csv")
    assert served["人口（人）"].sum() == 1_212_203
    assert set(served["状态"]) == {"已覆盖", "未覆盖", "超出限度"}
    assert served["距离（公里）"].max() <= 5
    assert sites["机构名称"].tolist() == ["仁和镇卫生院", "前进镇卫生院"]
    covered = served.loc[served["状态"] == "已覆盖", "人口（人）"].sum()
    assert sites["服务人口（人）"].sum() == covered
    for name in ("o.xlsx", "o2.xlsx"):
        said(capsys, *more, "--out", str(tmp_path / name))
    assert (tmp_path / "o.xlsx").read_bytes() == (tmp_path / "o2.xlsx").read_bytes()
    book = pd.read_excel(tmp_path / "o.xlsx", sheet_name=None, engine="calamine", header=None, dtype=object)
    assert list(book) == ["选址", "分配", "说明"]
    assert "示例数据（部分估算），不作决策依据" in book["选址"].to_string()
    weights = list(served.columns).index("人口（人）")
    assert book["分配"].iloc[6:, weights].sum() == 1_212_203, "below the headings of an attachment"
    assert {"答案", "参数", "输入文件", "版本"} <= set(book["说明"][0].dropna())


def test_a_budget_needs_the_costs_that_it_binds(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ask = ["--model", "mclp", "--limit", "3", "-p", "1", "--budget", "5"]
    assert run(town, *ask) == 2
    assert "候选点没有费用，预算管不住任何站点（现为“5”）" in capsys.readouterr().err
    SITES.assign(cost=[4, None, 9]).to_csv(town / "F.csv", index=False)
    assert run(town, *ask) == 2
    told = capsys.readouterr().err
    assert "1 个候选点没有费用（现为“t”）" in told
    assert "F.csv" in told
    assert run(town, "--model", "lscp", "--limit", "3") == 2, "costs are added up, and t's is not known"
    assert answer(town, capsys, *ask, "--background", "t")["chosen"] == ["s"]
    SITES.assign(cost=[4, 5, 9]).to_csv(town / "F.csv", index=False)
    assert answer(town, capsys, *ask)["chosen"] == ["t"], "u reaches more and costs 9"
    more = ["--data", str(SAMPLE), "--model", "mclp", "--limit", "5km", "-p", "1", "--budget", "5"]
    assert main(["site", *more]) == 2
    assert "候选点没有费用，预算管不住任何站点" in capsys.readouterr().err


def test_kinds_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--model", "mclp", "-p", "1", "--limit", "5km"]
    told = said(capsys, *more, "--candidates", "卫生所", code=2)
    assert "不认识的机构类型（现为“卫生所”）" in told
    assert "乡镇卫生院（township_hospital）" in told
    told = said(capsys, *more, "--background", "医馆", code=2)
    assert "没有这些 id（现为“医馆”）" in told
    assert "医院（hospital）" in told
    assert "没有在用的候选机构：县域医疗卫生次中心" in said(capsys, *more, "--candidates", "次中心", code=2)


def test_a_bound_below_nothing_is_not_told() -> None:
    from planner.siting.question import Limits, Question
    from planner.siting.siting import no_plan, siting_of
    from scenarios.site import Found
    from scenarios.site_write import Words, summary
    from tests.siting_brute import instance

    case = instance(Question("p-median", p=1), [[1.0, 2.0]], [3])
    words = Words("table", "table", False, False, {}, {}, frozenset())
    for one in (no_plan(case, 0.0, Limits(), bound=-7.0),
                siting_of(case, np.array([0]), 3.0, -7.0, 0.0, Limits(), {})):  # fmt: skip
        line = summary(Found(one), words, "zh")[0]
        assert "下界 0" not in line
        assert "时限内没有" in line
        assert "-7" not in line


def test_help_is_quick() -> None:
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-m", "scenarios", "site", "--help"], check=True, capture_output=True)
    assert time.perf_counter() - begin < 2.0  # 0.2 s on an idle machine


def test_the_share_names_what_it_is_of(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the unreachable left out, a share is of those in reach: so 0.9 asks no more than all of them."""
    COSTS[COSTS["demand_id"] != "d"].to_csv(town / "C.csv", index=False)
    more = ("--model", "lscp", "--limit", "3", "--share", "0.9")
    assert run(town, *more) == 2
    capsys.readouterr()
    told = answer(town, capsys, *more, "--allow-unreachable")
    assert told["share_of"] == {"who": "reachable", "weight": 6}
    assert told["covered"] >= 0.9 * 6
    assert run(town, *more, "--allow-unreachable") == 0
    assert "覆盖比例 0.9 按够得着的 6计" in capsys.readouterr().out
    assert answer(town, capsys, *more[:-1], "0.5")["share_of"] == {"who": "all", "weight": 10}
    assert "share_of" not in answer(town, capsys, "--model", "mclp", "--limit", "3", "-p", "1")


def test_the_limit_of_time_is_of_the_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Several p, their ties, other plans and classes share it, and the seconds told are of all of that."""
    rng = np.random.default_rng(2)
    place, weight = rng.random((90, 2)), rng.integers(1, 21, 90)
    ids = [f"p{at:03d}" for at in range(90)]
    pd.DataFrame({"id": ids, "weight": weight}).to_csv(tmp_path / "D.csv", index=False)
    pd.DataFrame({"id": ids[:36]}).to_csv(tmp_path / "F.csv", index=False)
    far = np.rint(np.hypot(*(place[:, None] - place[None, :36]).transpose(2, 0, 1)) * 1000).astype(int)
    rows = [(ids[i], ids[j], far[i, j]) for i in range(90) for j in range(36) if far[i, j] < 300]
    pd.DataFrame(rows, columns=COSTS.columns).to_csv(tmp_path / "C.csv", index=False)
    more = ("--model", "backup", "-p", "8-10", "--limit", "300", "--k-best", "9", "--classes", "--time-limit", "4")
    begin = time.monotonic()
    told = answer(tmp_path, capsys, *more)
    spent = time.monotonic() - begin
    assert told["seconds"] == pytest.approx(sum(one["seconds"] for one in told["curve"]), abs=0.01)
    assert told["seconds"] <= min(spent, 4 + 3)
    assert told["seconds"] > 0.3 * min(spent, 4)
    assert all(one["status"] in ("optimal", "feasible") for one in told["curve"])


def test_a_bound_that_tells_nothing_is_none() -> None:
    case = instance(Question("p-median", p=1), [[0, 5], [5, 0]], [1, 1])
    known = siting_of(case, np.array([0]), 5.0, 0.0, 0.0, Limits(), {})
    assert (answer_of(known)["bound"], answer_of(known)["gap"]) == (None, None)
    assert answer_of(replace(known, bound=-3e13))["bound"] is None
    assert answer_of(replace(known, bound=2.0, gap=0.6))["bound"] == 2
    none = no_plan(case.asking(Question("lscp")), 0.0, Limits(), bound=0.0)
    assert state_text(none, "mm", 0.0) == "时限内没有找到方案"
    assert fewest_ending(none) == "：时限内没有找到方案"
    found = siting_of(case.asking(Question("lscp")), np.array([0]), 1.0, 0.0, 0.0, Limits(), {})
    assert fewest_ending(found) == "还要新增 1 处（可行方案，未证明最少）"


@pytest.mark.parametrize("model", ["p-median", "p-center", "capacitated"])
def test_without_a_limit_nobody_is_called_covered(
    street: Path, town: Path, capsys: pytest.CaptureFixture[str], model: str
) -> None:
    more = ["--model", model, "-p", "2", "--out", str(town / "o.csv")]
    assert run(town, *more) == 0
    told = capsys.readouterr().out
    assert "10都有站点可去（没有设限度）" in told.replace(" ", "")
    assert "覆盖 " not in told
    assert "%" not in told
    assert set(pd.read_csv(town / "o.csv")["状态"]) == {"有站点可去"}
    assert run(town, *more, "--limit", "5") == 0
    assert "已覆盖 10（100.00%），未覆盖 0" in capsys.readouterr().out
    assert set(pd.read_csv(town / "o.csv")["状态"]) == {"已覆盖"}


def test_costs_of_sites_are_told_in_money_and_what_they_weigh(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    SITES.assign(cost=[60, 70, 90]).to_csv(town / "F.csv", index=False)
    assert run(town, "--model", "p-median", "-p", "2") == 0
    assert re.search(r"站点费用合计 \d+ 万元；目标值里 1 万元计作 1 个权重的 1 个费用表单位\n", capsys.readouterr().out)
