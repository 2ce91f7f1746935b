"""The coverage map: rows of findings joined to towns, villages and facilities by id, and shown.

Nothing about coverage is computed here. What is shown is a row of findings; a share is its covered ÷ population.
"""

from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from maps import geometry, style
from maps.furniture import Furniture
from maps.page import Page, render_page
from planner.edge_shapes import edge_lines
from planner.numbers import share_text
from planner.region import Region
from planner.schema import DETOUR_LABELS, REASON_LABELS, STATUS_LABELS

SCRIPTS = ("elements.js", "cards.js", "legend.js", "search.js", "furniture.js", "detours.js", "coverage.js")
Column = dict[str, list[object]]
"""One column of a table: {"values": […]}, or for text {"texts": distinct texts, "index": which one in each row}."""

_ROW_TEXTS = (
    "subject_code", "subject_name", "town_name", "county_name", "required_text", "status", "force", "nature",
    "nearest_facility_name", "denominator", "remedy", "document", "section", "quote", "note",
)  # fmt: skip
_ROW_NUMBERS = ("population", "covered", "uncovered", "unreachable", "population_no_data", "distance_m", "time_min")
_DETOUR_TEXTS = (
    "rule", "rule_label", "id", "name", "town_name", "county_name", "paper_facility_name", "road_facility_name", "status",
)  # fmt: skip
_DETOUR_NUMBERS = ("population", "radius_km", "paper_distance_m", "road_distance_m", "detour_factor")


def coverage_map(
    region: Region,
    findings: pd.DataFrame,
    furniture: Furniture,
    detours: pd.DataFrame | None = None,
    open_edges: npt.NDArray[np.bool_] | None = None,
) -> str:
    """Return one HTML page that shows findings on the map of their region and opens with no network.

    One fill per (rule, reading) that has rows at town level; village rows with people left out become dots, the rows
    of 绕行清单 (schema.DETOURS) signs of their own. Edges of the roads that are not open are drawn apart.
    Raises ValueError when findings speak of towns or villages that the region does not have.
    """
    _require_known(findings, "town", region.towns["code"])
    _require_known(findings, "village", region.villages["code"])
    pairs = _pairs(findings)
    data = {
        "furniture": _furniture(furniture),
        "alarm": _alarm(findings),
        "style": _style(),
        "bounds": geometry.bounds(region.towns),
        "pairs": [_pair(findings, rule, reading) for rule, reading in pairs],
        "summary": _rows(findings[findings["level"] == "city"]),
        "towns": _towns(region),
        "counties": _counties(region),
        "villages": _villages(region),
        "facilities": _facilities(region, dict(furniture.decided)),
        "roads": _roads(region, open_edges),
        "detours": None if detours is None else _detours(detours),
    }
    return render_page(
        Page(
            title="医疗卫生服务覆盖图",
            markup=_own_file("coverage.html"),
            styles=(style.css_variables(), _own_file("coverage.css")),
            scripts=tuple(map(_own_file, SCRIPTS)),
            data={"coverage-data": data},
            start="showCoverage",
        )
    )


def _own_file(name: str) -> str:
    return files("maps").joinpath(name).read_text("utf-8")


def _require_known(findings: pd.DataFrame, level: str, codes: pd.Series) -> None:
    rows = findings[findings["level"] == level]
    unknown = sorted(set(rows["subject_code"]) - set(codes))
    if unknown:
        raise ValueError(f"findings name {len(unknown)} {level} codes that the region does not have: {unknown[:5]}")


def _alarm(findings: pd.DataFrame) -> str:
    """Return what must be said above all: that nothing was judged, because the rules are another city's; or ""."""
    said = findings.loc[findings["note"].str.startswith("参数情景"), "note"]
    if not len(said) or findings["status"].isin(["met", "not_met"]).any():
        return ""
    return f"{style.WORDS['foreign']}（{said.iloc[0].split('；')[0]}）"


def _pairs(findings: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the (rule, reading) pairs with town rows in the order of the findings: that of the rules' file."""
    towns = findings.loc[findings["level"] == "town", ["rule", "reading"]].drop_duplicates()
    return list(towns.itertuples(index=False, name=None))


def _basis(towns: pd.DataFrame) -> str:
    """Return whose share the colours of these town rows are: "people", "units", or "unit": of the town itself."""
    units = set(towns["unit"])
    return "people" if units == {"share"} else "units" if units == {style.UNITS} else "unit"


def _pair(findings: pd.DataFrame, rule: str, reading: str) -> dict[str, object]:
    rows = findings[(findings["rule"] == rule) & (findings["reading"] == reading)]
    left_out = rows["uncovered"].fillna(0) + rows["unreachable"].fillna(0) > 0
    towns = rows[rows["level"] == "town"]
    return {
        "rule": rule,
        "basis": _basis(towns),
        "judged": bool(rows["status"].isin(["met", "not_met"]).any()),
        "reading": reading,
        "label": str(rows["rule_label"].iloc[0]),
        "readingLabel": str(rows["reading_label"].iloc[0]),
        "city": _rows(rows[rows["level"] == "city"]),
        "counties": _rows(rows[rows["level"] == "county"]),
        "towns": _rows(towns),
        "villages": _rows(rows[(rows["level"] == "village") & left_out]),
    }


def _rows(rows: pd.DataFrame) -> dict[str, Column]:
    """Return rows of findings as columns, with the words and sizes that the page shows for them."""
    left_out = _floats(rows["uncovered"].fillna(0) + rows["unreachable"].fillna(0))
    units, values, required = list(map(str, rows["unit"])), _floats(rows["value"]), _floats(rows["required"])
    table = {name: _texts(rows[name]) for name in (*_ROW_TEXTS, "rule", "reading", "rule_label", "reading_label")}
    table |= {name: _numbers(rows[name]) for name in _ROW_NUMBERS}
    table["value_text"] = _texts(map(style.value_text, values, units, required))
    shares = _shares(rows)
    adds_up = [unit in {"share", style.UNITS} for unit in units]
    table["share_text"] = _texts(
        share_text(share) if shown else "" for share, shown in zip(shares, adds_up, strict=True)
    )
    table["fill"] = _plain(map(style.share_class, shares, map(str, rows["status"])))
    table["radius"] = _plain(style.dot_radius(count) for count in left_out)
    table["estimated"] = _flags(rows["estimated"])
    return table


def _shares(rows: pd.DataFrame) -> list[float]:
    """Return, for each row, the share that its colour stands for."""
    people = zip(_floats(rows["covered"]), _floats(rows["population"]), strict=True)
    counts = zip(_floats(rows["value"]), _floats(rows["required"]), strict=True)
    return list(map(style.shown_share, map(str, rows["unit"]), people, counts, _floats(rows["gap"])))


def _towns(region: Region) -> dict[str, Column]:
    frame = geometry.simplified(region.towns)
    county = region.counties.set_index("code")["name"]
    return {
        "code": _texts(frame["code"]),
        "name": _texts(frame["name"]),
        "county": _texts(frame["county_code"].map(county)),
        "estimated": _flags(frame["estimated"]),
        "outline": _plain(geometry.outlines(frame)),
        "at": _plain(geometry.label_points(frame)),
    }


def _counties(region: Region) -> dict[str, Column]:
    """Return the counties; their borders are the outer borders of their towns, so that the two lines agree."""
    frame = region.counties.sort_values("code")
    towns = geometry.simplified(region.towns).dissolve("county_code")
    whole = set(frame["code"]) == set(towns.index) and bool(
        (towns.area.loc[frame["code"]].to_numpy() > 0.98 * frame.area.to_numpy()).all()
    )
    drawn = towns.loc[frame["code"]] if whole else geometry.simplified(frame)
    return {
        "code": _texts(frame["code"]),
        "name": _texts(frame["name"]),
        "outline": _plain(geometry.outlines(gpd.GeoDataFrame(geometry=drawn.geometry))),
        "at": _plain(geometry.label_points(frame)),
    }


def _villages(region: Region) -> dict[str, Column]:
    frame = region.villages
    return {
        "code": _texts(frame["code"]),
        "name": _texts(frame["name"]),
        "where": _texts(frame["town_code"].map(region.towns.set_index("code")["name"])),
        "population": _numbers(frame["population"]),
        "estimated": _flags(frame["estimated"]),
        "at": _plain(geometry.points(frame.geometry)),
    }


def _facilities(region: Region, decided: Mapping[str, str]) -> dict[str, Column]:
    frame = region.facilities
    names = frame.set_index("id")["name"]
    towns = region.towns.set_index("code")["name"]
    return {
        "id": _texts(frame["id"]),
        "name": _texts(frame["name"]),
        "kind": _texts(frame["kind"]),
        "status": _texts(frame["status"]),
        "status_label": _texts(style.facility_status_label(str(status)) for status in frame["status"]),
        "town": _texts(frame["town_code"].map(towns)),
        "host": _texts(frame["host_id"].map(names)),
        "grade": _texts(frame["grade"]),
        "owner": _texts(frame["owner"]),
        "source": _texts(frame["source"]),
        "decided": _texts(decided.get(str(one), "") for one in frame["id"]),
        "beds": _numbers(frame["beds"]),
        "estimated": _flags(frame["estimated"]),
        "at": _plain(geometry.points(frame.geometry)),
    }


def _roads(region: Region, open_edges: npt.NDArray[np.bool_] | None) -> dict[str, list[geometry.Line]] | None:
    """Return the roads to draw; of those that are closed all, whatever their class, and where their crosses stand."""
    if region.roads is None:
        return None
    is_open = np.ones(len(region.roads.tail), np.bool_) if open_edges is None else open_edges
    shapes = gpd.GeoSeries(edge_lines(region.roads), crs=4326).to_crs(region.crs)
    kind = pd.Series(region.roads.road_class).astype(str).str.removesuffix("_link")
    is_major, is_shown = kind.isin(style.MAJOR_ROADS), kind.isin(style.SHOWN_ROADS)
    drawn = {"minor": is_shown & ~is_major & is_open, "major": is_major & is_open, "closed": ~is_open}
    return {
        **{name: geometry.lines(shapes[rows]) for name, rows in drawn.items()},
        "crosses": geometry.crosses(shapes[~is_open]),
    }


def _detours(detours: pd.DataFrame) -> dict[str, Column]:
    points = gpd.GeoSeries(gpd.points_from_xy(detours["lon"].astype(float), detours["lat"].astype(float)), crs=4326)
    return {
        **{name: _texts(detours[name]) for name in _DETOUR_TEXTS},
        **{name: _numbers(detours[name]) for name in _DETOUR_NUMBERS},
        "status_label": _texts(detours["status"].map(DETOUR_LABELS)),
        "reason_label": _texts(detours["reason"].map(REASON_LABELS)),
        "estimated": _flags(detours["estimated"]),
        "at": _plain(geometry.points(points)),
    }


def _furniture(furniture: Furniture) -> dict[str, object]:
    plain = {
        name: getattr(furniture, name)
        for name in ("title", "subtitle", "notice", "date", "drawn_by", "approval_number", "unit", "version")
    }
    rings = [
        {"kind": one.facility_kind, "radius": one.radius_m, "label": one.label, "rules": one.rules}
        for one in furniture.rings
    ]
    lists = {"sources": furniture.sources, "inputs": furniture.inputs, "parameters": furniture.parameters}
    return {**plain, **lists, "accuracy": furniture.accuracy, "rings": rings}


def _style() -> dict[str, object]:
    symbols = {
        kind: {
            "label": style.kind_label(kind),
            "size": one.size,
            "color": one.color,
            "outline": one.outline,
            "glyph": one.glyph,
            "shown": one.shown,
        }
        for kind, one in style.SYMBOLS.items()
    }
    return {
        "fills": [{"label": one.label, "fill": one.fill} for one in style.fills()],
        "symbols": symbols,
        "closed": style.CLOSED_COLOR,
        "detours": {name: dict(sign) for name, sign in style.DETOUR_SIGNS.items()},
        "chrome": dict(style.CHROME),
        "lines": {name: dict(line) for name, line in style.LINES.items()},
        "status": dict(STATUS_LABELS),
        "words": dict(style.WORDS),
        "dots": [{"people": people, "radius": style.dot_radius(people)} for people in style.DOT_EXAMPLES],
        "villageRadius": style.VILLAGE_RADIUS_PX,
    }


def _texts(values: Iterable[object]) -> Column:
    """Return a text column; what is missing becomes ""."""
    plain = ["" if value is None or value != value else str(value) for value in values]  # noqa: PLR0124 (NaN)
    texts = list(dict.fromkeys(plain))
    position = {text: index for index, text in enumerate(texts)}
    return {"texts": list(texts), "index": [position[text] for text in plain]}


def _numbers(values: pd.Series) -> Column:
    """Return a column of numbers; an unknown number becomes null, a whole number loses its ``.0``."""
    return _plain(None if value != value else _shortest(value) for value in _floats(values))  # noqa: PLR0124 (NaN)


def _flags(values: pd.Series) -> Column:
    return _plain(int(value is not None and value == True) for value in values.astype(object))  # noqa: E712


def _plain(values: Iterable[object]) -> Column:
    return {"values": list(values)}


def _floats(values: pd.Series) -> Sequence[float]:
    numbers: list[float] = pd.to_numeric(values, errors="coerce").astype("float64").tolist()
    return numbers


def _shortest(value: float) -> float | int:
    return int(value) if value.is_integer() else round(value, 4)
