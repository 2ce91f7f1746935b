"""fugai robust and fugai phases: whole folders, the same bytes, and one message for what cannot be asked."""

import json
from pathlib import Path

import pandas as pd
import pytest

from scenarios.cli.program import main
from scenarios.files import read_scenario
from tests import tiny

SAMPLE = Path(__file__).parent.parent / "geodata" / "samples" / "panzhihua"
PLAN = """name: 次中心三处
rules: panzhihua_2023
edits:
  - upgrade: TH510411102
    cost: 800
  - upgrade: TH510421106
    cost: 1200
  - upgrade: TH510422104
    cost: 500.5
  - close: TH510421201
    year: 2024
questions:
  - plan: subcenters
    p: 3
    limit: 30min
"""


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "plan.yaml"
    path.write_text(PLAN, encoding="utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_robust_writes_a_whole_folder_of_the_same_bytes(tmp_path: Path) -> None:
    data = tiny.write_with_roads(tmp_path / "data")
    for name in ("one", "two"):
        words = [
            "robust",
            "baseline",
            "--data",
            str(data),
            "--rules",
            "panzhihua_2023",
            "--draws",
            "6",
            "--delay",
            "1min",
        ]
        assert main([*words, "--out", str(tmp_path / name)]) == 0
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert one == two
    assert set(one) == {"manifest.json", "可信度.html", "可信度.xlsx", "敏感性.csv", "缺口可信度.csv"}
    manifest = json.loads(one["manifest.json"])
    assert manifest["uncertainty"]["draws"] == 6
    assert {entry["file"] for entry in manifest["outputs"]} == set(one) - {"manifest.json"}
    page = one["可信度.html"].decode()
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert set(pd.read_csv(tmp_path / "one" / "敏感性.csv")["因素"]) == {"全部一起", "点位", "人口", "时速", "农村半径"}


def test_robust_tests_the_sites_of_a_scenario(plan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["robust", str(plan), "--data", str(SAMPLE), "--out", str(tmp_path / "out"), "--draws", "3"]) == 0
    sites = pd.read_csv(tmp_path / "out" / "选址可信度.csv")
    assert set(sites.loc[sites["方案选中"] == "是", "机构编号"]) == {"TH510411102", "TH510421106", "TH510422104"}
    assert sites.groupby("目标")["入选最优方案的抽样比例"].sum().to_numpy() == pytest.approx(3)
    told = capsys.readouterr().out
    assert "次中心 3 个（30 分钟内的人口最多）：3" in told
    turned = pd.read_csv(tmp_path / "out" / "选址敏感性.csv")
    kept = round(turned.loc[turned["因素"] == "全部一起", "最优方案不变的抽样比例"].iloc[0] * 3)
    (line,) = (
        one for one in told.splitlines() if one.startswith("30 分钟内的人口最多：现有数据下最优（已证明）的方案")
    )
    assert f"3 次抽样（各项误差一起变）中 {kept} 次" in line
    assert ("证明的最优只对现有数据成立" in line) == (kept < 2)
    assert line in (tmp_path / "out" / "可信度.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--draws", "0"], "draws"),
        (["--rural-km", "20"], "10-20"),
        (["--point-error", "5min"], "500m"),
        (["--limit", "30"], "单位"),
        (["-p", "99", "--limit", "10km"], "p"),
        (["--certain", "0.3"], "certain"),
    ],
)
def test_robust_refuses(tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    data = tiny.write(tmp_path / "data")
    command = ["robust", "baseline", "--data", str(data), "--rules", "panzhihua_2023", "--out", str(tmp_path / "out")]
    assert main([*command, *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_phases_puts_years_into_the_scenario(plan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    words = ["phases", str(plan), "--data", str(SAMPLE), "--out", str(out), "--budget", "800", "--start", "2026"]
    assert main(words) == 0
    scenario = read_scenario(out / "方案_分期.yaml").scenario
    years = {getattr(edit, "facility", ""): edit.year for edit in scenario.edits}
    table = pd.read_csv(out / "分期.csv")
    assert table["年份"].tolist() == [2025, 2026, 2027, 2028, 2029]
    assert years["TH510421201"] == 2024  # what is no site keeps its year
    assert sorted(years[one] for one in ("TH510411102", "TH510421106", "TH510422104"))[-1] == 2029
    spent = table.set_index("年份")["累计费用（万元）"]
    assert spent.loc[2029] == 2500.5
    assert all(spent.loc[year] <= 800 * (year - 2025) for year in range(2026, 2030))
    assert table["新覆盖（人）"].sum() == table["限度内人口（人）"].iloc[-1] - table["限度内人口（人）"].iloc[0]
    before = contents(out)
    assert main(words) == 0
    assert contents(out) == before
    assert main(["run", str(out / "方案_分期.yaml"), "--data", str(SAMPLE), "--out", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        (("    cost: 800\n", ""), ["--budget", "500"], "TH510411102"),
        (("upgrade: TH510411102", "close: TH510411102"), ["--per-year", "0"], "--per-year"),
        (("", ""), ["--per-year", "1", "--plan", "emergency"], "没有新设"),
    ],
)
def test_phases_refuses(
    plan: Path, tmp_path: Path, change: tuple[str, str], words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plan.write_text(PLAN.replace(*change) if change[0] else PLAN, encoding="utf-8")
    assert main(["phases", str(plan), "--data", str(SAMPLE), "--out", str(tmp_path / "out"), *words]) == 2
    assert said in capsys.readouterr().err


def test_phases_of_emergency_stations(plan: Path, tmp_path: Path) -> None:
    """Two new stations in 仁和镇 and 瓜子坪: the one that covers more people opens first."""
    villages = pd.read_csv(SAMPLE / "villages.csv", dtype={"code": str})
    edits = ""
    for town in ("510402009", "510421100"):
        mine = villages[villages["code"].str.startswith(town)].iloc[0]
        edits += f"  - open: {{id: ES{town}, name: 新站{town}, kind: emergency_station, lon: {mine['lon']}, lat: {mine['lat']}}}\n"
    plan.write_text(f"name: 两站\nrules: panzhihua_2023\nedits:\n{edits}", encoding="utf-8")
    out = tmp_path / "out"
    assert main(["phases", str(plan), "--data", str(SAMPLE), "--out", str(out), "--per-year", "1"]) == 0
    table = pd.read_csv(out / "分期.csv")
    gains = table["新覆盖（人）"].tolist()[1:]
    assert gains == sorted(gains, reverse=True)
    manifest = json.loads((out / "manifest.json").read_text("utf-8"))
    assert manifest["parameters"]["limit"] == "5km"
    assert manifest["answer"]["status"] == "optimal"
