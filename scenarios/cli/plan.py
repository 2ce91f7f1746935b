"""fugai plan: where sub-centres, stations and centres should be, how villages are served; scenario files again."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from planner.errors import Text, printable
from planner.text import count_text, limit_text, people_text
from scenarios.questions import (
    CenterQuestion,
    EmergencyQuestion,
    IntoFolder,
    JudgedRoads,
    Roads,
    RuralQuestion,
    SubcenterQuestion,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from planner.errors import Problem
    from scenarios.plans.emergency import Report as EmergencyReport
    from scenarios.plans.subcenters import Report as SubcenterReport


@dataclass(frozen=True, kw_only=True)
class _Plan(IntoFolder):
    """What all plans print: the doubts, what was found, and where it is."""

    seeks_best = True

    def tell(self, warnings: "Sequence[Problem]", lines: "Sequence[Text]") -> None:
        from scenarios.cli.report import print_warnings

        print_warnings(warnings, self.lang)
        for line in [*lines, Text(f"输出：{self.out}", f"output: {self.out}")]:
            print(printable(line.say(self.lang)))


@dataclass(frozen=True, kw_only=True)
class Emergency(EmergencyQuestion, JudgedRoads, _Plan):
    """fugai plan emergency: how many more emergency stations, and where."""

    def run(self) -> None:
        """Plan into OUT and say what was found."""
        from scenarios.cli.report import steps
        from scenarios.plans.emergency_write import plan_emergency_folder

        with steps(self.lang) as step:
            report = plan_emergency_folder(self, self.choices(), self.out, step)
        self.tell(report.start.warnings, _emergency_lines(report))


def _emergency_lines(report: "EmergencyReport") -> list[Text]:
    from scenarios.plans.emergency import overview

    said = [
        Text(
            f"{row['case']}（{row['nature']}）：现状 {count_text(row['covered'])} / {people_text(row['people'])}（{row['share']}），"
            f"{'在够得着的人里' if row['left'] else ''}全部覆盖{row['said']}（依托 {row['hosted']}，独立 {row['alone']}）"
            + (f"；另有 {people_text(row['left'])}任何候选点都够不着" if row["left"] else ""),
            f"{row['id']}: today {count_text(row['covered'])} of {count_text(row['people'])} ({row['share']}), {row['more']} more for all in reach"
            + (f"; {count_text(row['left'])} are in reach of no site" if row["left"] else ""),
        )
        for row in overview(report)
    ]
    return [*said, *(Text(one, one) for one in report.told)]


@dataclass(frozen=True, kw_only=True)
class Subcenters(SubcenterQuestion, JudgedRoads, _Plan):
    """fugai plan subcenters: which hosts become county sub-centres, for every number of them."""

    def run(self) -> None:
        """Plan into OUT and say what was found."""
        from scenarios.cli.report import steps
        from scenarios.plans.subcenters_write import plan_subcenters_folder

        with steps(self.lang) as step:
            report = plan_subcenters_folder(self, self.choices(), self.out, step)
        self.tell(report.start.warnings, _subcenter_lines(report))


def _subcenter_lines(report: "SubcenterReport") -> list[Text]:
    from planner.plans.subcenters import no_candidates
    from scenarios.plans.subcenters_tables import overview

    out = []
    for row in overview(report):
        if row["id"] not in ("", report.main.id) or not row["within"]:
            continue
        p = f"{row['p']} 个" if row["p"] else ""
        limits = [limit_text(one, report.plan.unit) for one in sorted(report.plan.task.limits)]
        parts = list(zip(limits, row["within"], row["share"], strict=True))
        within = "，".join(f"{limit}内 {people_text(people)}（{share}）" for limit, people, share in parts)
        names = f"：{row['sites']}" if row["p"] else "（占全市常住人口）"
        state = f"，{row['state']}" if row["p"] else ""
        out.append(
            Text(f"{row['aim']}{'，' + p if p else ''}{state}，{within}{names}",
                 f"{row['id'] or 'today'} {row['p']}: of all residents within the limits {within}{names}")
        )  # fmt: skip
    dropped = no_candidates(report.plan.sites)
    return [*out, *([] if dropped is None else [dropped]), *(Text(one, one) for one in report.clashes)]


@dataclass(frozen=True, kw_only=True)
class Centers(CenterQuestion, Roads, _Plan):
    """fugai plan centers: which community centre serves each community, and where more are needed."""

    def run(self) -> None:
        """Plan into OUT and say what was found."""
        from scenarios.cli.report import steps
        from scenarios.plans.centers import overview
        from scenarios.plans.centers_write import plan_centers_folder

        with steps(self.lang) as step:
            report = plan_centers_folder(self, self.choices(), self.out, step)
        self.tell(report.start.warnings, overview(report))


@dataclass(frozen=True, kw_only=True)
class Rural(RuralQuestion, Roads, _Plan):
    """fugai plan rural: how each village is served, the rounds, and the chain from village to city."""

    def run(self) -> None:
        """Plan into OUT and say what was found."""
        from scenarios.cli.report import steps
        from scenarios.plans.rural import NO_ROUNDS, overview
        from scenarios.plans.rural_write import plan_rural_folder

        with steps(self.lang) as step:
            report = plan_rural_folder(self, self.choices(), self.out, step)
        hint = Text("排巡回路线要安装：pip install 'fugai[rounds]'", "to plan routes: pip install 'fugai[rounds]'")
        hints = [hint] if NO_ROUNDS in report.told else []
        self.tell(report.start.warnings, [*overview(report), *report.told, *hints])
