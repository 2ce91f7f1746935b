"""The map of a rural plan: what was found, put as maps.rural shows it."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from maps.rural import Duty, Host, Link, Route, Stop, Village
from maps.rural import rural_map as page_of
from planner.plans.chain import LEVELS
from planner.plans.rounds import RoundsPlan, Season, base_of, in_season
from planner.text import amount_text, people_text
from scenarios.plans.furniture import furniture_of, open_edges
from scenarios.plans.rural import Report
from scenarios.plans.rural_tables import LINKS, kind_label, kinds_shown, rows_of, towns, weakest_text
from scenarios.plans.words import unit_word
from scenarios.ways import road_of

RURAL_MAP = "乡村方案地图.html"


def maps_of(report: Report) -> Iterable[tuple[str, str]]:
    """Yield (file name, page): the plan, and a page a season with its own rounds."""
    yield RURAL_MAP, rural_map(report)
    seasons = {one.name: one for one in report.asked.seasons}
    for name, rounds in report.seasons.items():
        page = rural_map(replace(report, rounds=rounds), seasons.get(name))
        yield RURAL_MAP.replace(".html", f"_{name}.html"), page


def _roads(report: Report, season: Season | None) -> tuple[npt.NDArray[np.bool_] | None, str]:
    """Return which edges are open then, and what the legend calls the others ("": as usual)."""
    edges, graph = open_edges(report.start), report.start.region.roads
    if graph is None or season is None or not season.closed:
        return edges, ""
    road = road_of(graph, report.start.base.choices, by_time=False)
    return in_season(road, {}, season.closed).open_edges, f"封闭道路（含{season.name}另封闭的）"


def rural_map(report: Report, season: Season | None = None) -> str:
    """Return the page; with seasons the title names the one whose rounds it shows."""
    edges, closed = _roads(report, season)
    months = report.rounds.season if report.rounds is not None else ""
    title = f"乡村医疗卫生服务方案{f'（{months}巡回）' if months else ''}"
    around = furniture_of(report.start, title, report.said, f"人；{unit_word(report.plan.unit)}")
    shown = kinds_shown(report)
    lost = int((report.plan.villages["kind"] == "unvisited").sum())
    more = {"round": f"（其中 {lost} 个当天去不了）"} if lost else {}
    kinds = tuple((one, kind_label(report, one).zh + more.get(one, "")) for one in shown if _mark(one) == one)
    links = tuple((level, LINKS[level]) for level in LEVELS)
    told = "；".join(one.zh for one in report.told)
    return page_of(
        report.start.region,
        _villages(report),
        _hosts(report),
        _links(report),
        _duty(report),
        kinds,
        links,
        around,
        told,
        edges,
        closed,
    )


def _mark(kind: str) -> str:
    """Return the kind as whose mark a village is drawn: those that the rounds cannot visit are told in words."""
    return "round" if kind == "unvisited" else kind


def _villages(report: Report) -> list[Village]:
    chain = {row["code"]: row for row in rows_of(report.chain.villages)}
    unit = report.chain.unit
    out = []
    for row in rows_of(report.plan.villages):
        mine = chain[row["code"]]
        weakest = str(mine["weakest"])
        across = [
            f"{LINKS[level]}：{mine[f'to_{level}_across_name']}" for level in LEVELS if mine[f"to_{level}_across"]
        ]
        links = [
            f"{LINKS[one]} {amount_text(mine[f'to_{one}_cost'], unit)}{'（超出限度）' if mine[f'to_{one}_over'] else ''}"
            for one in LEVELS
            if mine[f"to_{one}"]
        ]
        out.append(
            Village(
                code=row["code"], name=row["name"], county=row["county_name"], town=row["town_name"],
                people=int(row["population"]), kind=_mark(row["kind"]), host=row["host_name"], why=row["why"],
                chain="，".join(links), weakest=weakest_text(weakest), across="；".join(across),
                lon=row["lon"], lat=row["lat"],
            )
        )  # fmt: skip
    return out


def _hosts(report: Report) -> list[Host]:
    """Return the hospitals that serve a village in place of a clinic."""
    frame = report.start.region.facilities
    mine = report.plan.villages[report.plan.villages["group"] == "substitute"]
    counts = mine.groupby("host").size().to_dict()
    own = frame[frame["id"].isin(list(counts)) & (frame["kind"] != "village_clinic")].sort_values("id")
    return [
        Host(row["id"], row["name"], row["kind"], int(counts[row["id"]]), float(row["lon"]), float(row["lat"]))
        for row in rows_of(own[["id", "name", "kind", "lon", "lat"]])
    ]


def _links(report: Report) -> list[Link]:
    unit = report.chain.unit
    said = {str(row["town_code"]): row for row in towns(report)}
    out = []
    for row in rows_of(report.chain.towns):
        means = tuple(
            (LINKS[level], amount_text(row[f"to_{level}_mean"], unit))
            for level in LEVELS
            if not pd.isna(row[f"to_{level}_mean"])
        )
        more = (
            ("合计（平均）", amount_text(row["total_mean"], unit)),
            (
                "最远的村",
                f"{row['worst_village']}，{amount_text(row['total_worst'], unit)}" if row["worst_village"] else "—",
            ),
            ("县界外更近", str(said[str(row["town_code"])]["across_said"])),
            *([("有环节超出限度", people_text(row["over"]))] if report.chain.limits else []),
        )
        out.append(
            Link(
                code=str(row["town_code"]), name=str(row["town_name"]), county=str(row["county_name"]), weakest=str(row["weakest"]),
                villages=int(row["villages"]), people=people_text(row["population"]),
                total=amount_text(row["total_mean"], unit), said=(*means, *more),
            )
        )  # fmt: skip
    return out


def _duty(report: Report) -> Duty | None:
    plan = report.rounds
    if plan is None or not len(plan.days):
        return None
    first = plan.days[plan.days["visit"] == 1]
    routes = [_route(plan, row) for row in rows_of(first)]
    left = [f"{row['name']}：{row['why']}" for row in rows_of(plan.left)]
    return Duty(tuple(routes), tuple(left))


def _route(plan: RoundsPlan, row: dict[str, object]) -> Route:
    """Return one day out: its days of the month, its stops, its legs."""
    same = (plan.stops["hospital"] == row["hospital"]) & (plan.stops["team"] == row["team"])
    stops = plan.stops[same & (plan.stops["day"] == row["day"])].sort_values("order")
    base = base_of(str(row["hospital"]))
    codes = [base, *map(str, stops["code"]), base]
    mine = plan.stops[same & (plan.stops["code"] == codes[1])]["day"]
    legs = [plan.ways[pair].line for pair in pairwise(codes) if pair in plan.ways]
    return Route(
        hospital=str(row["hospital"]),
        hospital_name=str(row["hospital_name"]),
        team=int(str(row["team"])),
        days=tuple(int(one) for one in sorted(mine)),
        km=float(str(row["km"])),
        hours=float(str(row["hours"])),
        back=str(row["back"]),
        stops=tuple(
            Stop(str(one["code"]), str(one["arrive"]), str(one["leave"]), float(one["km"])) for one in rows_of(stops)
        ),
        legs=tuple(legs),
    )
