"""The page of certainty: the tornado of each rule as bars, and what is not certain as tables. No script, no network."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from planner import __version__
from planner.certainty import FACTOR_LABELS, VERDICTS, hangs_on_text
from planner.text import count_text, people_text, percent_text, signed_text
from scenarios.export.robust import OUTSIDE, biased, loss_text, optimum_lines, said, sites_of
from scenarios.export.robust_workbook import NO_GAPS, sorted_gaps, value_text
from scenarios.export.sheet import records
from scenarios.robust import Report

_STYLE = """
body{font:14px/1.6 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",sans-serif;color:#222;max-width:1080px;margin:0 auto;
padding:16px}h1{font-size:22px;margin:8px 0}h2{font-size:17px;margin:28px 0 6px;border-bottom:2px solid #dce6f1}
h3{font-size:14px;margin:14px 0 2px;font-weight:600}.notice{color:#c00000;font-weight:600}.quiet{color:#595959}
table{border-collapse:collapse;width:100%;font-size:13px}th,td{border:1px solid #c8c8c8;padding:3px 6px;text-align:left;vertical-align:top}
th{background:#dce6f1}td.n{text-align:right;white-space:nowrap}.bar{display:grid;grid-template-columns:6em 8.5em 1fr 8.5em;gap:6px;align-items:center;margin:3px 0}
.bar .low{text-align:right}.track{position:relative;height:16px;background:#f2f2f2}.track i{position:absolute;top:0;height:16px}
.track i.down{background:#b35806}.track i.up{background:#2166ac}.track b{position:absolute;left:50%;top:-2px;height:20px;border-left:1px solid #222}
.certain{background:#d9ead3}.likely{background:#fff2cc}.sensitive{background:#f4cccc}@media print{body{max-width:none}}
"""


def page(report: Report) -> str:
    """Return the page."""
    region, scenario = report.start.region, report.start.base.scenario
    name = region.about.name + ("" if scenario.says_nothing else f"（{scenario.name}）")
    title = f"{name}：缺口和选址的可信度"
    gaps = report.gaps.gaps
    judged = gaps["judged"].astype(bool)
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="notice">{escape(region.about.notice)}</p>' if region.about.notice else "",
        f'<p class="quiet">{escape(report.rules.document)}　数据日期 {escape(region.about.as_of or "未注明")}　fugai {escape(__version__)}</p>',
        "<h2>缺口</h2>",
        _gap_table(sorted_gaps(gaps[judged & (gaps["verdict"] != "register")]), NO_GAPS),
        *_site_parts(report),
        "<h2>各指标取决于什么（一次变一项，覆盖人口的变化）</h2>",
        '<p class="quiet">褐色为减少，蓝色为增加；中线是现在的数据。</p>',
        *(f'<p class="notice">{escape(text)}</p>' for text in biased(report)),
        *_bars(report.gaps.tornado),
        "<h2>参考口径（不作判断）中拿不准的</h2>",
        _gap_table(sorted_gaps(gaps[~judged & (gaps["verdict"] != "certain")]), "没有。"),
        "<h2>说明</h2>",
        _table(("项", "内容"), said(report)),
    ]
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(filter(None, parts)) + "\n</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]], marks: Sequence[str] = ()) -> str:
    """Return a table; `marks` are the classes of its rows."""
    head = "".join(f'<th scope="col">{escape(one)}</th>' for one in heads)
    body = []
    for at, row in enumerate(rows):
        mark = f' class="{escape(marks[at])}"' if marks else ""
        body.append(f"<tr{mark}>" + "".join(f"<td>{escape(str(one))}</td>" for one in row) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _gap_table(rows: pd.DataFrame, empty: str) -> str:
    if not len(rows):
        return f"<p>{escape(empty)}</p>"
    heads = ("地点", "指标", "口径", "现在是缺口", "未覆盖（人）", "抽样比例", "结论", "取决于")
    cells = [
        (
            "　".join(filter(None, (row["county_name"], row["town_name"],
                                    row["subject_name"] if row["level"] == "village" else ""))),
            row["rule_label"], row["reading_label"], "是" if row["gap_now"] else "否（抽样中出现）", count_text(row['people_now']),
            percent_text(row["share"]), VERDICTS[row["verdict"]].zh, hangs_on_text(row["hangs_on"]),
        )
        for row in records(rows)
    ]  # fmt: skip
    return _table(heads, cells, list(rows["verdict"]))


def _site_parts(report: Report) -> list[str]:
    if report.sites is None:
        return []
    rows = sites_of(report)
    heads = ("目标", "机构", "县（区）", "方案选中", "现在的最优", "入选比例", "结论", "取决于")
    cells = [
        (
            row["objective_label"], row["name"], row["county_name"], "是" if row["planned"] else "",
            "是" if row["chosen_now"] else "", percent_text(row["share"]), VERDICTS[row["verdict"]].zh,
            hangs_on_text(row["hangs_on"]),
        )
        for row in records(rows)
    ]  # fmt: skip
    values = ("目标", "因素", "现在", "低端", "高端", "最优方案不变", "坚持方案的损失（平均；最大）")
    turned = [
        (
            row["objective_label"], FACTOR_LABELS[row["factor"]].zh,
            value_text(row, "value") + (f"（{OUTSIDE[row['outside']]}）" if row["outside"] else ""),
            f"{row['low_setting']}：{value_text(row, 'value_low')}", f"{row['high_setting']}：{value_text(row, 'value_high')}",
            percent_text(row["same_plan"]), _losses(row),
        )
        for row in records(report.sites.tornado)
    ]  # fmt: skip
    return [
        f"<h2>次中心 {report.sites.p} 个：哪些站点站得住</h2>",
        *(f"<p>{escape(one.zh)}</p>" for one in optimum_lines(report)),
        _table(heads, cells, list(rows["verdict"])),
        "<h3>各目标取决于什么</h3>",
        _table(values, turned),
    ]


def _losses(row: Mapping[str, Any]) -> str:
    return "—" if pd.isna(row["loss_mean"]) else f"{loss_text(row['loss_mean'])}；{loss_text(row['loss_most'])}"


def _bars(tornado: pd.DataFrame) -> list[str]:
    """Return the bars of each reading, the longest factor first, all on the scale of the reading's longest."""
    out = []
    for (rule, reading), rows in tornado.groupby(["rule_label", "reading_label"], sort=False):
        widest = max(float(rows[["change_low", "change_high"]].abs().to_numpy().max()), 1.0)
        people, covered = int(rows["population"].iloc[0]), int(rows["covered"].iloc[0])
        out.append(
            f'<h3>{escape(str(rule))}　<span class="quiet">{escape(str(reading))}：{people_text(people)}中现在覆盖 {people_text(covered)}</span></h3>'
        )
        spread = (rows["change_high"] - rows["change_low"]).abs()
        order = rows.assign(spread=spread, last=rows["factor"] == "all").sort_values(
            ["last", "spread", "factor"], ascending=[True, False, True], kind="stable"
        )
        out += [_bar(row, widest) for row in records(order)]
    return out


def _bar(row: Mapping[str, Any], widest: float) -> str:
    ends = [(row["low_setting"], int(row["change_low"])), (row["high_setting"], int(row["change_high"]))]
    marks = []
    for _, change in ends:
        share = abs(change) / widest * 50
        left = 50 - share if change < 0 else 50
        if change:
            kind = "down" if change < 0 else "up"
            marks.append(f'<i class="{kind}" style="left:{left:.2f}%;width:{share:.2f}%"></i>')
    (low, down), (high, up) = ends
    mark = f"<br>今天{OUTSIDE[row['outside']]}" if row["outside"] else ""
    return (
        f'<div class="bar"><span>{escape(FACTOR_LABELS[row["factor"]].zh)}{mark}</span><span class="low">{escape(low)}：{signed_text(down)}</span>'
        f'<span class="track">{"".join(marks)}<b></b></span><span>{escape(high)}：{signed_text(up)}</span></div>'
    )
