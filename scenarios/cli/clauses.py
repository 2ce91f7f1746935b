"""The command that shows what the documents demand: clauses."""

from dataclasses import dataclass
from pathlib import Path

from planner.errors import Text, printable
from scenarios.options import OUT, Command, facts, option


@dataclass(frozen=True, kw_only=True)
class Clauses(Command):
    """fugai clauses: every clause of the registered documents, and what becomes of it with the data of a city."""

    # fmt: off
    data: Path | None = option("DATA", Text("数据文件夹，或 sample:panzhihua、sample:suining、sample:yaan（不给：只列登记册）",
                                           "folder of data, or sample:panzhihua … (without it: the register alone)"), facts(nargs="?"), None)
    out: Path | None = option("--out", Text("写出条款清单的文件夹（默认只显示统计）", "folder for the list of clauses (default: counts only)"), OUT, None)
    # fmt: on

    def run(self) -> None:
        """Print the counts by document, and write the lists where asked."""
        from scenarios.clauses import TOTAL, compared, counts, declared, standing, write_standing
        from scenarios.cli.report import steps
        from scenarios.export.folder import whole_folder
        from scenarios.run import load_region

        with steps(self.lang) as step:
            step(Text("对照条款", "going through the clauses"))
            found = declared() if self.data is None else standing(load_region(self.data))
        if found.region is not None and found.region.about.notice:
            print(printable(found.region.about.notice))
        for row in counts(found):
            parts = [f"{one.say(self.lang)} {row[name]}" for name, one in found.words.items() if row[name]]
            head = row["document"] if row["kind"] == TOTAL else f"    {row['kind']}"
            print(printable(f"{head}：{row['clauses']}（{'，'.join(parts)}）"))
        for line in compared(found):
            print(printable(line))
        if self.out is not None:
            with whole_folder(self.out) as folder:
                write_standing(folder, found)
            print(Text(f"输出：{self.out}", f"output: {self.out}").say(self.lang))
