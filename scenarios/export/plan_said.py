"""What a plan rests on, in words: the notice above every sheet, and the lines of the sheet 说明."""

from collections.abc import Sequence

from planner import __version__
from scenarios.plans.start import STATUS_QUO, Start

_HASH_LETTERS = 12
Lines = list[tuple[str, str]]


def notice_of(start: Start) -> str:
    """Return what must be said above all: that facts are estimated, or that the clauses are another city's."""
    foreign = "" if start.at_home else f"{start.law.label}不是本市的文件：参数情景，不作判断。"
    return "　".join(part for part in (start.region.about.notice, foreign) if part)


def lines_of_plan(start: Start, said: Sequence[tuple[str, str]]) -> Lines:
    """Return (label, text) of all that a plan rests on; `said` is what the plan itself tells."""
    about, scenario = start.region.about, start.base.scenario
    base = [] if scenario == STATUS_QUO else [("起点", f"方案“{scenario.name}”的 {len(scenario.edits)} 项改动之后")]
    inputs = [*start.facts.sources, *start.files]
    return [
        ("文件", f"{start.law.document}（{start.law.issued} 印发）；规则 {start.law.id}"),
        *base,
        *said,
        ("求解", "整数规划与精确搜索；同样的输入得到同样的方案。"),
        ("四舍五入", "时间取整到毫秒、距离取整到毫米之后都是整数运算，“限度以内”是小于或等于。"),
        *(("假设：数据", text) for text in about.assumptions),
        *(("来源", text) for text in about.credits),
        *(
            ("输入文件", f"{one.file}　SHA-256 {one.sha256[:_HASH_LETTERS]}…（全文见 manifest.json、plan.json）")
            for one in inputs
        ),
        ("数据日期", about.as_of or "未注明"),
        ("版本", f"fugai {__version__}"),
    ]
