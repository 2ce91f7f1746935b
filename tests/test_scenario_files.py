"""Scenario files: strict, every mistake told at once with its line, inherited, written and read back, and their schema."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box

from planner.errors import ScenarioError
from planner.scenario import Change, Close, Open, Override, PopulationChange, Scenario
from planner.schema import FACILITY_KINDS
from scenarios.cli.program import main
from scenarios.files import read_scenario, sample_folder
from scenarios.schema import SCHEMA_FILE, json_schema
from scenarios.ways import RoadChoices
from scenarios.write import write_scenario
from tests.examples import examples

FULL = """\
# yaml-language-server: $schema=fugai-scenario.schema.json
name: 增设急救站
author: 规划科
date: 2025-03-01
data: sample:panzhihua
rules: panzhihua_2023
notes: [初稿]
edits:
  - open: {id: NEW, name: 新站, kind: 急救中心（站）, lon: 101.65, lat: 26.65, host_id: TH2, beds: 4}
    reason: 北部无站
    cost: 320.5
    year: 2026
  - close: ES1
  - upgrade: TH1
    beds: 80
  - convert: TH2
  - move: CHC1
    lon: 101.6
    lat: 26.6
  - enlarge: TH1
    beds: 120
  - change: ES2
    set: {status: 在用}
overrides:
  - rule: emergency_urban
    params: {radius_km: 8}
    reason: 试算
roads:
  closed: ["8801", W2]
  speeds: {primary: 35, secondary: 25.5}
  period: 夜间
  delay: 3min
  minutes: 20
  max_snap: 1500m
population: {year: 2030, factors: {"510402": 0.95, others: 1.02}, reason: 预测}
questions:
  - {plan: 县域医疗卫生次中心, p: 2-4, limit: [30min, 60min], quotas: {"510422": {at_least: 1}}, forced: [TH1]}
"""


def _write(folder: Path, text: str, name: str = "方案.yaml") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def _problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ScenarioError) as told:
        read_scenario(_write(folder, text))
    return [problem.say() for problem in told.value.problems]


def test_words_are_edits_underneath(tmp_path: Path) -> None:
    file = read_scenario(_write(tmp_path, FULL))
    opened, closed, up, turned, moved, larger, changed = file.scenario.edits
    assert isinstance(opened, Open)
    assert dict(opened.fields) == {
        "id": "NEW", "name": "新站", "kind": "emergency_station", "lon": 101.65, "lat": 26.65, "host_id": "TH2", "beds": 4,
    }  # fmt: skip
    assert (opened.reason, opened.cost, opened.year, opened.line) == ("北部无站", 320.5, 2026, "9")
    assert closed == Close(facility="ES1")
    assert up == Change(facility="TH1", fields={"kind": "county_subcenter", "beds": 80}, word="upgrade")
    assert turned == Change(facility="TH2", fields={"kind": "community_health_center"}, word="convert")
    assert moved == Change(facility="CHC1", fields={"lon": 101.6, "lat": 26.6}, word="move")
    assert larger == Change(facility="TH1", fields={"beds": 120}, word="enlarge")
    assert changed == Change(facility="ES2", fields={"status": "open"}, word="change")
    assert file.scenario.overrides == (Override("emergency_urban", {"radius_km": 8}, "试算"),)
    assert file.scenario.population == PopulationChange(2030, {"510402": 0.95, "": 1.02}, "预测")
    assert file.scenario.questions[0]["plan"] == "subcenters"
    roads = file.choices
    assert (roads.closed, roads.delay_s, roads.minutes, roads.max_snap_m) == (frozenset({"8801", "W2"}), 180, 20, 1500)
    assert (roads.speeds, roads.period) == ({"primary": 35.0, "secondary": 25.5}, "night")
    assert (file.data, file.rules) == (sample_folder("panzhihua"), "panzhihua_2023")
    assert [one.file for one in file.sources] == ["方案.yaml"]


def _same(left: Any, right: Any) -> bool:
    """Whether two lists of edits are the same, unknown costs included."""
    return len(left) == len(right) and all(
        type(one) is type(two)
        and {**vars(one), "cost": 0, "line": "", "file": ""} == {**vars(two), "cost": 0, "line": "", "file": ""}
        and (one.cost == two.cost or (math.isnan(one.cost) and math.isnan(two.cost)))
        for one, two in zip(left, right, strict=True)
    )


def test_a_full_file_is_written_and_read_back(tmp_path: Path) -> None:
    file = read_scenario(_write(tmp_path, FULL))
    copy = tmp_path / "copy" / "b.yaml"
    copy.parent.mkdir()
    write_scenario(copy, file.scenario, file.choices, file.data, file.rules, ["一行\n说明"], {"ES1": "甲\n站"})
    again = read_scenario(copy)
    assert again.scenario == file.scenario
    assert {**vars(again.choices), "files": (), "said_in": {}} == {**vars(file.choices), "files": (), "said_in": {}}
    assert (again.data, again.rules) == (file.data, file.rules)
    text = copy.read_text("utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n# 一行·说明\n")
    assert "close: ES1  # 甲·站\n" in text
    assert "  delay: 3min\n" in text or '  delay: "3min"\n' in text
    assert "1500m" in text
    assert json.loads((copy.parent / SCHEMA_FILE).read_text("utf-8")) == json_schema()
    before = text
    write_scenario(copy, again.scenario, again.choices, again.data, again.rules, ["一行\n说明"], {"ES1": "甲\n站"})
    assert copy.read_text("utf-8") == before


def test_a_closed_area_goes_along(tmp_path: Path) -> None:
    area = box(101.61, 26.5, 101.7, 26.6)
    write_scenario(tmp_path / "a.yaml", Scenario("塌方"), RoadChoices(closed_area=area))
    read = read_scenario(tmp_path / "a.yaml").choices
    assert read.closed_area is not None
    assert read.closed_area.equals(area)
    assert [one.file for one in read.files] == ["a_封闭范围.geojson"]


TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
IDS = TEXTS.filter(str.strip)
NUMBERS = st.floats(-90, 90, allow_nan=False) | st.integers(-90, 90)
ABOUT = {"reason": TEXTS, "cost": st.just(math.nan) | st.floats(0, 1e9), "year": st.none() | st.integers(1949, 2200)}
KINDS = st.sampled_from(sorted(FACILITY_KINDS))
FIELDS = {
    "name": IDS, "kind": KINDS, "lon": NUMBERS, "lat": NUMBERS, "status": st.sampled_from(["open", "planned", "closed"]),
    "town_code": st.from_regex(r"\A[0-9]{9}\Z"), "host_id": TEXTS, "grade": TEXTS, "beds": st.integers(0, 9999),
    "meets_standard": st.booleans(), "service_grade": st.sampled_from(["recommended", "basic", "below"]),
}  # fmt: skip


def _some(needed: dict[str, Any], *names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(needed, optional={name: FIELDS[name] for name in names})


def _changes(word: str, fields: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[Change]:
    return st.builds(Change, facility=IDS, fields=fields, word=st.just(word), **ABOUT)


EDITS = st.one_of(
    st.builds(Open, fields=_some({"id": IDS, **{name: FIELDS[name] for name in ("name", "kind", "lon", "lat")}},
                                 "status", "town_code", "host_id", "grade", "meets_standard"), **ABOUT),
    st.builds(Close, facility=IDS, **ABOUT),
    _changes("upgrade", _some({"kind": KINDS}, "beds", "name")),
    _changes("convert", _some({"kind": KINDS}, "service_grade")),
    _changes("move", _some({name: FIELDS[name] for name in ("lon", "lat")})),
    _changes("enlarge", _some({"beds": FIELDS["beds"]})),
    _changes("change", _some({}, *FIELDS).filter(bool)),
)  # fmt: skip


@settings(
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(EDITS, max_size=4), IDS, TEXTS, st.lists(TEXTS, max_size=2))
def test_whatever_is_written_is_read_back(
    tmp_path: Path, edits: list[Any], name: str, author: str, notes: list[str]
) -> None:
    scenario = Scenario(name, author, edits=tuple(edits), notes=tuple(notes))
    path = tmp_path / "a.yaml"
    write_scenario(path, scenario)
    read = read_scenario(path).scenario
    assert (read.name, read.author, read.notes) == (name, author, tuple(notes))
    assert _same(read.edits, edits)
    first = path.read_bytes()
    write_scenario(path, read)
    assert path.read_bytes() == first


def test_a_base_comes_first_and_what_is_said_again_wins(tmp_path: Path) -> None:
    _write(
        tmp_path,
        "name: 底\nrules: panzhihua_2023\ndata: 数据\nedits:\n  - close: A\nroads: {delay: 3min, closed: [X]}\n",
        "底/a.yaml",
    )
    _write(tmp_path, "name: 中\nbase: a.yaml\nauthor: 甲\nedits:\n  - close: B\n", "底/b.yaml")
    file = read_scenario(_write(tmp_path, "name: 顶\nbase: 底/b.yaml\nedits:\n  - close: C\nroads: {delay: 60s}\n"))
    assert [(edit.facility, edit.file, edit.line) for edit in file.scenario.edits] == [
        ("A", "a.yaml", "5"), ("B", "b.yaml", "5"), ("C", "方案.yaml", "4"),
    ]  # fmt: skip
    assert (file.scenario.name, file.scenario.author, file.rules) == ("顶", "甲", "panzhihua_2023")
    assert file.data == tmp_path.resolve() / "底" / "数据"
    assert (file.choices.delay_s, file.choices.closed) == (60, frozenset({"X"}))
    assert [one.file for one in file.sources] == ["a.yaml", "b.yaml", "方案.yaml"]


def test_a_base_that_comes_back_names_the_loop(tmp_path: Path) -> None:
    _write(tmp_path, "name: a\nbase: b.yaml\n", "a.yaml")
    _write(tmp_path, "name: b\nbase: 方案.yaml\n", "b.yaml")
    (said,) = _problems(tmp_path, "name: c\nbase: b.yaml\n")
    assert "b.yaml，第 2 行：基础方案绕回了自己：方案.yaml → b.yaml → 方案.yaml" in said
    (said,) = _problems(tmp_path, "name: c\nbase: 方案.yaml\n")
    assert "方案.yaml → 方案.yaml" in said


BAD = (
    ("nam: x\nname: y", "第 1 行：不认识的键（现为“nam”）。是不是 name"),
    ("name: x\nname: y", "第 2 行：键重复（现为“name”）"),
    ("name: &a x", "不允许使用锚点或别名"),
    ("name: !!python/object x", "不允许使用类型标记"),
    ("author: y", "缺少“name”（方案名称）"),
    ("name: 2025", '“name”应是文字（现为“2025”）。写成带引号的 "2025"'),
    ("name:", "“name”后面没有写"),
    ("name: x\ndate: 2025-02-30", "第 2 行：“date”的写法不对（现为“2025-02-30”）"),
    ("name: x\nedits:\n  - clos: A", "第 3 行：没有写做什么（现为“clos”）。是不是 close"),
    ("name: x\nedits:\n  - close: A\n    move: B", "一条改动只能做一件事（现为“close、move”）"),
    ("name: x\nedits:\n  - close: 510402", '“close”应是文字（现为“510402”）。写成带引号的 "510402"'),
    ("name: x\nedits:\n  - close: 0123", '前面的 0 会丢失（现为“0123”）。两边加上英文双引号："0123"'),
    ("name: x\nedits:\n  - upgrade: A\n    to: 次中新", "“to”没有这个取值（现为“次中新”）。是不是“次中心”"),
    ("name: x\nedits:\n  - change: A\n    set: {status: opened}", "“status”没有这个取值（现为“opened”）。是不是“open”"),
    ("name: x\nedits:\n  - change: A\n    set: {bed: 3}", "不认识的键（现为“bed”）。是不是 beds"),
    ("name: x\nedits:\n  - change: A\n    set: {经度: 3}", "不认识的键（现为“经度”）。是不是 lon"),
    ("name: x\nedits:\n  - move: A\n    lon: 101", "缺少“lat”"),
    ("name: x\nedits:\n  - {move: A, lon: 26.5, lat: 101.6}", "“lat”应不小于 -90、不大于 90（现为“101.6”）。改正；是不是经度和纬度写反了"),
    ('name: x\nedits:\n  - {move: A, lon: "101", lat: 26}', "“lon”应是数（现为“101”）"),
    ("name: x\nedits:\n  - {enlarge: A, beds: 3.5}", "“beds”应是整数（现为“3.5”）"),
    ("name: x\nedits: {close: A}", "“edits”应是列表"),
    ("name: x\nedits:\n  - {close: A, cost: -3}", "“cost”应不小于 0"),
    ("name: x\nedits:\n  - {close: A, cost: 三万}", "“cost”应是数（现为“三万”）"),
    ("name: x\nbase: 没有.yaml", "第 2 行：没有这个文件（现为“没有.yaml”）"),
    ("name: x\nbase: ../a.yaml", "第 2 行：路径在项目文件夹之外（现为“../a.yaml”）"),
    ("name: x\nroads: {closed_area: /etc/passwd}", "路径在项目文件夹之外（现为“/etc/passwd”）"),
    ("name: x\ndata: ../../x", "路径在项目文件夹之外（现为“../../x”）"),
    ("name: x\nrules: ../r.yaml", "路径在项目文件夹之外（现为“../r.yaml”）"),
    ("name: x\ndata: 甲\\乙", "路径里用了反斜杠（现为“甲\\乙”）。写成 甲/乙"),
    ('name: x\ndata: "a\\0b"', "有不能显示的字符"),
    ("name: x\ndata: sample:panzhihu", "没有这个示例（现为“sample:panzhihu”）。是不是 sample:panzhihua"),
    ("name: x\nroads: {delay: 3}", "“delay”应是文字（现为“3”）。写成 3min 这样"),
    ("name: x\nroads: {delay: 3km}", "“delay”的写法不对（现为“3km”）。写成 3min 这样"),
    ("name: x\nroads: {period: 夜间}", "写了时段而没有时速表"),
    ("name: x\npopulation: {year: 2030, factors: {510402: 0.9}}", '“factors”里的代码没有加引号（现为“510402”）。写成带引号的 "510402"'),
    ("name: x\nquestions:\n  - {plan: 次中心, p: 4-2}", "“p”的写法不对（现为“4-2”）"),
    ("name: x\nquestions:\n  - {plan: emergency, forced: [A, B], forbidden: [B]}", "既是必选又是不选（现为“B”）"),
    ('name: x\nquestions:\n  - {plan: emergency, quotas: {"510402": {at_least: 3, at_most: 1}}}', "至少多于至多（现为“3 > 1”）"),
    ("- name: x", "内容应是“键: 值”"),
    ("name: [", "第 1 行：不是有效的 YAML（现为“name: [”）"),
    ("name: x\nedits:\n  - move: {id: A, lon: 101.6, lat: 26.6}", "第 3 行：“move”应是机构编号。move 后写机构编号；lon、lat 另起一行，与 move 同级"),
    ("name: x\nedits:\n  - enlarge: {id: A}", "第 3 行：“enlarge”应是机构编号。enlarge 后写机构编号；beds 另起一行，与 enlarge 同级"),
    ("name: x\nedits:\n  - close: [A, B]", "第 3 行：“close”应是机构编号。close 后写一个机构编号；几个机构就写几条"),
    ("name：增设急救站", "第 1 行：用了全角标点（现为“name：增设急救站”）"),
    ("# 说明：见后\nname: x\nauthor：甲\ndate: 2025-03-01", "第 3 行：用了全角标点（现为“author：甲”）"),
    ("name: x\nedits:\n  - close：A", "第 3 行：“edits”应是“键: 值”（现为“close：A”）。冒号用英文（半角）的，后面空一格"),
    ("name: x\nedits:\n  - close:A", "第 3 行：“edits”应是“键: 值”（现为“close:A”）。冒号用英文（半角）的，后面空一格"),
    ("name: x\nedits:\n  - {close: A，reason: 甲}", "第 3 行：用了全角标点（现为“- {close: A，reason: 甲}”）"),
    ("name: x\nroads: ｛delay: 3min｝", "第 2 行：用了全角标点"),
    ("name: x\nroads: {delay：3min}", "第 2 行：用了全角标点（现为“delay：3min”）"),
    ("name: x\nedits:\n\t- close: A", "第 3 行：用了制表符（Tab）（现为“- close: A”）。改成空格"),
    ('name: x\nnotes: ["甲：乙，丙"]\ndate: "2025', '不是有效的 YAML（现为“date: "2025”）'),
    ("name: x\nedits:\n  - change: A\n    set: {town_code: 510422100}", '“town_code”应是文字（现为“510422100”）。写成带引号的 "510422100"'),
)  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_mistake_is_one_message_exit_2_and_nothing_written(
    text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = _problems(tmp_path / "in", text)
    assert len([one for one in problems if said in one]) == 1, problems
    out = tmp_path / "out"
    assert main(["run", str(tmp_path / "in" / "方案.yaml"), "--out", str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_a_lonely_mistake_is_a_lonely_message(tmp_path: Path) -> None:
    twice = ("clos: A", "nam: x")
    for text, _ in BAD:
        if not any(one in text for one in twice):
            assert len(_problems(tmp_path, text)) == 1, text


def test_all_mistakes_of_all_files_are_told_at_once_from_the_top(tmp_path: Path) -> None:
    _write(tmp_path, "name: 1\n", "a.yaml")
    said = _problems(tmp_path, "name: x\nbase: a.yaml\nedits:\n  - {enlarge: A}\n  - {close: 7}\nrods: {}\nname: z\n")
    assert [re.sub("：.*", "", one) for one in said] == [
        "方案.yaml，第 4 行", "方案.yaml，第 5 行", "方案.yaml，第 6 行", "方案.yaml，第 7 行", "a.yaml，第 1 行",
    ]  # fmt: skip


def test_a_link_out_of_the_project_is_outside(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    assert "路径在项目文件夹之外" in _problems(tmp_path / "in", "name: x\ndata: link")[0]


def test_the_project_is_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _write(tmp_path, "name: x\ndata: ../数据\n", "方案/a.yaml")
    with pytest.raises(ScenarioError, match="项目文件夹之外"):
        read_scenario(path)
    monkeypatch.chdir(tmp_path)
    assert read_scenario(path).data == tmp_path.resolve() / "数据"
    write_scenario(tmp_path / "方案" / "b.yaml", Scenario("b"), data=tmp_path / "数据")
    assert 'data: "../数据"' in (tmp_path / "方案" / "b.yaml").read_text("utf-8")
    assert read_scenario(tmp_path / "方案" / "b.yaml").data == tmp_path.resolve() / "数据"


@pytest.mark.parametrize("data", [b"\xff\xfe", b""])
def test_no_text_is_no_scenario(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.yaml").write_bytes(data)
    with pytest.raises(ScenarioError):
        read_scenario(tmp_path / "a.yaml")
    with pytest.raises(ScenarioError, match="没有这个文件"):
        read_scenario(tmp_path / "nowhere.yaml")
    with pytest.raises(ScenarioError, match="这是文件夹"):
        read_scenario(tmp_path)


def test_the_schema_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json_schema()
    assert main(["schema", "--out", str(tmp_path / "s.json")]) == 0
    assert json.loads((tmp_path / "s.json").read_text("utf-8")) == json_schema()
    assert main(["schema", "--out", str(tmp_path / "s.txt")]) == 2
    assert main(["schema", "--out", str(tmp_path / "no" / "s.json")]) == 2
