"""The answer about sites as tables: whom each site serves, and the sites, with names and in kilometres or minutes."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xlsxwriter

from planner import __version__
from planner.siting.question import STATUSES
from planner.siting.siting import Siting
from scenarios.export.sheet import FIXED_DATE
from scenarios.site import Lists
from scenarios.site_words import Words

_COST = {"mm": ("距离（公里）", 1e6), "ms": ("时间（分钟）", 6e4), "table": ("费用", 1.0)}
_STATUS = dict(zip(STATUSES, ("新选", "固定", "背景", "必选", "禁选"), strict=True))
_WIDE = {"名称": 30, "所在": 22, "编号": 20}


def tables_of(sitings: Sequence[Siting], words: Words, lists: Lists) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return (whom each open site serves, the open sites), of several p one after the other."""
    parts = [(one, *_tables(one, words, lists)) for one in sitings]
    if len(parts) > 1:
        for siting, served, sites in parts:
            served.insert(0, "p", siting.question.p)
            sites.insert(0, "p", siting.question.p)
    served = pd.concat([served for _, served, _ in parts], ignore_index=True)
    return served, pd.concat([sites for _, _, sites in parts], ignore_index=True)


def _tables(siting: Siting, words: Words, lists: Lists) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = _served(siting, words)
    named = "人口（人）" if words.people else "权重"
    heading = _COST[words.unit][0]
    served = pd.DataFrame(
        {
            "需求点编号": rows["demand_id"],
            "需求点名称": [words.demand[one][0] for one in rows["demand_id"]],
            "需求点所在": [words.demand[one][1] for one in rows["demand_id"]],
            named: rows["weight"],
            "机构编号": rows["facility_id"],
            "机构名称": [words.sites.get(one, ("", ""))[0] for one in rows["facility_id"]],
            "机构所在": [words.sites.get(one, ("", ""))[1] for one in rows["facility_id"]],
            heading: rows["cost"],
            "份额": rows["share"],
            "状态": rows["state"],
        }
    )
    return _without_empty(served), _without_empty(_sites(siting, words, lists, rows, (named, heading)))


def _served(siting: Siting, words: Words) -> pd.DataFrame:
    """Return every demand: who serves it, from how far and to what share; blank and why where nobody does."""
    instance = siting.instance
    every = pd.DataFrame({"demand_id": instance.demand_ids, "weight": instance.weight})
    rows = every.merge(siting.assignment, how="left", on="demand_id")
    lost = set(siting.unreachable_ids)
    served, left = ("已覆盖", "未覆盖") if words.judges_cover(siting) else ("有站点可去", "没有站点可去")
    state = [
        served if isinstance(site, str) else words.state(one).zh if one in lost else left
        for one, site in zip(rows["demand_id"], rows["facility_id"], strict=True)
    ]
    cost = (rows["cost"].astype(float) / _COST[words.unit][1]).round(3)
    return rows.assign(facility_id=rows["facility_id"].fillna(""), cost=cost, state=state)


def _sites(siting: Siting, words: Words, lists: Lists, rows: pd.DataFrame, headings: tuple[str, str]) -> pd.DataFrame:
    """Return the open sites with the demand that each serves."""
    ids = sorted([*siting.chosen, *siting.background])
    instance = siting.instance
    status = dict(zip(instance.site_ids, instance.status, strict=True))
    part = rows.assign(weight=rows["weight"] * rows["share"])
    mine = {str(one): each for one, each in part[part["facility_id"] != ""].groupby("facility_id")}
    none = part.iloc[:0]
    each = [mine.get(one, none) for one in ids]
    far = headings[1]
    frame = pd.DataFrame(
        {
            "机构编号": ids,
            "机构名称": [words.sites[one][0] for one in ids],
            "机构所在": [words.sites[one][1] for one in ids],
            "性质": [_STATUS[STATUSES[status[one]]] for one in ids],
            "需求点（个）": [len(one) for one in each],
            f"服务{headings[0]}": [float(one["weight"].sum()) for one in each],
            f"平均{far}": [_mean(one) for one in each],
            f"最远{far}": [float(one["cost"].max()) if len(one) else np.nan for one in each],
        }
    )
    if words.costed:
        cost = dict(zip(lists.sites["id"], lists.sites["cost"], strict=True))
        frame.insert(4, "费用（万元）", [float(cost[one]) for one in ids])
    return frame


def _mean(rows: pd.DataFrame) -> float:
    total = float(rows["weight"].sum())
    return round(float((rows["weight"] * rows["cost"]).sum()) / total, 3) if total else np.nan


def _without_empty(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame without the columns of names and places that are not known."""
    empty = [one for one in frame if str(one).endswith(("名称", "所在")) and (frame[one] == "").all()]
    return frame.drop(columns=empty)


def write_book(path: Path, served: pd.DataFrame, sites: pd.DataFrame, said: Sequence[str]) -> None:
    """Write the two tables and what the answer says as a workbook; text from data stays text."""
    book = xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": "选址方案", "comments": f"fugai {__version__}", "created": FIXED_DATE})
    bold = book.add_format({"bold": True, "bg_color": "#DCE6F1", "border": 1})
    for name, frame in (("选址", sites), ("分配", served)):
        page = book.add_worksheet(name)
        page.freeze_panes(1, 0)
        for column, heading in enumerate(frame):
            page.set_column(
                column, column, next((wide for end, wide in _WIDE.items() if str(heading).endswith(end)), 14)
            )
            page.write_string(0, column, str(heading), bold)
            for row, value in enumerate(frame[heading], 1):
                if isinstance(value, str):
                    page.write_string(row, column, value)
                elif np.isfinite(value):
                    page.write_number(row, column, value)
    page = book.add_worksheet("说明")
    page.set_column(0, 0, 120)
    for row, line in enumerate(said):
        page.write_string(row, 0, line.strip(), book.add_format({"text_wrap": True}))
    book.close()
