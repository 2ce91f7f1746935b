"""The command that holds a folder of outputs against its own manifest: verify."""

from dataclasses import dataclass
from pathlib import Path

from planner.errors import Text, printable
from scenarios.options import FILE, NEEDED, Command, facts, option


@dataclass(frozen=True, kw_only=True)
class Verify(Command):
    """fugai verify: whether the files of a run, and the data that it read, are still what its manifest says."""

    # fmt: off
    out: Path = option("OUT", Text("一次运行的输出文件夹（里面有 manifest.json）", "folder of outputs (it holds manifest.json)"), FILE, NEEDED)
    data: Path | None = option("--data", Text("当时的数据文件夹，也核对输入（不给：只核对输出）", "the folder of data of that run, to hold the inputs as well (without it: outputs alone)"), facts(), None)
    # fmt: on

    def run(self) -> int:
        """Print each file that differs, then how many are the same. Returns 2 where one differs or is gone."""
        from scenarios.export.manifest import verified

        found = verified(self.out, self.data)
        for line in (*found.wrong, *found.told):
            print(printable(line.say(self.lang)))
        same = Text(
            f"与 manifest.json 一致：输出 {found.outputs} 个", f"as manifest.json says: {found.outputs} outputs"
        )
        if self.data is None:
            more = Text("；输入没有核对（要核对，加 --data 数据文件夹）", "; inputs not checked (add --data DIR)")
        else:
            more = Text(f"，输入 {found.inputs} 个", f", {found.inputs} inputs")
        print(Text(f"{same.zh}{more.zh}。", f"{same.en}{more.en}.").say(self.lang))
        return 2 if found.wrong else 0
