"""A made city of 2 counties, 4 towns and 8 villages, for tests of the maps; every text in it can be a payload.

The other test modules of the maps draw it; the tests here hold it to the contracts of planner.
"""

from dataclasses import dataclass
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import Point, box

from maps.furniture import Furniture, Ring
from planner.network import graph_of_edges
from planner.region import About, Region
from planner.schema import FINDINGS

CRS = "EPSG:4543"
WEST, SOUTH, SIDE = 470_000.0, 2_930_000.0, 10_000.0
TOWNS = ("510001001", "510001002", "510002101", "510002102")
PAYLOADS = (
    "<img src=x onerror=alert(1)>${alert(2)}",
    "</script><script>alert(1)</script>",
    "\"'`{{ 7*7 }}`'\"",
    "</style><svg onload=alert(3)>",
    "<!--<script>alert(4)//\u2028\u2029&amp;\\",
)


@dataclass(frozen=True, eq=False)
class City:
    """What a map is drawn from."""

    region: Region
    findings: pd.DataFrame
    furniture: Furniture


def plain_city() -> City:
    """Return the made city with harmless names."""
    return City(_region(MappingProxyType({})), _findings(), _furniture("某市急救覆盖图"))


def hostile_city() -> City:
    """Return the same city in which every text that a person could have written is a payload."""
    city = plain_city()
    names = {code: f"{code}{PAYLOADS[position]}" for position, code in enumerate(TOWNS)}
    findings = city.findings.copy()
    written = ("rule_label", "reading_label", "subject_name", "town_name", "county_name", "required_text", "nearest_facility_name",
               "denominator", "remedy", "document", "section", "quote", "note", "force", "nature", "unit")  # fmt: skip
    for position, column in enumerate(written):
        findings[column] = PAYLOADS[position % len(PAYLOADS)]
    return City(_region(MappingProxyType(names)), findings, _hostile_furniture())


def _region(names: dict[str, str] | MappingProxyType[str, str]) -> Region:
    boxes = [box(*_corner(x, y), *_corner(x + 1, y + 1)) for x, y in ((0, 0), (0, 1), (1, 0), (1, 1))]
    towns = gpd.GeoDataFrame(
        {
            "code": TOWNS,
            "name": [names.get(code, name) for code, name in zip(TOWNS, ("甲街道", "乙街道", "丙镇", "丁乡"), strict=True)],
            "county_code": ["510001", "510001", "510002", "510002"],
            "kind": ["subdistrict", "subdistrict", "town", "township"],
            "is_county_seat": [False, False, True, False],
            "estimated": [False, False, False, True],
            "source": "",
        },
        geometry=boxes,
        crs=CRS,
    )  # fmt: skip
    counties = gpd.GeoDataFrame(
        {"code": ["510001", "510002"], "name": [names.get(TOWNS[0], "东区"), names.get(TOWNS[1], "西县")],
         "population": [3000, 5000], "urban_population": [3000, 1000], "rural_population": [0, 4000],
         "estimated": False, "source": ""},
        geometry=[boxes[0].union(boxes[1]), boxes[2].union(boxes[3])],
        crs=CRS,
    )  # fmt: skip
    villages = _villages(names)
    residents = villages.rename(columns={"code": "village_code"}).assign(id=villages["code"], is_urban=False)
    ends = gpd.GeoSeries(gpd.points_from_xy(*zip(*(_corner(*at) for at in ((0, 0.5), (2, 0.5), (0.5, 0), (0.5, 2))),
                                                strict=True)), crs=CRS).to_crs(4326)  # fmt: skip
    roads = graph_of_edges(
        lon=ends.x.to_numpy(), lat=ends.y.to_numpy(), tail=np.array([0, 2]), head=np.array([1, 3]),
        road_class=np.array(["primary", "secondary"], object),
    )  # fmt: skip
    about = About(name="某市", code="5100")
    return Region(about, CRS, counties, towns, villages, residents, _facilities(names), roads)


def _corner(x: float, y: float) -> tuple[float, float]:
    return WEST + x * SIDE, SOUTH + y * SIDE


def _villages(names: dict[str, str] | MappingProxyType[str, str]) -> gpd.GeoDataFrame:
    rows = [
        {
            "code": f"{town}{200 + number}",
            "name": names.get(town, f"{town[-3:]}村{number}"),
            "town_code": town,
            "county_code": town[:6],
            "kind": "village",
            "population": 1000,
            "lon": 0.0,
            "lat": 0.0,
            "estimated": False,
            "source": names.get(town, ""),
            "geometry": Point(_corner(column + 0.3 + 0.4 * number, row + 0.5)),
        }
        for town, (column, row) in zip(TOWNS, ((0, 0), (0, 1), (1, 0), (1, 1)), strict=True)
        for number in (0, 1)
    ]
    return gpd.GeoDataFrame(rows, crs=CRS).sort_values("code", ignore_index=True)


def _facilities(names: dict[str, str] | MappingProxyType[str, str]) -> gpd.GeoDataFrame:
    kinds = ("emergency_station", "hospital", "township_hospital", "township_hospital", "community_health_center",
             "village_clinic")  # fmt: skip
    spots = ((0.5, 0.5), (0.5, 0.5), (1.5, 0.5), (1.5, 1.5), (0.5, 1.5), (1.3, 1.5))
    rows = [
        {
            "id": f"F{number}",
            "name": names.get(TOWNS[number % 4], f"机构{number}"),
            "kind": kind,
            "status": "planned" if number == 3 else "open",
            "town_code": TOWNS[number % 4],
            "village_code": "",
            "county_code": "510001",
            "host_id": "F1" if number == 0 else "",
            "grade": names.get(TOWNS[1], "二级甲等"),
            "owner": names.get(TOWNS[0], ""),
            "beds": float("nan") if number == 5 else 100.0 * number,
            "beds_planned": float("nan"),
            "service_grade": None,
            "upgraded_from": None,
            "specialty": None,
            "meets_standard": None,
            "lon": 0.0,
            "lat": 0.0,
            "estimated": number % 2 == 0,
            "source": names.get(TOWNS[2], "名录"),
            "geometry": Point(_corner(*spot)),
        }
        for number, (kind, spot) in enumerate(zip(kinds, spots, strict=True))
    ]
    return gpd.GeoDataFrame(rows, crs=CRS)


def _findings() -> pd.DataFrame:
    """Return three pairs: the urban 5 km on paper, another reading of it, and a rule without villages."""
    shares = {"paper": (2000, 1500, 0, None), "paper_census": (2000, 2000, 500, 1200)}
    rows: list[dict[str, object]] = []
    for reading, covered in shares.items():
        rows += _pair_rows("emergency_urban", reading, "城市急救5公里", covered, villages=True)
    rows += _pair_rows("township_hospital", "register", "每乡镇一所卫生院", (None, None, 2000, 0), villages=False)
    blank = {field.name: "" for field in FINDINGS.fields if field.kind in ("text", "code")}
    return pd.DataFrame([{**blank, **row} for row in rows], columns=list(FINDINGS.names()))


def _pair_rows(
    rule: str, reading: str, label: str, covered: tuple[int | None, ...], *, villages: bool
) -> list[dict[str, object]]:
    common = {"rule": rule, "reading": reading, "rule_label": label,
              "reading_label": f"口径{reading}", "document": "某市规划", "section": "第三章",
              "quote": "服务半径不超过5公里", "required_text": "≤5公里", "denominator": "城市地区常住人口",
              "unit": "share", "required": 1.0, "estimated": True}  # fmt: skip
    rows = []
    for town, people in zip(TOWNS, covered, strict=True):
        if people is None:
            continue
        rows.append(_row(common, "town", town, 2000, people))
        if villages and people < 2000:
            rows.append(_row(common, "village", f"{town}200", 1000, min(people, 1000)))
            rows.append(_row(common, "village", f"{town}201", 1000, max(people - 1000, 0)))
    known = [people for people in covered if people is not None]
    rows.append(_row(common, "county", "510002", 2000, known[-1]))
    return [*rows, _row(common, "city", "5100", 2000 * len(known), sum(known))]


def _row(common: dict[str, object], level: str, code: str, people: int, covered: int) -> dict[str, object]:
    return {
        **common,
        "gap_id": f"{common['rule']}.{common['reading']}.{level}.{code}",
        "level": level,
        "subject_code": code,
        "subject_name": code,
        "population": people,
        "covered": covered,
        "uncovered": people - covered,
        "unreachable": 0,
        "population_no_data": 0,
        "value": covered / people,
        "status": "met" if covered == people else "not_met",
        "distance_m": 6200.0 if covered < people else float("nan"),
        "time_min": float("nan"),
        "nearest_facility_name": "机构0" if covered < people else "",
    }


def _furniture(title: str) -> Furniture:
    return Furniture(
        title=title,
        notice="示例数据（部分估算），不作决策依据",
        sources=("测试",),
        date="2023-12-31",
        inputs=(("towns.geojson", "ab" * 32),),
        parameters=("服务半径 5 公里",),
        rings=(Ring("emergency_station", 5000.0, "急救站 5 公里范围"),),
    )


def _hostile_furniture() -> Furniture:
    first, second, third, fourth, fifth = PAYLOADS
    return Furniture(
        title=first, notice=second, subtitle=third, sources=(fourth, fifth), date=first, drawn_by=second,
        approval_number=third, unit=fourth, version=fifth, inputs=((first, second),), parameters=(third, fourth),
        accuracy=fifth, rings=(Ring("emergency_station", 5000.0, first),),
    )  # fmt: skip


def test_the_made_city_has_the_columns_of_findings() -> None:
    assert tuple(plain_city().findings.columns) == FINDINGS.names()


def test_the_made_city_adds_up() -> None:
    rows = plain_city().findings
    assert (rows["covered"] + rows["uncovered"] + rows["unreachable"] == rows["population"]).all()


def test_every_written_text_of_the_hostile_city_is_a_payload() -> None:
    city = hostile_city()
    assert set(city.findings["quote"]) <= set(PAYLOADS)
    assert all(any(payload in name for payload in PAYLOADS) for name in city.region.facilities["name"])
