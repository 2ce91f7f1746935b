"""The outputs of a test of certainty: four lists as CSV, a workbook, a page, and the manifest that comes last."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from planner import __version__
from planner.certainty import FACTOR_LABELS, VERDICTS, hangs_on_text
from planner.errors import Text
from planner.region import with_places
from planner.schema import LEVEL_LABELS
from planner.text import exact_percent, exact_text, people_text, percent_text, share_text
from scenarios.export.folder import MANIFEST
from scenarios.export.manifest import outputs_of, parameters
from scenarios.export.sheet import records
from scenarios.plans.start import record_of
from scenarios.robust import Report
from scenarios.run import Step

GAP_LIST, TORNADO_LIST = "缺口可信度.csv", "敏感性.csv"
SITE_LIST, SITE_TORNADO = "选址可信度.csv", "选址敏感性.csv"
WORKBOOK, PAGE = "可信度.xlsx", "可信度.html"
_YES = MappingProxyType({True: "是", False: "否"})
_ALONE = {
    f"share_{name}": f"只变{FACTOR_LABELS[name].zh}时的比例" for name in ("points", "population", "speed", "rural")
}
_GAP_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "gap_id": "缺口编号", "rule": "规则", "rule_label": "指标", "reading": "口径", "reading_label": "口径说明",
        "level": "层级", "subject_code": "对象代码", "subject_name": "对象", "county_name": "县（区）",
        "town_name": "乡镇（街道）", "judged": "作判断", "gap_now": "现在是缺口", "people_now": "现在未覆盖（人）",
        "share": "是缺口的抽样比例", "verdict": "结论", **_ALONE, "hangs_on": "取决于",
    }
)  # fmt: skip
_TORNADO_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "rule": "规则", "rule_label": "指标", "reading": "口径", "reading_label": "口径说明", "factor": "因素",
        "low_setting": "低端", "high_setting": "高端", "population": "评估人口（人）", "covered": "现在覆盖（人）",
        "covered_low": "低端覆盖（人）", "covered_high": "高端覆盖（人）", "change_low": "低端变化（人）",
        "change_high": "高端变化（人）", "outside": "今天的值",
    }
)  # fmt: skip
_SITE_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "objective": "目标", "objective_label": "目标说明", "site": "机构编号", "name": "机构", "county_name": "县（区）",
        "town_name": "乡镇（街道）", "planned": "方案选中", "chosen_now": "现在的最优方案选中", "status": "候选状态",
        "share": "入选最优方案的抽样比例", "verdict": "结论",
        **{key: text for key, text in _ALONE.items() if key != "share_rural"}, "hangs_on": "取决于",
    }
)  # fmt: skip
_SITE_TORNADO_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "objective": "目标", "objective_label": "目标说明", "factor": "因素", "low_setting": "低端", "high_setting": "高端",
        "value": "现在的最优值", "value_low": "低端最优值", "value_high": "高端最优值", "same_plan": "最优方案不变的抽样比例",
        "loss_mean": "坚持方案的平均损失（比例）", "loss_most": "坚持方案的最大损失（比例）", "not_proven": "未证明最优的次数", "outside": "今天的值",
    }
)  # fmt: skip


OUTSIDE: Mapping[str, str] = MappingProxyType({"": "", "above": "高于抽样区间", "below": "低于抽样区间"})
"""Where today's value lies of its own interval of draws; nothing where it lies within, as one expects."""
_WHY: Mapping[str, str] = MappingProxyType(
    {
        "above": "多半因为今天在界线以内的点贴着界线，随机移动移出去的比移进来的多",
        "below": "多半因为今天在界线以外的点贴着界线，随机移动移进来的比移出去的多",
    }
)


def biased(report: Report) -> list[str]:
    """Return one sentence a reading of which today's value lies outside its own interval of draws, and why."""
    rows = report.gaps.tornado
    rows = rows[rows["factor"].isin(["all", "points"]) & (rows["outside"] != "")].drop_duplicates(["rule", "reading"])
    return [
        f"{row['rule_label']}（{row['reading_label']}）：今天覆盖 {people_text(row['covered'])}，{OUTSIDE[row['outside']]}"
        f" {people_text(row['covered_low'])}～{people_text(row['covered_high'])}（第 5%～95% 位，{FACTOR_LABELS[row['factor']].zh}）。"
        f"{_WHY[row['outside']]}，所以抽样整体偏向一边，这个区间不是今天值的误差范围；是缺口的比例也因此偏{'高' if row['outside'] == 'above' else '低'}。"
        for row in records(rows)
    ]  # fmt: skip


def write_outputs(folder: Path, report: Report, step: Step) -> None:
    """Write every output into an empty folder, the manifest last."""
    from scenarios.export.robust_page import page
    from scenarios.export.robust_workbook import write_workbook

    step(Text("写出清单", "writing the lists"))
    write_csv(folder / GAP_LIST, _labelled(report.gaps.gaps, _GAP_LABELS))
    write_csv(folder / TORNADO_LIST, _labelled(report.gaps.tornado, _TORNADO_LABELS))
    if report.sites is not None:
        write_csv(folder / SITE_LIST, _labelled(sites_of(report), _SITE_LABELS))
        write_csv(folder / SITE_TORNADO, _labelled(report.sites.tornado, _SITE_TORNADO_LABELS))
    step(Text("写出工作簿和网页", "writing the workbook and the page"))
    write_workbook(folder / WORKBOOK, report)
    (folder / PAGE).write_text(page(report), encoding="utf-8", newline="\n")
    _write_manifest(folder, report)


def sites_of(report: Report) -> pd.DataFrame:
    """Return the sites with the names of their places; an empty table where no sites were tested."""
    if report.sites is None:
        return pd.DataFrame(columns=list(_SITE_LABELS))
    return with_places(report.start.region, report.sites.sites)[list(_SITE_LABELS)]


def optimum_lines(report: Report) -> list[Text]:
    """Return, by aim, whether the best plan of today is proven, how many draws keep it, and what keeping the plan costs."""
    sites, lines = report.sites, []
    if sites is None:
        return []
    rows = sites.tornado[sites.tornado["factor"] == "all"]
    for row in rows.to_dict("records"):
        uncertainty = report.asked.uncertainty
        kept, draws = round(row["same_plan"] * uncertainty.draws), uncertainty.draws
        state = "最优（已证明）" if sites.proven[row["objective"]] else "可行方案（未证明）"
        weak = (
            "，证明的最优只对现有数据成立，站点不宜当定论"
            if uncertainty.verdict(row["same_plan"]) == "sensitive"
            else ""
        )
        loss = f"坚持方案，平均损失 {loss_text(row['loss_mean'])}，最大 {loss_text(row['loss_most'])}"
        zh = f"{row['objective_label']}：现有数据下{state}的方案，{draws} 次抽样（各项误差一起变）中 {kept} 次（{percent_text(row['same_plan'])}）仍是最优{weak}；{loss}。"
        en = f"{row['objective']}: today's best plan is the best in {kept} of {draws} draws; loss of keeping the plan {loss_text(row['loss_mean'])}, at most {loss_text(row['loss_most'])}"
        lines.append(Text(zh, en))
    return lines


def loss_text(share: float) -> str:
    """Return what keeping a plan loses.

    >>> loss_text(0.0186), loss_text(float("inf")), loss_text(float("nan"))
    ('1.86%', '有人无处可去', '—')
    """
    return "有人无处可去" if share == float("inf") else share_text(share)


def _labelled(frame: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Return the table in words, under labels."""
    words: dict[str, Any] = {
        "verdict": lambda one: VERDICTS[one].zh,
        "factor": lambda one: FACTOR_LABELS[one].zh,
        "hangs_on": hangs_on_text,
        "level": lambda one: LEVEL_LABELS[one],
        "outside": lambda one: OUTSIDE[one],
    }
    out = frame[list(labels)].copy()
    for name in out.columns:
        if name in words:
            out[name] = out[name].map(words[name])
        elif name in ("judged", "gap_now", "planned", "chosen_now"):
            out[name] = out[name].astype(bool).map(_YES)
    return out.rename(columns=labels)


def said(report: Report) -> list[tuple[str, str]]:
    """Return (label, sentence) of all that the test assumes: every parameter, and what it does not do."""
    one = report.asked.uncertainty
    low, high = one.rural_km
    lines = [
        ("抽样", (f"{one.draws} 次，种子 {one.seed}；相同的数据、规则、参数和种子得到逐字节相同的结果。每个点、每行人口的误差由它自己的"
                 "位置或编号决定，与行序、与别的行无关，所以不同方案在同样的误差下检验。")),
        ("点位", (f"每个居民点、每个机构在半径 {exact_text(one.point_m)} 米的圆内均匀移动；同一位置的居民行一起动，同一位置的机构一起动，居民与机构各自独立。"
                 "所属村、乡镇、县（区）代码不变，社区中心有无按名录，不随位置变。")),
        ("点位：道路口径", ("点移动后重新接到最近的路，离路一段按直线（按时间时步行）计入。估算的点多在路边，移动后离路只会变远，"
                      "所以道路口径的结果整体偏向更远、更久，不是对称的误差。")),
        ("人口", (f"每行人口各自独立地在 ±{exact_percent(one.population)} 内均匀变动，标明“估算”的行 ±{exact_percent(one.estimated)}，取整；原来有人的行至少 1 人。"
                 "各行独立，合计的误差因此比单行小；全市一起偏高或偏低的情形不在其内。")),
        ("时速", f"所有时速（含路段自带的、离路步行的）同乘一个系数，在 ±{exact_percent(one.speed)} 内均匀；调度时间不变。只影响按时间的口径。"),
        ("农村半径", f"条款未给数值、规则写明是假设的农村半径，在 {exact_text(low)}～{exact_text(high)} 公里内均匀；只影响按此参数报告的口径（不作判断）。"),
        ("结论", (f"“是缺口（或入选最优方案）”的抽样比例：不低于 {exact_percent(one.certain)} 为“确定”，不低于 {exact_percent(one.likely)} 为“可能”，更低为“敏感”；"
                 "只由机构名录决定、所试因素改变不了的为“只看名录”，没有办法这样检验的为“未检验”；现在的方案没有选、只在一些抽样中入选的站点为“未入选”，只列比例；必选的、已经是次中心的站点每次都在，为“事先定下”，不算确定。")),
        ("取决于", "其余各项不变、只变这一项时，结论改变的抽样比例；“几项合在一起”指单独哪一项都不足以改变。"),
        ("敏感性", "一次只变一项。时速、农村半径取两端；点位、人口没有两端，取只变这一项的各次抽样中第 5% 和第 95% 位。"),
        ("没有检验的", "机构名录的遗漏和错误、城乡划分、乡镇界、路网缺漏、条款的读法；它们可能比所试的误差更要紧。"),
    ]  # fmt: skip
    return [*lines, *(("偏向", text) for text in biased(report)), *_said_of_sites(report)]


def _said_of_sites(report: Report) -> list[tuple[str, str]]:
    sites = report.sites
    if sites is None:
        return [("选址", "没有给次中心个数（-p），未检验。")]
    limits = "、".join(one.said for one in report.limits) or "没有给限度，只检验加权距离"
    planned = any(sites.sites["planned"])
    what = "方案里的次中心先撤回，再在每次抽样中重新求最优" if planned else "每次抽样重新求最优"
    return [
        ("选址", f"{sites.p} 个次中心，限度 {limits}；{what}，同分时与选址方案用同一办法取舍。配额、间距、候选资格按现有数据，不随抽样变。"),
        ("选址：坚持方案的损失", ("方案" if planned else "现在的最优方案") + "在某次抽样下的目标值，比该次抽样的最优差多少（占最优值的比例）。站点不稳而损失很小，"
                           "说明有几处差不多好，任选其一都不吃亏。"),
        *(("选址：假设", text) for text in sites.assumptions),
    ]  # fmt: skip


def _write_manifest(folder: Path, report: Report) -> None:
    start, region, rules = report.start, report.start.region, report.rules
    outputs = outputs_of(folder)
    sites = report.sites
    manifest = {
        "tool": "fugai",
        "version": __version__,
        "command": "robust",
        "region": {"name": region.about.name, "code": region.about.code, "crs": region.crs},
        "data_date": region.about.as_of,
        "notice": region.about.notice,
        "rules": {"id": rules.id, "document": rules.document, "issued": rules.issued, "city": rules.city},
        "inputs": [
            {"file": one.file, "sha256": one.sha256, "rows": one.rows} for one in (*region.sources, *start.files)
        ],
        "parameters": parameters(rules),
        "uncertainty": asdict(report.asked.uncertainty),
        **({"sites": {"p": sites.p, "limits": [one.said for one in report.limits]}} if sites else {}),
        **({"scenario": dict(record_of(start))} if record_of(start) else {}),
        "assumptions": [f"{label}：{text}" for label, text in said(report)],
        "outputs": outputs,
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
