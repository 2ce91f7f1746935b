"""The commands that judge: assess, run, demo; and those that put scenarios to the test: compare, phases, robust."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from planner.errors import Language, Text, printable
from planner.standards import standard_names
from planner.text import count_text, exact_text, people_text, share_text, signed_text
from scenarios.options import NEEDED, OUT, Command, choice, facts, option, path, text
from scenarios.questions import (
    FACTS,
    OUT_FOLDER,
    RULES,
    CompareQuestion,
    IntoFolder,
    JudgedRoads,
    PhasesQuestion,
    Roads,
    RobustQuestion,
)

if TYPE_CHECKING:
    from scenarios.compare import Comparison, Pair
    from scenarios.phasing import Phased
    from scenarios.robust import Report
    from scenarios.run import Outcome

_NAMES = ", ".join(standard_names())
_SHOWN = 20


def _print(said: Text, language: Language) -> None:
    print(printable(said.say(language)))


def _print_assessed(outcome: "Outcome", out: Path, language: Language) -> None:
    from scenarios.cli.report import print_outcome, print_warnings

    print_warnings(outcome.warnings, language)
    print_outcome(outcome, out, language)


@dataclass(frozen=True, kw_only=True)
class Assess(JudgedRoads, Command):
    """fugai assess: a folder of facts, judged by a document's rules, into maps and gap lists."""

    # fmt: off
    data: Path = option("DATA", FACTS, facts(), NEEDED)
    rules: str | None = option("--rules", Text(f"规则名（可用：{RULES}）或 .yaml 文件（默认用本市的）", f"rules ({_NAMES}) or a .yaml file (default: the city's own)"), text("RULES"))
    out: Path = option("--out", OUT_FOLDER, OUT, NEEDED)
    # fmt: on

    def run(self) -> None:
        """Assess DATA into OUT."""
        from scenarios.cli.report import steps
        from scenarios.run import assess_folder

        with steps(self.lang) as step:
            outcome = assess_folder(self.data, self.rules, self.out, step, self.choices())
        _print_assessed(outcome, self.out, self.lang)


SAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "panzhihua": ("攀枝花", "panzhihua_2023"),
        "suining": ("遂宁", "suining_2024"),
        "yaan": ("雅安", "yaan_2022"),
    }
)
"""By folder of the sample: the name of its output folder, and the rules of its own document."""


@dataclass(frozen=True, kw_only=True)
class Demo(Command):
    """fugai demo: the whole job on an embedded sample, that of 攀枝花 if none is named."""

    # fmt: off
    out: Path = option("OUT", Text("输出文件夹（默认 out），结果写入 OUT/攀枝花", "output folder (default out); results go to OUT/攀枝花"), path("OUT", nargs="?"), "out")
    city: str = option("--city", Text("哪个城市的示例（默认 panzhihua），用该市自己的文件", "whose sample (default panzhihua), judged by its own document"), choice(*SAMPLES), "panzhihua")
    # fmt: on

    def run(self) -> None:
        """Assess the sample by its own city's document into OUT/攀枝花 (OUT/遂宁, OUT/雅安)."""
        from scenarios.cli.report import steps
        from scenarios.run import assess_folder
        from scenarios.whatif import pages_of

        name, rules = SAMPLES[self.city]
        out = self.out / name
        with as_file(files("geodata.samples") / self.city) as data, steps(self.lang) as step:
            outcome = assess_folder(data, rules, out, step, pages=pages_of(rules))
        _print_assessed(outcome, out, self.lang)


@dataclass(frozen=True, kw_only=True)
class Whatif(Command):
    """fugai whatif: one page on which sites are tried by clicking and dragging."""

    # fmt: off
    data: Path = option("DATA", FACTS, facts(), NEEDED)
    rules: str | None = option("--rules", Text(f"规则名（可用：{RULES}）或 .yaml 文件（默认用本市的）", f"rules ({_NAMES}) or a .yaml file (default: the city's own)"), text("RULES"))
    out: Path = option("--out", Text("写到哪个网页文件，如 试点.html", "the page to write, such as whatif.html"), OUT, NEEDED)
    # fmt: on

    def run(self) -> None:
        """Write the page."""
        from scenarios.cli.report import steps
        from scenarios.whatif import write_page

        with steps(self.lang) as step:
            write_page(self.data, self.rules, self.out, step)
        _print(
            Text(
                f"输出：{self.out}（双击打开，不用联网）",
                f"Output: {self.out} (double-click to open; no internet needed)",
            ),
            self.lang,
        )


@dataclass(frozen=True, kw_only=True)
class Run(Command):
    """fugai run: a scenario file, judged as `fugai assess` judges the status quo."""

    # fmt: off
    scenario: Path = option("SCENARIO", Text("方案文件（.yaml，见 fugai schema），或改动表（.xlsx、.csv）", "scenario file (.yaml, see fugai schema), or a table of edits (.xlsx, .csv)"), path("SCENARIO"), NEEDED)
    data: Path | None = option("--data", Text("数据文件夹，或 sample:panzhihua（默认用方案里写的）", "folder of data, or sample:panzhihua (default: the scenario's)"), facts())
    rules: str | None = option("--rules", Text(f"规则名（可用：{RULES}）或 .yaml 文件（默认用方案里写的，再默认本市的）", f"rules ({_NAMES}) or a .yaml file (default: the scenario's, else the city's own)"), text("RULES"))
    out: Path = option("--out", OUT_FOLDER, OUT, NEEDED)
    # fmt: on

    def run(self) -> None:
        """Run SCENARIO into OUT."""
        from scenarios.cli.report import print_outcome, print_warnings, steps
        from scenarios.export.manifest import PARTS
        from scenarios.run import run_file

        with steps(self.lang) as step:
            outcome = run_file(self.scenario, self.data, self.rules, self.out, step)
        print_warnings(outcome.warnings, self.lang)
        heads = {"scenario": f"{PARTS['scenario']}：", "params": "  改用参数：", "before_after": "  前后："}
        lines = [line for line in outcome.decided.parts if line[0] != "doubts"]  # which the warnings have told
        first = [line for line in lines if line[0] in ("scenario", "before_after")]
        rest = [line for line in lines if line not in first]
        for part, line in [*first, *rest[:_SHOWN]]:
            print(printable(f"{heads.get(part, '  ')}{line}"))
        if len(rest) > _SHOWN:
            print("  ……")
        print_outcome(outcome, self.out, self.lang)


@dataclass(frozen=True, kw_only=True)
class Compare(CompareQuestion, Command):
    """fugai compare: two or more scenarios side by side: maps, lists, and a paragraph that a director can read."""

    def run(self) -> None:
        """Compare the scenarios into OUT and say what differs."""
        from scenarios.cli.report import steps
        from scenarios.compare_run import compare_folder
        from scenarios.compare_write import pair_lines

        with steps(self.lang) as step:
            found: Comparison = compare_folder(self, self.out, step)
        for pair in found.first_pairs:
            for line in pair_lines(pair) if self.lang == "zh" else _english(pair):
                print(printable(line))
            print()
        _print(Text(f"已写入 {self.out}", f"written to {self.out}"), self.lang)


def _english(pair: "Pair") -> list[str]:
    """Return the counts of one pair; the sentences themselves are in Chinese, in 说明.txt."""
    noticed = pair.noticed
    changed, cost = int(pair.findings["changed"].sum()), pair.after.cost
    lost, won = len(pair.before.gaps - pair.after.gaps), len(pair.after.gaps - pair.before.gaps)
    people = [f"  all of the same people: those of {pair.after.label}"] if pair.rejudged else []
    return [
        f"{pair.after.label} against {pair.before.label}:",
        *people,
        f"  findings that differ: {changed}; gaps closed: {lost}, new: {won}; facilities that differ: {len(pair.sites)}",
        f"  nearer or farther counts from {exact_text(noticed.mm / 1000)} m and {exact_text(noticed.ms / 60_000)} min on (a parameter)",
        f"  decisions: {cost.edits}, cost {exact_text(cost.total)} (10,000 yuan), of {cost.unknown} unknown",
    ]


@dataclass(frozen=True, kw_only=True)
class Phase(PhasesQuestion, Roads, IntoFolder):
    """fugai phases: in which year to open each site of a scenario, so that most people are served earliest; proven."""

    def run(self) -> None:
        """Write the years of SCENARIO into OUT."""
        from scenarios.cli.report import steps
        from scenarios.phasing import PLAN, phase_folder

        with steps(self.lang) as step:
            found = phase_folder(self, self.choices(), self.out, step)
        self._print_years(found)
        _print(
            Text(f"输出：{self.out}（{PLAN} 可用 fugai run 运行）", f"output: {self.out} (fugai run {PLAN})"), self.lang
        )

    def _print_years(self, found: "Phased") -> None:
        from scenarios.document import records
        from scenarios.phasing import DEADLINE

        gap = share_text(found.found.gap)
        state = Text(f"未证明最优，差距 {gap}", f"not proven, gap {gap}")
        _print(Text("已证明最优", "proven optimal") if found.found.status == "optimal" else state, self.lang)
        if self.first_year is None:
            year = found.first_year
            _print(Text(f"没有给出 --start，从 {year} 年起（理由见说明）", f"no --start given: from {year}"), self.lang)
        late = dict(found.said)[DEADLINE]
        _print(Text(late, f"deadline: {late}"), self.lang)
        for row in records(found.found.table.iloc[1:]):
            names = [found.sites[one] for one in row["opened"]]
            people = Text(f"限度内 {people_text(row['covered'])}（{signed_text(row['newly_covered'])}）",
                          f"{count_text(row['covered'])} people within the limit ({signed_text(row['newly_covered'])})")  # fmt: skip
            tail = f"，{people.say(self.lang)}" if self.aim == "cover" else ""
            print(printable(f"  {found.calendar(row['year'])}：{'、'.join(names) or '—'}{tail}"))


@dataclass(frozen=True, kw_only=True)
class Robust(RobustQuestion, JudgedRoads, IntoFolder):
    """fugai robust: how certain each gap and each chosen site is, and on what it hangs."""

    def run(self) -> None:
        """Test SCENARIO into OUT, and print how many gaps and sites are certain, likely and sensitive."""
        from scenarios.cli.report import steps
        from scenarios.robust import optimum_lines, robust_folder

        with steps(self.lang) as step:
            found = robust_folder(self, self.choices(), self.out, step)
        if found.start.region.about.notice:
            print(printable(found.start.region.about.notice))
        _print_verdicts(found, self.lang)
        _print_biased(found, self.lang)
        for line in optimum_lines(found):
            _print(line, self.lang)
        if found.sites is None:
            _print(Text("没有给 -p，未检验选址。", "no -p: no sites were tested."), self.lang)
        _print(Text(f"输出：{self.out}", f"output: {self.out}"), self.lang)


def _print_verdicts(found: "Report", language: Language) -> None:
    from planner.certainty import VERDICTS

    gaps = found.gaps.gaps
    parts = [
        (Text("缺口", "gaps"), gaps[gaps["judged"] & gaps["gap_now"]]),
        (Text("现在不是、抽样中出现的缺口", "gaps that some draw makes"), gaps[gaps["judged"] & ~gaps["gap_now"]]),
        (Text("参考口径（不作判断）", "readings for reference"), gaps[~gaps["judged"].astype(bool)]),
    ]
    if found.sites is not None:
        for name, rows in found.sites.sites.groupby("objective", sort=False):
            chosen = rows[rows["planned"] if rows["planned"].any() else rows["chosen_now"]]
            aim, p = Text(str(rows["objective_label"].iloc[0]), str(name)), found.sites.p
            parts.append((Text(f"次中心 {p} 个（{aim.zh}）", f"{p} sub-centres, {aim.en}"), chosen))
    for label, rows in parts:
        counts = {name: int((rows["verdict"] == name).sum()) for name in VERDICTS}
        told = [f"{VERDICTS[name].say(language)} {count}" for name, count in counts.items() if count]
        listed = Text("，", ", ").say(language).join(told)
        print(printable(f"{label.say(language)}：{len(rows)}" + (f"（{listed}）" if listed else "")))


def _print_biased(found: "Report", language: Language) -> None:
    """Print the readings of which today's value lies outside its own interval of draws."""
    from scenarios.robust import biased

    if language == "zh":
        for line in biased(found):
            print(printable(line))
        return
    for row in found.gaps.tornado.query("outside != ''").drop_duplicates(["rule", "reading"]).to_dict("records"):
        print(
            f"{row['rule']}, {row['reading']}: today lies {row['outside']} its own interval of draws, which are biased"
        )
