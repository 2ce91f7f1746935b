"""The pack that a city sends to its county bureaus: empty tables, a data dictionary and a page of advice."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import xlsxwriter

from planner.clauses import register_of
from planner.errors import OptionError, Problem, Text
from planner.institutions import INSTITUTION_KINDS, INSTITUTIONS, NUMBERS, TABLES, institutions
from planner.measures import FUNCTIONS
from planner.region import Region
from planner.schema import (
    COUNTIES,
    FACILITIES,
    RESIDENTS,
    TOWNS,
    VILLAGES,
    Field,
    Table,
)
from scenarios.document import records
from scenarios.export.folder import whole_folder
from scenarios.export.sheet import FIXED_DATE, row_points
from scenarios.export.tables import write_layer

_KINDS = {
    "text": "文字",
    "code": "代码（文字格式，保留前面的 0）",
    "integer": "整数",
    "number": "数字",
    "boolean": "是／否",
    "choice": "选一项",
    "date": "日期",
}
_REQUIRED = {
    TOWNS.name: "必需",
    FACILITIES.name: "必需",
    VILLAGES.name: "村社区、居民点至少一个",
    RESIDENTS.name: "村社区、居民点至少一个",
}
_ROWS = 5000

_EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "counties.code": "510422",
        "counties.name": "盐边县",
        "towns.code": "510422102",
        "towns.name": "渔门镇",
        "villages.code": "510422102201",
        "villages.name": "双龙村",
        "residents.id": "R0001",
        "facilities.id": "F0001",
        "facilities.name": "渔门镇卫生院",
        "facilities.kind": "乡镇卫生院",
        "facilities.grade": "二级甲等",
        "facilities.owner": "县办",
        "roads.id": "W0001",
        "roads.name": "国道353线",
        "roads.road_class": "primary",
        "county_code": "510422",
        "county_name": "盐边县",
        "town_code": "510422102",
        "village_code": "510422102201",
        "health_center": "F0003",
        "host_id": "F0002",
        "lon": "101.7123",
        "lat": "26.5804",
        "population": "1793",
        "urban_population": "0",
        "rural_population": "1793",
        "beds": "60",
        "beds_planned": "80",
        "institutions.id": "F0001",
        "institutions.name": "渔门镇卫生院",
        "institutions.kind": "乡镇卫生院",
        "institutions.grade": "一级甲等",
        "parent_id": "F0002",
        "year": "2024",
        "occupancy": "0.83",
        "stay_days": "8.5",
        "speed_kmh": "60",
        "source": "县统计局 2024 年年报",
        "estimated": "否",
    }
)
"""What a cell may hold, by table and field, or by field alone; choices and yes-or-no fields need none here."""

_ABOUT_HEAD = """# 这个文件夹的说明。“城市名称”和“代码”必须填写，其余没有的项留空。文字用英文双引号括起。
# 城市名称，如 "攀枝花市"
name: ""
# 6 位行政区划代码，如 "510400"
code: ""
# 数据日期，如 "2023-12-31"
as_of: ""
# 显示在每一页上的提示，如 "内部资料"
notice: ""
# 边界精度、制图单位、审图号（没有就留空，不得编造）
accuracy: ""
drawn_by: ""
approval_number: ""
# 经纬度的坐标系：wgs84、cgcs2000、gcj02（高德、腾讯）、bd09（百度）
coordinates: wgs84
# 路网图上画断的线、没有节点的交叉在多远以内接上，如 "1m"；不接就留空
weld: ""
# 名录完整的机构类型：名录里一所也没有，就按“零所”判断，不按“无数据”。用下面左边的英文写法：
"""

_ABOUT_TAIL = """# 例如，卫生院和村卫生室的名录都完整，就写：
#   complete_registers: [township_hospital, village_clinic]
complete_registers: []
# 数据来源，每行一条，如
#   - "常住人口：县统计局 2024 年年报"
credits: []
# 为了填表而作的假设，每行一条
assumptions: []
"""

_ADVICE = """医疗卫生设施布局评估：数据填报说明

一、填哪些文件
  乡镇.gpkg        乡镇（街道）边界，面图层，必需（也可以是 乡镇.geojson）
  机构.xlsx        医疗卫生机构名录，必需
  村社区.xlsx      村（社区）位置与人口；与“居民点”至少填一个
  居民点.xlsx      更细的居民点（可选；填了就以它为准）；不用的文件请删除
  县区.gpkg        县（区）边界（可选；没有时由乡镇合并）
  机构登记册.xlsx  机构的科室、床位、人员、使用情况（可选；各列都可以空着，空着按无数据）
  about.yaml       城市名称、代码（这两项必填）、数据日期、坐标系
  文件名不要改。表格可另存为 .csv（UTF-8 或 GBK 都可以）。

二、怎么填
  每列的含义、单位、取值见“数据字典.xlsx”。深色表头必填，浅色选填。
  代码列是文字格式，不要丢掉前面的 0。人数写整数。
  经纬度写小数（如 101.7123、26.5804），不要写度分秒；坐标取自高德、百度的，在 about.yaml 写明。
  不知道的留空，不要填 0。估算的行，“是否估算”填“是”。

三、填完以后
  fugai check 本文件夹          一次列出所有问题
  fugai assess 本文件夹 --rules panzhihua_2023 --out 结果
"""


def write_template(out: Path, region: Region | None = None) -> tuple[str, ...]:
    """Write the pack into `out`, which must be new or empty; return the names of its files.

    Of a region the register of institutions holds what is known already: codes, names, beds, and whom its documents name.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OptionError(
            Problem(
                str(out),
                Text("已存在，而且不是空文件夹", "exists and is not an empty folder"),
                Text("换一个新文件夹", "choose a new folder"),
            )
        )
    with whole_folder(out) as folder:
        for table in (FACILITIES, VILLAGES, RESIDENTS):
            _workbook(folder / f"{table.stems[1]}.xlsx", table)
        _workbook(folder / f"{INSTITUTIONS.stems[1]}.xlsx", INSTITUTIONS, () if region is None else known_rows(region))
        for table in (TOWNS, COUNTIES):
            _empty_layer(folder / f"{table.stems[1]}.gpkg", table)
        _dictionary(folder / "数据字典.xlsx")
        (folder / "about.yaml").write_text(about_text(), encoding="utf-8", newline="\n")
        (folder / "填报说明.txt").write_text(_ADVICE, encoding="utf-8-sig", newline="\r\n")
        return tuple(sorted(path.name for path in folder.iterdir()))


def about_text() -> str:
    """Return an about.yaml to fill in: as it stands it is refused, since the city has no name and no code."""
    kinds = (f"#   {kind:<26}{names[0]}" for kind, names in INSTITUTION_KINDS.items())
    return _ABOUT_HEAD + "\n".join(kinds) + "\n" + _ABOUT_TAIL


def _choices(field: Field) -> list[str]:
    if field.kind == "boolean":
        return ["是", "否"]
    return [names[0] for names in field.choices.values()]


def example(table: Table, field: Field) -> str:
    """Return a value that a cell of this column may hold."""
    known = _EXAMPLES.get(f"{table.name}.{field.name}", _EXAMPLES.get(field.name, ""))
    return known or next(iter(_choices(field)), "") or ("12" if field.name in NUMBERS else "")


def _comment(table: Table, field: Field) -> str:
    shown = example(table, field)
    parts = [
        "必填" if field.required else "选填",
        _KINDS[field.kind],
        f"单位：{field.unit_label}" if field.unit else "",
        field.about,
        "可选：" + "、".join(_choices(field)) if _choices(field) else "",
        f"例：{shown}" if shown else "",
    ]
    return "\n".join(part for part in parts if part)


def _on_paper(sheet: Any) -> None:
    """Print a sheet landscape on A4, as wide as the page, with its headings on every page."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.25, right=0.25, top=0.5, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def known_rows(region: Region) -> list[dict[str, Any]]:
    """Return, for the form of institutions, those that are known, and those that the city's documents name and no list has.

    The latter have no id, no kind and no county yet; what the document says of them stands as their source.
    """
    as_of = region.about.as_of[:4]
    frame = institutions(region).assign(year=as_of if as_of.isdigit() else None)
    choices = {one.name: one.choices for one in INSTITUTIONS.fields if one.choices}
    rows = [
        {name: choices[name][value][0] if name in choices else value for name, value in row.items()
         if name in _KNOWN and pd.notna(value)}
        for row in records(frame)
    ]  # fmt: skip
    demanded = register_of(region.about.code, FUNCTIONS)
    for one in demanded.institutions if demanded else ():
        if not any(one.name in name or name.endswith(one.name) for name in frame["name"]):
            roles = "；".join(f"{section}：{quote}" for section, quote in one.roles)
            rows.append({"name": one.name, "source": roles})
    return rows


_KNOWN = ("id", "name", "kind", "status", "grade", "specialty", "owner", "county_code", "town_code", "village_code", "year",
          "beds", "beds_planned")  # fmt: skip


def _workbook(path: Path, table: Table, rows: Sequence[Mapping[str, Any]] = ()) -> None:
    """Write one sheet with the headings, dark where needed, text format for codes and lists for choices, and these rows."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": table.label, "created": FIXED_DATE})
    need = book.add_format({"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "border": 1})
    free = book.add_format({"bg_color": "#DDEBF7", "border": 1})
    as_text = book.add_format({"num_format": "@"})
    sheet = book.add_worksheet(table.label[:31])
    sheet.freeze_panes(1, 0)
    for at, field in enumerate(table.fields):
        sheet.set_column(at, at, max(10, 2.4 * len(field.label)), as_text if field.kind in {"code", "text"} else None)
        sheet.write_string(0, at, field.label, need if field.required else free)
        said = _comment(table, field)
        box = {"author": "fugai", "width": 240, "height": 22 + 1.5 * row_points([(said, 30)])}
        sheet.write_comment(0, at, said, box)
        if _choices(field):
            sheet.data_validation(1, at, _ROWS, at, {"validate": "list", "source": _choices(field)})
        for row, known in enumerate(rows, 1):
            sheet.write(row, at, known.get(field.name, ""))
    _on_paper(sheet)
    book.close()


def _empty_layer(path: Path, table: Table) -> None:
    """Write a polygon layer with the Chinese headings and no feature, to be filled in QGIS or ArcGIS."""
    kinds: dict[str, Any] = {"integer": "int64", "number": "float64"}
    columns = {field.label: pd.Series(dtype=kinds.get(field.kind, "str")) for field in table.fields}
    frame = gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs="EPSG:4490"))
    write_layer(path, frame, table.label, geometry_type="MultiPolygon")


_DICTIONARY = (
    ("表", 9),
    ("是否必需", 9),
    ("文件名（任选其一）", 24),
    ("列名", 13),
    ("英文列名", 16),
    ("必填", 6),
    ("类型", 11),
    ("单位", 6),
    ("取值", 20),
    ("例", 13),
    ("说明", 18),
    ("也可写作", 18),
)
"""Headings and widths of the data dictionary."""


def _dictionary_row(table: Table, field: Field) -> tuple[str, ...]:
    endings = "gpkg、geojson、shp" if table.geometry in {"polygon", "line"} else "xlsx、csv、gpkg、geojson"
    return (
        table.label,
        _REQUIRED.get(table.name, "可选"),
        "、".join(table.stems) + f"\n（{endings}）",
        field.label,
        field.name,
        "必填" if field.required else "",
        _KINDS[field.kind],
        field.unit_label,
        "、".join(_choices(field)),
        example(table, field),
        field.about,
        "、".join(field.aliases),
    )


def _dictionary(path: Path) -> None:
    """Write one sheet that explains every column of every table."""
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False})
    book.set_properties({"title": "数据字典", "created": FIXED_DATE})
    face = {"font_name": "宋体", "font_size": 9.5, "border": 1, "valign": "vcenter", "text_wrap": True}
    head = book.add_format({**face, "bold": True, "bg_color": "#DCE6F1", "align": "center"})
    cell = book.add_format(face)
    sheet = book.add_worksheet("数据字典")
    widths = [width for _, width in _DICTIONARY]
    for at, (heading, width) in enumerate(_DICTIONARY):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, heading, head)
    sheet.set_row(0, row_points(_DICTIONARY))
    rows = [_dictionary_row(table, field) for table in TABLES.values() for field in table.fields]
    for number, values in enumerate(rows, 1):
        sheet.set_row(number, row_points(list(zip(values, widths, strict=True))))
        for at, value in enumerate(values):
            sheet.write_string(number, at, value, cell)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(_DICTIONARY) - 1)
    _on_paper(sheet)
    book.close()
