"""The outputs: the same bytes twice, whole or not at all, text as text, and every view equal to the one table."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest

from planner.errors import OptionError
from scenarios.cli.program import main
from scenarios.export.folder import whole_folder
from scenarios.run import MAP
from tests import tiny
from tests.test_text import INSTALLERS, told_in

OURS = '{"tool": "fugai", "outputs": []}'
PAYLOAD = "<img src=x onerror=alert(1)>${alert(2)}"
FORMULA = '=HYPERLINK("x")'


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def _assess(data: Path, out: Path) -> int:
    return main(["assess", str(data), "--rules", "panzhihua_2023", "--out", str(out)])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo")
    assert main(["demo", str(out)]) == 0
    return out / "攀枝花"


def test_the_demo_writes_everything(demo: Path) -> None:
    counties = ("东区", "西区", "仁和区", "米易县", "盐边县", "攀枝花市")
    expected = {
        "findings.csv",
        "findings.gpkg",
        "绕行清单.csv",
        "manifest.json",
        "试点.html",
        "首页.html",
        "条款清单.csv",
        "条款清单.xlsx",
        "条款评估.csv",
        MAP,
        *(f"缺口清单_{name}.xlsx" for name in counties),
    }
    assert {path.name for path in demo.iterdir()} == expected


def test_no_output_speaks_of_packages(demo: Path) -> None:
    read = {path.name: told_in(path) for path in demo.iterdir()}
    assert sum(len(text) > 1000 for text in read.values()) >= 8
    assert {name: found for name, text in read.items() if (found := INSTALLERS.findall(text))} == {}


def test_a_second_run_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    """In another process, with another hash seed and a later clock."""
    time.sleep(1.1)
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Shanghai"}
    subprocess.run([sys.executable, "-m", "scenarios", "demo", str(tmp_path)], check=True, env=environment,
                   capture_output=True)  # fmt: skip
    assert _digests(tmp_path / "攀枝花") == _digests(demo)


def test_the_manifest_names_inputs_parameters_and_outputs(demo: Path) -> None:
    manifest = json.loads((demo / "manifest.json").read_text("utf-8"))
    assert manifest["data_date"] == "2020-11-01"
    assert manifest["notice"] == "示例数据（部分估算），不作决策依据"
    assert {one["file"] for one in manifest["inputs"]} >= {"towns.geojson", "villages.csv", "facilities.csv"}
    assert manifest["parameters"]["emergency_urban.paper"]["radius_km"] == 5
    digests = _digests(demo)
    assert {one["file"]: one["sha256"] for one in manifest["outputs"]} == {
        name: digest for name, digest in digests.items() if name != "manifest.json"
    }


def test_the_county_sums_are_in_the_csv(demo: Path) -> None:
    findings = pd.read_csv(demo / "findings.csv", encoding="utf-8-sig", dtype={"county_code": str})
    rows = findings[findings["rule"].str.startswith("emergency") & findings["reading"].eq("paper")]
    sums = rows[rows["level"] == "county"].groupby("county_code")["population"].sum()
    assert list(sums) == [411_427, 129_406, 265_562, 227_011, 178_797]


def test_both_readings_stand_side_by_side(demo: Path) -> None:
    findings = pd.read_csv(demo / "findings.csv", encoding="utf-8-sig", dtype={"subject_code": str})
    rows = findings[findings["rule"].eq("emergency_urban") & findings["level"].eq("village")].set_index("subject_code")
    paper, road = rows[rows["reading"] == "paper"], rows[rows["reading"] == "road"]
    assert list(paper.index) == list(road.index)
    assert (road["distance_m"] >= paper["distance_m"] - 0.01).all()
    assert (road["covered"] <= paper["covered"]).all()
    assert set(road["status"]) == {"not_judged"}


def test_the_geopackage_holds_the_same_rows(demo: Path) -> None:
    findings = pd.read_csv(demo / "findings.csv", encoding="utf-8-sig", dtype=str, keep_default_na=False)
    for layer, level in (("towns", "town"), ("villages", "village")):
        frame = gpd.read_file(demo / "findings.gpkg", layer=layer)
        assert set(frame["gap_id"]) == set(findings.loc[findings["level"] == level, "gap_id"])
        assert frame.geometry.notna().all()
        assert frame.crs == "EPSG:4326"


def _sheet(path: Path, name: str) -> list[list[object]]:
    return [list(row) for row in openpyxl.load_workbook(path)[name].iter_rows(values_only=True)]


def test_the_workbooks_list_exactly_the_gaps(demo: Path) -> None:
    from planner.findings import gap_rows
    from planner.measures import FUNCTIONS
    from planner.rules import load_rules

    findings = pd.read_csv(demo / "findings.csv", encoding="utf-8-sig", dtype={"county_code": str})
    gaps = gap_rows(findings, load_rules("panzhihua_2023", FUNCTIONS))
    for name, code in (("盐边县", "510422"), ("攀枝花市", "")):
        mine = gaps[gaps["county_code"] == code] if code else gaps
        rows = _sheet(demo / f"缺口清单_{name}.xlsx", "缺口清单")
        listed = [row for row in rows[6:] if isinstance(row[0], int)]
        assert {row[-1] for row in listed} == set(mine["gap_id"])
        people = {row[-1]: row[10] for row in listed}
        for row in mine.itertuples():
            assert people[row.gap_id] == ("—" if row.level == "city" else row.uncovered + row.unreachable)
        assert f"合计：{len(mine)} 项" in "".join(str(row[0]) for row in rows)


def test_subtotals_are_the_sum_of_their_rows(demo: Path) -> None:
    book = openpyxl.load_workbook(demo / "缺口清单_盐边县.xlsx", data_only=True)["缺口清单"]
    total = None
    running = 0
    for row in book.iter_rows(min_row=7, values_only=True):
        if isinstance(row[0], int):
            running += row[10]
        elif str(row[0]).startswith("小计"):
            total = row[10]
            assert total == running
            running = 0
    assert total is not None


def test_the_workbook_is_an_attachment(demo: Path) -> None:
    sheet = openpyxl.load_workbook(demo / "缺口清单_盐边县.xlsx")["缺口清单"]
    assert sheet.page_setup.orientation == "landscape"
    assert int(sheet.page_setup.paperSize) == 9
    assert sheet.print_title_rows == "$5:$6"
    assert sheet["A2"].value == "盐边县医疗卫生设施布局缺口清单"
    assert "不作决策依据" in sheet["A4"].value
    assert openpyxl.load_workbook(demo / "缺口清单_盐边县.xlsx").sheetnames == [
        "缺口清单", "未作判断清单", "指标完成情况", "待补数据清单", "绕行清单", "路网接入", "说明",
    ]  # fmt: skip


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """Return the made city with payloads for names of counties, towns, villages, facilities and for the notice."""
    folder = tiny.write(tmp_path / "hostile")
    towns = tiny.towns()
    towns["name"] = [PAYLOAD, FORMULA, "@SUM(1)", "+1乡"]
    towns["kind"] = ["街道", "镇", "镇", "乡"]
    towns["county_name"] = ["../" + PAYLOAD, "../" + PAYLOAD, FORMULA, FORMULA]
    towns.to_file(folder / "towns.geojson", driver="GeoJSON")
    tiny.villages().assign(name=FORMULA).to_csv(folder / "villages.csv", index=False)
    tiny.facilities().assign(name=PAYLOAD).to_csv(folder / "facilities.csv", index=False)
    (folder / "about.yaml").write_text(f"name: '{FORMULA}'\ncode: \"510400\"\nnotice: '{PAYLOAD}'\n", "utf-8")
    return folder


def test_text_from_data_is_never_a_formula_or_a_path(hostile: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _assess(hostile, out) == 0
    assert {path.parent for path in tmp_path.rglob("*.xlsx")} == {out}
    assert len(list(out.glob("*.xlsx"))) == 4
    seen = set()
    for path in out.glob("*.xlsx"):
        for sheet in openpyxl.load_workbook(path):
            for row in sheet.iter_rows():
                for cell in row:
                    seen.add(cell.value)
                    if cell.data_type == "f":
                        assert re.fullmatch(r"=SUM\(([A-Z]+)\d+:\1\d+\)", str(cell.value))
    assert FORMULA in seen
    csv = (out / "findings.csv").read_text("utf-8-sig")
    assert "'" + FORMULA.replace('"', '""') in csv


def test_a_payload_is_text_on_the_map(hostile: Path, tmp_path: Path, browser) -> None:
    out = tmp_path / "out"
    assert _assess(hostile, out) == 0
    page = browser.new_context(offline=True).new_page()
    dialogs, requests, errors = [], [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((out / MAP).as_uri())
    page.wait_for_selector("html.ready", state="attached")
    assert page.evaluate("document.querySelectorAll('img[src=x]').length") == 0
    assert PAYLOAD in page.inner_text("body")
    assert not dialogs
    assert not errors
    assert len(requests) == 1
    page.context.close()


def _run_until(out: Path, marker: str, tiny_folder: Path) -> subprocess.Popen:
    """Start a run that stops for a minute while it writes, and return once it has begun to write."""
    code = (
        "import time, scenarios.run as run, scenarios.cli.program as cli, pathlib\n"
        "def stop(*a, **k):\n"
        f"    pathlib.Path({str(marker)!r}).touch(); time.sleep(60)\n"
        "run.coverage_map = stop\n"
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        f"cli.main(['assess', {str(tiny_folder)!r}, '--rules', 'panzhihua_2023', '--out', {str(out)!r}])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    for _ in range(300):
        if Path(marker).exists():
            return process
        time.sleep(0.1)
    raise AssertionError("the run did not begin to write")


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_the_old_output_whole(how: signal.Signals, tiny_folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _assess(tiny_folder, out) == 0
    before = _digests(out)
    process = _run_until(out, str(tmp_path / "begun"), tiny_folder)
    process.send_signal(how)
    _, said = process.communicate(timeout=30)
    assert _digests(out) == before
    if how != signal.SIGKILL:
        assert process.returncode == 0  # -c does not pass the code on
        assert "已中断" in said.decode()
        assert [path.name for path in tmp_path.iterdir() if "fugai-new" in path.name] == []


def _plan_interrupted(times: int, data: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Plan stations, pressing Ctrl-C so many times as the solving begins."""
    code = (
        "import os, signal, sys, scenarios.plans.emergency as plans, scenarios.cli.program as cli\n"
        "solve = plans.plan_emergency\n"
        "def pressed(*words):\n"
        f"    for _ in range({times}): os.kill(os.getpid(), signal.SIGINT)\n"
        "    return solve(*words)\n"
        "plans.plan_emergency = pressed\n"
        f"sys.exit(cli.main(['plan', 'emergency', {str(data)!r}, '--rules', 'panzhihua_2023', '--out', {str(out)!r}]))\n"
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def test_a_plan_that_is_interrupted_writes_the_best_it_has_and_a_second_time_nothing(
    tiny_folder: Path, tmp_path: Path
) -> None:
    done = _plan_interrupted(1, tiny_folder, tmp_path / "out")
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert "写出目前最好的方案和界" in done.stderr
    assert (tmp_path / "out" / "manifest.json").is_file()
    assert "新增" in done.stdout
    before = _digests(tmp_path / "out")
    done = _plan_interrupted(2, tiny_folder, tmp_path / "out")
    assert done.returncode == 130
    assert "已中断，原有输出没有改动" in done.stderr
    assert _digests(tmp_path / "out") == before


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_a_failing_run_leaves_the_old_output_whole(target: Path) -> None:
    with whole_folder(target) as folder:
        (folder / "manifest.json").write_text(OURS)
    with pytest.raises(RuntimeError), whole_folder(target) as folder:  # noqa: PT012
        (folder / "manifest.json").write_text("new")
        raise RuntimeError
    assert (target / "manifest.json").read_text() == OURS
    assert list(target.parent.iterdir()) == [target]


def test_a_kill_between_the_renames_is_mended(target: Path) -> None:
    with whole_folder(target) as folder:
        (folder / "manifest.json").write_text(OURS)
    target.rename(target.with_name(".out.fugai-old"))
    with pytest.raises(RuntimeError), whole_folder(target):
        raise RuntimeError
    assert (target / "manifest.json").read_text() == OURS


def test_notes_of_people_are_kept(tiny_folder: Path, target: Path) -> None:
    assert _assess(tiny_folder, target) == 0
    (target / "批注.txt").write_text("请复核")
    (target / "附件").mkdir()
    (target / "附件" / "a.txt").write_text("1")
    assert _assess(tiny_folder, target) == 0
    assert (target / "批注.txt").read_text() == "请复核"
    assert (target / "附件" / "a.txt").read_text() == "1"


def test_what_people_wrote_into_our_files_is_kept(tiny_folder: Path, target: Path) -> None:
    assert _assess(tiny_folder, target) == 0
    workbook = target / "缺口清单_甲区.xlsx"
    fresh = workbook.read_bytes()
    for number, said in ((1, "（人工修改）"), (2, "（人工修改）2")):
        workbook.write_bytes(f"责任单位 {number}".encode())
        assert _assess(tiny_folder, target) == 0
        assert workbook.read_bytes() == fresh
        assert (target / f"缺口清单_甲区{said}.xlsx").read_text() == f"责任单位 {number}"


def test_leftovers_of_killed_runs_are_cleared(tiny_folder: Path, target: Path) -> None:
    assert _assess(tiny_folder, target) == 0
    parked = target.with_name(".out.fugai-old")
    parked.mkdir()
    (parked / "x").touch()
    stale = target.with_name(".out.fugai-new-dead")
    stale.mkdir()
    os.utime(stale, (0, 0))
    assert _assess(tiny_folder, target) == 0
    assert [path.name for path in target.parent.iterdir()] == ["out"]


def test_data_is_never_the_output(tmp_path: Path) -> None:
    data = tiny.write(tmp_path / "up" / "data")
    before = _digests(data)
    assert _assess(data, data) == 2
    assert _assess(data, tmp_path / "up") == 2
    assert _digests(data) == before
    (data / "manifest.json").write_text('{"outputs": []}')
    assert _assess(tiny.write(tmp_path / "other"), data) == 2


def test_names_that_are_paths_stay_names(tmp_path: Path) -> None:
    folder = tiny.write(tmp_path / "data")
    tiny.towns().assign(county_name="甲/../../x").to_file(folder / "towns.geojson", driver="GeoJSON")
    assert _assess(folder, tmp_path / "deep" / "out") == 0
    assert {path.parent.name for path in tmp_path.rglob("*.xlsx")} == {"out"}


def test_a_folder_of_other_files_is_left_alone(tiny_folder: Path, target: Path) -> None:
    target.mkdir()
    (target / "毕业论文.docx").write_text("x")
    assert _assess(tiny_folder, target) == 2
    assert [path.name for path in target.iterdir()] == ["毕业论文.docx"]
    with pytest.raises(OptionError, match="不是文件夹"), whole_folder(target / "毕业论文.docx"):
        pass
