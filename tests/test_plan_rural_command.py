"""fugai plan rural: whole folders, sums, the same bytes, names that bite, and what is refused in one message."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from shapely import LineString

from planner.schema import VILLAGE_RULE
from scenarios.cli.program import main
from tests import tiny
from tests.pages import open_file
from tests.rural_line import EIGHT, FOUR, SEVEN, SIX
from tests.test_text import INSTALLERS, told_in

WORKBOOK, MAP, PLAN = "乡村方案.xlsx", "乡村方案地图.html", "方案.yaml"
PAYLOADS = ("</script><img src=x onerror=alert(1)>八村", '=HYPERLINK("http://x","六村")')
NORTH = (
    ("N1", "primary", ((101.65, 26.65), (101.75, 26.65), (101.79, 26.69))),
    ("N2", "secondary", ((101.65, 26.65), (101.61, 26.69))),
    ("N3", "primary", ((101.65, 26.59), (101.65, 26.65))),
)


def _joined(folder: Path) -> Path:
    """Write the tiny city with roads that reach every village of 乙县."""
    tiny.write(folder)
    ways = [*tiny.ROADS, *NORTH]
    columns = {"id": [one[0] for one in ways], "road_class": [one[1] for one in ways]}
    roads = gpd.GeoDataFrame(columns, geometry=[LineString(one[2]) for one in ways], crs=4326)
    roads.to_file(folder / "roads.geojson", driver="GeoJSON", engine="pyogrio")
    return folder


def _rename(folder: Path, names: dict[str, str]) -> None:
    frame = pd.read_csv(folder / "villages.csv", dtype={"code": str})
    frame["name"] = [names.get(code, name) for code, name in zip(frame["code"], frame["name"], strict=True)]
    frame.to_csv(folder / "villages.csv", index=False, encoding="utf-8-sig")


def _planned(data: Path, out: Path, *more: str) -> dict[str, Any]:
    assert main(["plan", "rural", str(data), "--rules", "panzhihua_2023", "--out", str(out), *more]) == 0
    plan: dict[str, Any] = json.loads((out / "plan.json").read_text("utf-8"))
    return plan


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _joined(tmp_path_factory.mktemp("joined"))


@pytest.fixture(scope="module")
def by_road(joined: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the output of a plan with rounds: 八村 (500 people) is visited by 乙镇卫生院, 六村 (2,000) is a gap."""
    out = tmp_path_factory.mktemp("by_road") / "o"
    _planned(joined, out, "--far", "2min")
    return out


def _kinds(plan: dict[str, Any]) -> dict[str, str]:
    return {row["code"]: row["kind"] for row in plan["villages"]}


def _adds_up(plan: dict[str, Any]) -> None:
    rows = plan["sums"]
    city, counties = rows[-1], rows[:-1]
    assert city["name"] == "全市"
    assert city["villages"] == len(plan["villages"]) == sum(one["villages"] for one in plan["kinds"].values())
    for row in rows:
        own = sum(row.get(kind, 0) for kind in ("round", "stay", "mobile", "neighbour"))
        assert row["substitute"] == own
        assert row["clinic"] + own + row["new_clinic"] + row["no_data"] + row.get("unvisited", 0) == row["villages"]
        assert row["served"] == row["clinic"] + own
    for name in ("villages", "population", "substitute", "new_clinic", "new_clinic_people", "served"):
        assert city[name] == sum(one[name] for one in counties)


def test_a_plan_by_road_has_every_part(by_road: Path) -> None:
    plan = json.loads((by_road / "plan.json").read_text("utf-8"))
    assert _kinds(plan) == {FOUR: "clinic", SIX: "new_clinic", SEVEN: "clinic", EIGHT: "round"}
    _adds_up(plan)
    assert [(one["hospital"], one["day"], one["villages"]) for one in plan["rounds"]["days"]] == [
        ("TH2", 1, 1),
        ("TH2", 12, 1),
    ]
    duty = pd.read_csv(by_road / "巡回值班表.csv", dtype=str)
    assert list(duty["村代码"]) == [EIGHT, EIGHT]
    assert set(duty["次序"]) == {"1"}
    book = openpyxl.load_workbook(by_road / WORKBOOK)
    assert book.sheetnames == ["各类合计", "各乡镇合计", "村级清单", "巡回值班表", "巡回队伍", "巡回去不了的村", "五级链条", "有无与达标", "数量差异", "说明"]  # fmt: skip
    texts = {str(cell.value) for row in book["数量差异"].iter_rows() for cell in row}
    assert {"37", "14", "450"} <= texts
    told = "".join(str(cell.value) for row in book["说明"].iter_rows() for cell in row)
    assert "人口较少" in told
    assert "SHA-256" in told
    assert "整数规划" not in told
    manifest = json.loads((by_road / "manifest.json").read_text("utf-8"))
    made = {one["file"] for one in manifest["outputs"]} | {"manifest.json"}
    assert made == {path.name for path in by_road.iterdir()}


def test_the_plan_says_what_it_reads_and_what_a_scenario_changed(joined: Path, by_road: Path, tmp_path: Path) -> None:
    said = [tuple(one) for one in json.loads((by_road / "plan.json").read_text("utf-8"))["said"]]
    where = "攀枝花市“十四五”医疗卫生服务体系规划第四章第一节二"
    assert ("条款", f"{where}：每个行政村设置1所达标村卫生室") in said
    assert dict(said)["条款：替代服务"].startswith(f"{where}：民族地区等常住人口较少、交通半径大的地区可通过")
    assert "条款：改定" not in dict(said)
    told = "name: 试算\noverrides:\n  - {rule: village_clinic, params: {minimum: 2}, reason: 试算}\n"
    (tmp_path / "试算.yaml").write_text(told, "utf-8")
    plan = _planned(joined, tmp_path / "o", "--far", "2min", "--scenario", str(tmp_path / "试算.yaml"))
    assert dict(map(tuple, plan["said"]))["条款：改定"] == "方案把参数改为 每个至少＝2 所（试算），不作判断。"
    assert not plan["allowed"]["judges"]
    assert plan["allowed"]["kinds"] == ["round", "stay", "mobile"]


def test_the_day_of_a_round_is_the_sum_of_its_parts(by_road: Path) -> None:
    plan = json.loads((by_road / "plan.json").read_text("utf-8"))
    day = plan["rounds"]["days"][0]
    service = 60 + 0.05 * 500
    assert day["hours"] * 60 == pytest.approx(day["drive_min"] + service, abs=0.1)
    assert 2 * 12 < day["km"] < 2 * 17  # there and back by 七村: about 10 km east and 6 km north-east


def test_the_scenario_reproduces_the_findings(joined: Path, by_road: Path, tmp_path: Path) -> None:
    assert main(["run", str(by_road / PLAN), "--data", str(joined), "--out", str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (by_road / "findings.csv").read_bytes()
    planned = (by_road / PLAN).read_text("utf-8")
    assert f"VC-{SIX}" in planned
    assert f"VC-{EIGHT}" not in planned
    built = _planned(joined, tmp_path / "then", "--far", "2min", "--scenario", str(by_road / PLAN))
    assert _kinds(built) == {FOUR: "clinic", SIX: "clinic", SEVEN: "clinic", EIGHT: "round"}
    assert "链条变化" in openpyxl.load_workbook(tmp_path / "then" / WORKBOOK).sheetnames


def test_the_same_input_gives_the_same_bytes(joined: Path, by_road: Path, tmp_path: Path) -> None:
    _planned(joined, tmp_path / "o", "--far", "2min")
    assert {path.name: path.read_bytes() for path in by_road.iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "o").iterdir()
    }


def test_a_village_that_no_round_can_visit_is_not_served(
    joined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way to 八村, an hour there and the way back take more than an hour: three of four villages are not served."""
    plan = _planned(joined, tmp_path / "o", "--far", "2min", "--day", "1h")
    said = capsys.readouterr().out
    assert _kinds(plan) == {FOUR: "clinic", SIX: "new_clinic", SEVEN: "clinic", EIGHT: "unvisited"}
    _adds_up(plan)
    city = plan["sums"][-1]
    assert [city[one] for one in ("villages", "clinic", "round", "unvisited", "substitute", "served")] == [
        4,
        2,
        0,
        1,
        0,
        2,
    ]
    assert plan["kinds"]["unvisited"]["villages"] == 1
    assert "巡回医疗当天去不了：1 个行政村（25.00%），500 人" in said
    assert "行政村 4 个，已有村卫生室 2 个\n" in said
    rows = pd.read_csv(tmp_path / "o" / "村级清单.csv", dtype=str).set_index("村代码")
    assert (rows.loc[EIGHT, "服务方式"], rows.loc[EIGHT, "归类"]) == ("巡回医疗当天去不了", "巡回去不了")
    assert "但一次往返加服务超过一天" in rows.loc[EIGHT, "理由"]
    book = openpyxl.load_workbook(tmp_path / "o" / WORKBOOK)
    told = "".join(str(cell.value) for row in book["各类合计"].iter_rows() for cell in row)
    assert "巡回\n去不了" in told
    assert "＋巡回去不了＋" in told
    assert "（其中 1 个当天去不了）" in (tmp_path / "o" / MAP).read_text("utf-8")


def test_ids_of_facilities_may_be_codes_of_villages(joined: Path, by_road: Path, tmp_path: Path) -> None:
    """A clinic is often known by its village's code; here the hospital that visits 八村 has 八村's, too."""
    ids = {"VC1": FOUR, "VC2": EIGHT + "x", "TH2": EIGHT}
    folder = tmp_path / "d"
    shutil.copytree(joined, folder)
    frame = pd.read_csv(folder / "facilities.csv", dtype={"village_code": str})
    frame.assign(id=frame["id"].replace(ids)).to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    same = json.loads((by_road / "plan.json").read_text("utf-8"))
    plan = _planned(folder, tmp_path / "o", "--far", "2min")
    for one in (plan, same):
        for row in one["villages"]:
            row |= {"host": ids.get(row["host"], row["host"]), "care": ids.get(row["care"], row["care"])}
        for row in (*one["rounds"]["days"], *one["rounds"]["teams"]):
            row["hospital"] = ids.get(row["hospital"], row["hospital"])
    assert plan["rounds"]["km"] > 0
    for name in ("villages", "rounds", "chain"):
        assert plan[name] == same[name], name
    legs = [(tmp_path / "o" / MAP).read_text("utf-8"), (by_road / MAP).read_text("utf-8")]
    assert [page.count('"legs":[]') for page in legs] == [0, 0]


@pytest.mark.parametrize("said", ["巡回,驻村", "巡回医疗、stay", "round，驻村服务"])
def test_kinds_in_chinese_words(joined: Path, tmp_path: Path, said: str) -> None:
    plan = _planned(joined, tmp_path / "o", "--far", "2min", "--prefer", said)
    assert plan["parameters"]["preference"] == ["round", "stay"]


@pytest.mark.parametrize(
    ("more", "option"), [(["--prefer", "邻村"], "--prefer"), (["--neighbour-limit", "3km"], "--neighbour-limit")]
)
def test_an_error_names_an_option_that_there_is(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], option: str
) -> None:
    assert main(["plan", "rural", str(tiny_folder), "--out", str(tmp_path / "o"), *more]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"{option}：条款没有许可这些服务方式（现为“邻（联）村延伸服务 neighbour”）")
    assert "--limit" not in said


def test_the_last_line_says_of_how_many(
    by_road: Path, joined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = _planned(joined, tmp_path / "o", "--far", "2min")
    people = sum(one["population"] for one in plan["kinds"].values())
    assert f"五级链条最薄弱的一段（行政村 4 个，居民 {people:,} 人）：" in capsys.readouterr().out


def test_a_new_clinic_does_not_take_the_id_of_a_closed_one(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "d")
    row = [f"VC-{EIGHT}", "八村旧卫生室", "village_clinic", 101.79, 26.69, "closed", EIGHT]
    frame = pd.concat([tiny.facilities(), pd.DataFrame([row], columns=tiny.facilities().columns)])
    frame.to_csv(folder / "facilities.csv", index=False, encoding="utf-8-sig")
    _planned(folder, tmp_path / "o", "--few", "0")
    said = (tmp_path / "o" / PLAN).read_text("utf-8")
    assert f"id: VC-{EIGHT}-2," in said
    assert f"id: VC-{SIX}," in said


def test_rules_without_the_clause_name_those_that_have_it(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", "rural", str(tiny_folder), "--out", str(tmp_path / "o"), "--rules", "yaan_2022"]) == 2
    said = capsys.readouterr().err
    assert "panzhihua_2023、suining_2024" in said
    assert "参数情景" in said


def test_without_roads_all_but_the_rounds(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = _planned(tiny_folder, tmp_path / "o")
    assert "没有路网" in capsys.readouterr().out
    _adds_up(plan)
    assert plan["rounds"] is None
    assert plan["chain"]["way"] == "paper"
    assert not (tmp_path / "o" / "巡回值班表.csv").exists()
    assert {path.name for path in (tmp_path / "o").iterdir()} >= {WORKBOOK, MAP, PLAN, "manifest.json"}


def test_without_pyvrp_all_but_the_rounds(
    joined: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pyvrp", None)
    plan = _planned(joined, tmp_path / "o", "--far", "2min")
    assert "pip install 'fugai[rounds]'" in capsys.readouterr().out
    assert plan["rounds"] is None
    assert _kinds(plan)[EIGHT] == "round"
    assert "未安排巡回路线和值班表" in (tmp_path / "o" / MAP).read_text("utf-8")
    for path in (tmp_path / "o").iterdir():
        assert not INSTALLERS.findall(told_in(path)), path.name


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--few", "-1"], "--few"),
        (["--few", "9999999"], "--few"),
        (["--far", "10"], "--far"),
        (["--far", "10min"], "没有路网"),
        (["--far", "9999km"], "--far"),
        (["--neighbour-limit", "3km"], "没有许可"),
        (["--prefer", "walk"], "没有这样的服务方式"),
        (["--round-limit", "3min"], "没有路网"),
        (["--visits", "0"], "--visits"),
        (["--day", "25h"], "--day"),
        (["--service", "3km"], "须是时间"),
        (["--leave", "25:00"], "--leave"),
        (["--rules", "yaan_2022"], "没有条款说明"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], said: str
) -> None:
    assert main(["plan", "rural", str(tiny_folder), "--out", str(tmp_path / "o"), *more]) == 2
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 1
    assert said in errors[0]
    assert not list(tmp_path.iterdir())


def test_a_village_without_a_town_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tiny.write(tmp_path / "lost")
    text = (folder / "villages.csv").read_text("utf-8-sig").replace(EIGHT, "510422999201")
    (folder / "villages.csv").write_text(text, "utf-8")
    assert main(["plan", "rural", str(folder), "--out", str(tmp_path / "o")]) == 2
    assert "510422999" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = _joined(tmp_path_factory.mktemp("hostile") / "d")
    _rename(folder, {EIGHT: PAYLOADS[0], SIX: PAYLOADS[1]})
    out = folder.parent / "o"
    _planned(folder, out, "--far", "2min")
    return out


def test_names_that_bite_stay_text(hostile: Path) -> None:
    page = (hostile / MAP).read_text("utf-8")
    assert "<img src=x" not in page
    book = openpyxl.load_workbook(hostile / WORKBOOK)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(cell.value == PAYLOADS[1] for cell in cells)
    assert not [cell for cell in cells if cell.data_type == "f" and "HYPERLINK" in str(cell.value)]
    frame = pd.read_csv(hostile / "村级清单.csv", dtype=str)
    assert "'" + PAYLOADS[1] in set(frame["行政村"])


def test_the_map_shows_a_day_and_asks_for_nothing(browser: Any, hostile: Path) -> None:
    seen = open_file(browser, hostile / MAP)
    page = seen.page
    drawn = seen.drawn()
    assert (drawn["round"], drawn["new_clinic"], drawn["clinic"]) == (1, 1, 2)
    page.select_option("#choice-0", index=1)
    page.select_option("#choice-1", index=1)
    assert page.evaluate("fugai.stage.state.pictures[0].contents.routes.lines.length") >= 1
    assert PAYLOADS[0] in page.locator(".block:has(h3:text('当天行程')) tr").first.inner_text()
    assert seen.drawn()["stops"] == 1
    listed = page.locator(".block:has(h3:text('行政村')) tr")
    assert listed.count() == 2
    listed.first.click()
    assert PAYLOADS[0] in page.locator("#card h3").inner_text()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert not page.locator("#choice-0").is_visible()
    assert "工作日" in page.locator("#under").inner_text()
    assert seen.told == []
    assert len([url for url in seen.requests if url.startswith("file:")]) == 1
    page.context.close()


def test_what_is_proposed_is_not_counted_as_there(
    tiny_folder: Path, joined: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two of four villages have a clinic; 八村 is to be visited: with a route by road, without one where there are no roads."""
    _planned(joined, tmp_path / "a", "--far", "2min")
    assert "行政村 4 个，已有村卫生室 2 个，按巡回医疗安排 1 个\n" in capsys.readouterr().out
    _planned(tiny_folder, tmp_path / "b", "--far", "1km")
    assert "行政村 4 个，已有村卫生室 2 个，按巡回医疗安排 1 个（没有编排路线）\n" in capsys.readouterr().out
    book = openpyxl.load_workbook(tmp_path / "b" / WORKBOOK)
    told = "".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert "已有服务" not in told
    assert f"{VILLAGE_RULE}；各方式之和＝全部行政村。" in told
