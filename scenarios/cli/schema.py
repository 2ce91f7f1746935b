"""fugai schema: what a scenario file may say, as a JSON Schema by which editors complete and check it."""

import argparse
from pathlib import Path

from planner.errors import Language, OptionError, Problem, Text

ABOUT = Text("方案文件的 JSON Schema：编辑器据此提示和检查", "the JSON Schema of scenario files, for editors")


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the file to write."""
    said = Text(
        "写入文件（.json，默认打印到屏幕）；放在方案文件旁边，方案第一行写 # yaml-language-server: $schema=文件名",
        "file to write (.json; printed without it), to stand beside scenarios whose first line names it",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help=said.say(language))


def run(options: argparse.Namespace) -> None:
    """Print the schema, or write it into a file."""
    from scenarios.export.folder import write_whole
    from scenarios.write import schema_text

    if options.out is None:
        print(schema_text(), end="")
        return
    if options.out.suffix != ".json":
        fix = Text("用 .json", "use .json")
        raise OptionError(Problem(str(options.out), Text("不认识的文件类型", "unknown kind of file"), fix))
    write_whole({options.out: lambda path: path.write_text(schema_text(), encoding="utf-8", newline="\n")})
    print(Text(f"已写入 {options.out}", f"written: {options.out}").say(options.lang))
