"""From a scenario (or the status quo) to how certain its gaps and its sites are, as a folder, whole or not at all."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from geodata.csv_text import write_csv
from planner import __version__
from planner.certainty import FACTOR_LABELS, VERDICTS, Certainty, certainty, hangs_on_text
from planner.certainty_sites import SiteCertainty, site_certainty
from planner.errors import OptionError, Problem, Text
from planner.findings import assess
from planner.limits import Limit
from planner.plans.subcenters import KIND
from planner.region import with_places
from planner.rules import Rules, readable
from planner.scenario import apply
from planner.schema import LEVEL_LABELS
from planner.text import (
    count_text,
    exact_percent,
    exact_text,
    number_text,
    people_text,
    percent_text,
    share_text,
    signed_text,
)
from scenarios.chosen import chosen_of, limits_of, one_number, question_of, subcenter_task, way_to_sites
from scenarios.document import Col, Document, Table, records
from scenarios.export.folder import keep_apart, whole_folder
from scenarios.export.manifest import inputs_part, parameters, rules_part, write_record
from scenarios.export.sheet import write_document
from scenarios.export.workbook import FOREIGN
from scenarios.files import read_scenario
from scenarios.plans.start import Start, begin, record_of
from scenarios.questions import RobustQuestion
from scenarios.run import Step
from scenarios.ways import RoadChoices, ways_of


@dataclass(frozen=True, eq=False)
class Report:
    """What came of it. rules: those that were computed; sites: None where no number of sub-centres is asked."""

    asked: RobustQuestion
    start: Start
    rules: Rules
    findings: pd.DataFrame
    gaps: Certainty
    sites: SiteCertainty | None
    limits: tuple[Limit, ...]


def robust_folder(asked: RobustQuestion, choices: RoadChoices, out: Path, step: Step) -> Report:
    """Test and write everything into `out`."""
    data = _data(asked)
    start = begin(data, asked.rules, asked.path, choices, (), step)
    keep_apart(out, *filter(None, (start.data, asked.path)))
    found = report(asked, start, step)
    with whole_folder(out) as folder:
        write_outputs(folder, found, step)
    return found


def _data(asked: RobustQuestion) -> Path:
    """Return the folder of facts: the one given, else the scenario's."""
    named = asked.data if asked.data or asked.path is None else read_scenario(asked.path).data
    if named is None:
        fix = Text("加上 --data，或在方案里写 data", "give --data, or write data into the scenario")
        raise OptionError(Problem("--data", Text("没有写明数据文件夹", "no folder of data is named"), fix))
    return named


def report(asked: RobustQuestion, start: Start, step: Step) -> Report:
    """Return how certain gaps and sites are."""
    step(Text("评估", "assessing"))
    travels = ways_of(start.region, start.base.choices)
    rules = readable(start.rules, travels)
    findings = assess(start.region, rules, travels)
    gaps = certainty(start.region, rules, travels, findings, asked.uncertainty, step)
    limits, sites = _sites(asked, start, step)
    return Report(asked, start, rules, findings, gaps, sites, limits)


def _sites(asked: RobustQuestion, start: Start, step: Step) -> tuple[tuple[Limit, ...], SiteCertainty | None]:
    """Return the limits and the test of the sites; without one where no number is asked.

    The scenario's own sub-centres are taken back and chosen anew: what it has decided otherwise stays.
    """
    scenario = start.base.scenario
    question, mine = question_of(scenario, "subcenters"), chosen_of(start.facts, scenario, KIND, opened=False)
    region = apply(start.facts, mine.before)
    built = len(region.open_facilities(KIND))
    p = one_number(question, asked.p, len(mine.sites) + built if mine.sites else 0)
    if p is None:
        return (), None
    limits = limits_of(question, asked.limits, asked.default_limits)
    if region.roads is None and not asked.limits:
        limits = tuple(one for one in limits if one.unit == "mm")
    planned = mine.sites if len(mine.sites) + built == p else ()
    task = subcenter_task(region, question, p, limits, planned)
    travel = way_to_sites(region.roads, start.base.choices, limits)
    return limits, site_certainty(region, travel, task, asked.uncertainty, planned, step)


# The outputs of a test of certainty: four lists as CSV, a workbook, a page, and the manifest that comes last.

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
    step(Text("写出清单", "writing the lists"))
    write_csv(folder / GAP_LIST, _labelled(report.gaps.gaps, _GAP_LABELS))
    write_csv(folder / TORNADO_LIST, _labelled(report.gaps.tornado, _TORNADO_LABELS))
    if report.sites is not None:
        write_csv(folder / SITE_LIST, _labelled(sites_of(report), _SITE_LABELS))
        write_csv(folder / SITE_TORNADO, _labelled(report.sites.tornado, _SITE_TORNADO_LABELS))
    step(Text("写出工作簿和网页", "writing the workbook and the page"))
    write_document(folder / WORKBOOK, document_of(report))
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


def assumption_lines(report: Report) -> list[tuple[str, str]]:
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
    start, region, sites = report.start, report.start.region, report.sites
    parts = {
        **rules_part(report.rules),
        **inputs_part((*region.sources, *start.files)),
        "parameters": parameters(report.rules),
        "uncertainty": asdict(report.asked.uncertainty),
        **({"sites": {"p": sites.p, "limits": [one.said for one in report.limits]}} if sites else {}),
        **({"scenario": dict(record_of(start))} if record_of(start) else {}),
        "assumptions": [f"{label}：{text}" for label, text in assumption_lines(report)],
    }
    write_record(folder, region, parts, "robust")


# The workbook of certainty: gaps, readings for reference, sites, what they hang on, and the parameters.

_ORDER = {name: at for at, name in enumerate(("untested", "sensitive", "likely", "certain", "register"))}


def _share(name: str) -> Any:
    return lambda row: percent_text(row[name])


def _place(row: Mapping[str, Any]) -> str:
    return str(row["subject_name"]) if row["level"] == "village" else ""


_GAPS = (
    Col("number", "序号", 4, "centre"),
    Col("", "县\n（区）", 7, group="地点", shown=lambda row: row["county_name"] or "全市"),
    Col("town_name", "乡镇\n（街道）", 10, group="地点"),
    Col("", "村（社区）", 11, group="地点", shown=_place),
    Col("rule_label", "指标", 17, group="条款"),
    Col("reading_label", "口径", 17, group="条款"),
    Col("", "现在是\n缺口", 6, "centre", shown=lambda row: "是" if row["gap_now"] else "否"),
    Col("people_now", "未覆盖\n（人）", 8, "number"),
    Col("", "是缺口的\n比例", 8, "centre", group="抽样", shown=_share("share")),
    Col("", "结论", 8, "centre", group="抽样", shown=lambda row: VERDICTS[row["verdict"]].zh),
    Col("", "点位", 6, "centre", group="只变一项时的比例", shown=_share("share_points")),
    Col("", "人口", 6, "centre", group="只变一项时的比例", shown=_share("share_population")),
    Col("", "时速", 6, "centre", group="只变一项时的比例", shown=_share("share_speed")),
    Col("", "农村\n半径", 6, "centre", group="只变一项时的比例", shown=_share("share_rural")),
    Col("", "取决于（改变结论的比例）", 13, shown=lambda row: hangs_on_text(row["hangs_on"])),
    Col("gap_id", "缺口编号", 34, "small", printed=False),
)
_SITES = (
    Col("number", "序号", 4, "centre"),
    Col("objective_label", "目标", 18),
    Col("name", "名称", 20, group="机构"),
    Col("site", "编号", 14, group="机构"),
    Col("county_name", "县（区）", 9, group="机构"),
    Col("", "方案\n选中", 6, "centre", shown=lambda row: "是" if row["planned"] else "否"),
    Col("", "现在的\n最优", 7, "centre", shown=lambda row: "是" if row["chosen_now"] else "否"),
    Col("", "入选\n比例", 8, "centre", group="抽样", shown=_share("share")),
    Col("", "结论", 8, "centre", group="抽样", shown=lambda row: VERDICTS[row["verdict"]].zh),
    Col("", "点位", 7, "centre", group="只变一项时的比例", shown=_share("share_points")),
    Col("", "人口", 7, "centre", group="只变一项时的比例", shown=_share("share_population")),
    Col("", "时速", 7, "centre", group="只变一项时的比例", shown=_share("share_speed")),
    Col("", "取决于（改变结论的比例）", 19, shown=lambda row: hangs_on_text(row["hangs_on"])),
)
_TORNADO = (
    Col("number", "序号", 4, "centre"),
    Col("rule_label", "指标", 22),
    Col("reading_label", "口径", 26),
    Col("", "因素", 9, "centre", shown=lambda row: FACTOR_LABELS[row["factor"]].zh),
    Col("covered", "现在覆盖\n（人）", 11, "number"),
    Col("low_setting", "取值", 9, "centre", group="低端"),
    Col("covered_low", "覆盖\n（人）", 11, "number", group="低端"),
    Col("change_low", "变化\n（人）", 11, "number", group="低端"),
    Col("high_setting", "取值", 9, "centre", group="高端"),
    Col("covered_high", "覆盖\n（人）", 11, "number", group="高端"),
    Col("change_high", "变化\n（人）", 11, "number", group="高端"),
    Col("", "今天的值", 10, "centre", shown=lambda row: OUTSIDE[row["outside"]]),
)
_SITE_TORNADO = (
    Col("number", "序号", 4, "centre"),
    Col("objective_label", "目标", 24),
    Col("", "因素", 10, "centre", shown=lambda row: FACTOR_LABELS[row["factor"]].zh),
    Col("", "现在的最优值", 15, "centre", shown=lambda row: value_text(row, "value")),
    Col("low_setting", "取值", 8, "centre", group="低端"),
    Col("", "最优值", 15, "centre", group="低端", shown=lambda row: value_text(row, "value_low")),
    Col("high_setting", "取值", 8, "centre", group="高端"),
    Col("", "最优值", 15, "centre", group="高端", shown=lambda row: value_text(row, "value_high")),
    Col("", "最优方案\n不变的比例", 10, "centre", shown=_share("same_plan")),
    Col("", "平均", 9, "centre", group="坚持方案的损失", shown=lambda row: loss_text(row["loss_mean"])),
    Col("", "最大", 9, "centre", group="坚持方案的损失", shown=lambda row: loss_text(row["loss_most"])),
    Col("", "今天的值", 10, "centre", shown=lambda row: OUTSIDE[row["outside"]]),
)


def value_text(row: Mapping[str, Any], name: str) -> str:
    """Return an optimum as people read it: people, or 万人·小时 and 万人·公里 of all ways together."""
    value = float(row[name])
    if row["objective"] != "cost":
        return people_text(value)
    hours = row["unit"] == "ms"
    return f"{number_text(value / (3.6e6 if hours else 1e6) / 1e4)} 万人·{'小时' if hours else '公里'}"


NO_GAPS = "没有受所试因素影响的缺口，或未作判断。"


def sorted_gaps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the least certain first: that is what a planner must look at."""
    order = rows["verdict"].map(_ORDER)
    return rows.assign(order=order).sort_values(["order", "share", "gap_id"], kind="stable")


def document_of(report: Report) -> Document:
    """Return the document of certainty: gaps, readings for reference, sites, and what they hang on."""
    region, scenario = report.start.region, report.start.base.scenario
    foreign = "" if report.start.at_home else FOREIGN
    name = region.about.name + ("" if scenario.says_nothing else f"（{scenario.name}）")
    gaps = report.gaps.gaps
    judged, by_register = gaps["judged"].astype(bool), gaps["verdict"] == "register"
    reference = gaps[~judged]
    unsure = reference[reference["verdict"] != "certain"]
    gap_notes = [_register_note(gaps[by_register]), "“现在是缺口”为否的，是抽样中新出现的。缺口编号在表右侧，不打印。"]
    rest = [f"另有 {len(reference) - len(unsure)} 项为“确定”，见 缺口可信度.csv。"]
    tables = (
        Table(
            "缺口可信度",
            f"{name}缺口的可信度",
            _GAPS,
            records(sorted_gaps(gaps[judged & ~by_register])),
            gap_notes,
            foreign or NO_GAPS,
        ),
        Table(
            "参考口径",
            f"{name}参考口径（不作判断）中拿不准的",
            _GAPS,
            records(sorted_gaps(unsure)),
            rest,
            "没有拿不准的。",
        ),
        *_site_tables(report, name),
        Table(
            "敏感性",
            f"{name}各指标覆盖人口的敏感性（一次变一项）",
            _TORNADO,
            records(report.gaps.tornado),
            biased(report),
            "没有可检验的指标。",
        ),
    )
    notice = "　".join(part for part in (region.about.notice, foreign) if part)
    return Document("缺口和选址的可信度", region, tables, assumption_lines(report), notice)


def _site_tables(report: Report, name: str) -> list[Table]:
    """Return the tables of the sites, none where none were tested."""
    if report.sites is None:
        return []
    lines = [text.zh for text in optimum_lines(report)]
    return [
        Table(
            "选址可信度",
            f"{name}次中心 {report.sites.p} 个的可信度",
            _SITES,
            records(sites_of(report)),
            lines,
            "没有候选点。",
        ),
        Table("选址敏感性", f"{name}选址的敏感性", _SITE_TORNADO, records(report.sites.tornado), empty="没有选址。"),
    ]


def _register_note(rows: pd.DataFrame) -> str:
    if not len(rows):
        return "没有只看名录的缺口。"
    counts = rows.groupby("rule_label", sort=False).size()
    listed = "、".join(f"{label} {count} 项" for label, count in counts.items())
    return f"另有 {len(rows)} 项缺口只由机构名录决定（{listed}），点位、人口、时速的误差改变不了，见 缺口可信度.csv。"


# The page of certainty: the tornado of each rule as bars, and what is not certain as tables. No script, no network.

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
        _table(("项", "内容"), assumption_lines(report)),
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
