"""The sheet 说明: what the numbers of a workbook rest on, in words."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from planner import __version__
from planner.findings import FEW_PEOPLE
from planner.region import Region
from planner.rules import Reading, Rules, parameter_text
from planner.schema import STATUS_LABELS, VILLAGE_RULE
from scenarios.export.intake import lines_of_uses
from scenarios.export.sheet import Sheet, row_points

_HASH_LETTERS = 12
_WIDTHS = (26, 104)

NEAREST: Mapping[str, str] = MappingProxyType(
    {
        "people_within": "急救等按半径覆盖的指标：村（社区）行为该村最远居民点的最近机构；"
        "乡镇、县（区）、全市行为其中最远的未覆盖居民点的最近机构。",
        "people_served": "选址题：与按半径覆盖的指标相同，按居民前往的时间或距离。",
        "people_within_time": "响应时间：与按半径覆盖的指标相同，最远、最近都按时间。",
        "facility_per_unit": "卫生院、村卫生室等“每个乡镇（村）几所”的指标：从乡镇的人口重心居民点（距人口加权中心最近的居民点）、"
        "从村的位置点，到最近的同类机构。",
        "community_centers": "社区卫生服务中心：从街道（镇）的人口重心居民点到最近的中心。",
    }
)
"""From where to what the nearest facility is measured, by measure."""


_FEW = f"缺口涉及的人不超过 {FEW_PEOPLE} 人的，注明“缺口只涉及几人”，仍是缺口；{FEW_PEOPLE} 人是参数，不是政策数字。"


def _reading_text(reading: Reading) -> str:
    return "，".join(parameter_text(name, value) for name, value in reading.params.items())


def _about_data(region: Region) -> Iterator[tuple[str, str]]:
    about = region.about
    yield "数据", f"{about.name}，数据日期 {about.as_of or '未注明'}，坐标系 {region.crs}"
    if not about.notice:  # else both stand in red above
        yield "性质", "用户数据"
        yield "边界精度", about.accuracy or "未注明"


def _meanings(rules: Rules) -> Iterator[tuple[str, str]]:
    met, not_met, not_judged, no_data = (STATUS_LABELS[one] for one in ("met", "not_met", "not_judged", "no_data"))
    yield (
        "四种状态",
        (
            f"{met}；{not_met}（即缺口）；{not_judged}（条款未给数值，或只作参考口径）；{no_data}（列入待补数据清单，不算缺口）。"
            f"“完成情况”中的“无法判断”即后两种，括号内是原因。"
        ),
    )
    yield "人口", "已覆盖＋未覆盖＋不可达＝评估人口，分毫不差；因缺数据未能判断的人口不在分母内。"
    measures = {rule.measure for rule in rules.rules}
    yield from (("最近机构", text) for measure, text in NEAREST.items() if measure in measures)
    if any(reading.params.get("units") == "village" for rule in rules.rules for reading in rule.readings):
        yield "行政村认定", f"{VILLAGE_RULE}。"
    yield "距离", "口径为“直线距离”的是大地线长度，为“道路距离”的是沿路网长度；只计在用的机构。"


def explanations(
    region: Region,
    rules: Rules,
    readings: Collection[tuple[str, str]],
    said: Sequence[str] = (),
    decided: Sequence[tuple[str, str]] = (),
) -> list[tuple[str, str]]:
    """Return (label, text) of all that the numbers rest on.

    `readings` are the (rule, reading) that have findings, `said` what is to be told of the roads, `decided` of the
    scenario.
    """
    lines = [
        *decided,
        ("文件", f"{rules.document}（{rules.issued} 印发）；规则 {rules.id}"),
        *_about_data(region),
        *_meanings(rules),
    ]
    for rule in rules.rules:
        lines += [(f"假设：{rule.label}", text) for text in rule.assumptions]
    lines += [("假设：人少的缺口", _FEW), *(("假设：数据", text) for text in region.about.assumptions)]
    lines += [
        (f"参数：{rule.label}", f"{reading.label}：{_reading_text(reading)}")
        for rule in rules.rules
        for reading in rule.readings
        if (rule.id, reading.id) in readings
    ]
    lines += [("参数：道路", text) for text in said]
    lines += [("来源", text) for text in region.about.credits]
    lines += [
        ("输入文件", f"{one.file}　{one.rows} 行　SHA-256 {one.sha256[:_HASH_LETTERS]}…（全文见 manifest.json）")
        for one in region.sources
    ]
    lines += [("读入", f"{file}　{told}") for file, told in lines_of_uses(region.uses)]
    return [*lines, ("版本", f"fugai {__version__}")]


def write_explanations(sheet: Sheet, lines: list[tuple[str, str]], notice: str) -> None:
    """Write the sheet: the label of several lines in a row is said once."""
    page, formats = sheet.page, sheet.formats
    for at, width in enumerate(_WIDTHS):
        page.set_column(at, at, width)
    page.merge_range(0, 0, 0, 1, "", formats["title"])
    page.write_string(0, 0, sheet.title, formats["title"])
    page.set_row(0, 26)
    if notice:
        page.merge_range(1, 0, 1, 1, "", formats["notice"])
        page.write_string(1, 0, notice, formats["notice"])
        page.set_row(1, row_points([(notice, sum(_WIDTHS) * 0.85)]))
    before = ""
    for at, (label, text) in enumerate(lines, 2):
        shown = "" if label == before else label
        page.set_row(at, row_points([(shown, _WIDTHS[0]), (text, _WIDTHS[1])]))
        page.write_string(at, 0, shown, formats["plain"])
        page.write_string(at, 1, text, formats["plain"])
        before = label
