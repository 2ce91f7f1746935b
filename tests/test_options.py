"""Questions declare their options once: command line and Python read, check and refuse alike."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_type_hints

import pytest

from planner.errors import OptionError, Text
from planner.limits import read_limit
from scenarios.cli import program
from scenarios.cli.plan import Rural
from scenarios.options import FLAG, NEEDED, Command, limits, option, options_of, path, whole
from scenarios.point_questions import SiteQuestion
from scenarios.questions import EmergencyQuestion, RuralQuestion

COMMANDS = [
    command.question
    for one in program.COMMANDS.values()
    for command in (one.members.values() if isinstance(one, program.Family) else [one])
]


@dataclass(frozen=True, kw_only=True)
class Added(Command):
    """A question that is declared and nothing more."""

    data: Path = option("DATA", Text("数据", "data"), path("DATA"), NEEDED)
    most: int = option("--most", Text("至多", "at most"), whole(0, 5), 3)
    limits: tuple[object, ...] = option("--limit", Text("限度", "limits"), limits("mm"), "5km,2km")
    all: bool = option("--all", Text("全部", "all"), FLAG, default=False)

    def run(self) -> int:
        print(self.data, self.most, *(one.said for one in self.limits), self.all)
        return 0


def test_a_declaration_is_all_that_a_command_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "COMMANDS", {"added": program.Known(Text("试", "a try"), f"{__name__}:Added")})
    assert program.main(["added", "d", "--all"]) == 0
    assert capsys.readouterr().out == "d 3 2km 5km True\n"
    assert program.main(["added", "d", "--most", "9", "--limit", "5min"]) == 2
    said = capsys.readouterr().err
    assert "--most：须在 0 与 5 之间（现为“9”）" in said
    assert "--limit：单位不对：须是距离（现为“5min”）" in said
    with pytest.raises(SystemExit):
        program.main(["added", "--help", "--lang", "en"])
    assert "at most" in capsys.readouterr().out


def test_python_asks_as_the_command_line_does() -> None:
    written = EmergencyQuestion(data="d", rural="15km,10km", grid="0", most=3)  # type: ignore[arg-type]
    made = EmergencyQuestion(data=Path("d"), rural=(read_limit("10km"), read_limit("15km")), grid=None, most=3)
    assert written == made
    assert (written.grid_m, written.solving.seconds) == (0.0, 60.0)
    with pytest.raises(OptionError) as refused:
        EmergencyQuestion(data=Path("d"), most=501, time_limit=0)
    assert [one.file for one in refused.value.problems] == ["--most", "--time-limit"]


def test_a_season_is_held_against_the_usual_months() -> None:
    with pytest.raises(OptionError, match="多于 10 个工作日"):
        RuralQuestion(data=Path("d"), visits=12, seasons=["雨季:工作日=10"])  # type: ignore[arg-type]
    assert RuralQuestion(data=Path("d"), seasons=["雨季:月份=11-1,车速=60%"]).seasons[0].months == (11, 12, 1)  # type: ignore[arg-type]


def test_an_answer_says_what_was_asked_as_it_was_written() -> None:
    asked = SiteQuestion(model="mclp", p="2-3", limit="5km", demand=Path("a/D.csv"), facilities=Path("F.csv"))  # type: ignore[arg-type]
    assert asked.p == (2, 3)
    told = asked.parameters
    assert (told["p"], told["limit"], told["demand"], told["split"], told["direction"]) == (
        "2-3",
        "5km",
        "D.csv",
        True,
        None,
    )


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: one.__name__)
def test_every_option_has_words_in_both_languages_a_type_and_a_name_of_its_own(command: type[Command]) -> None:
    known = options_of(command)
    names = [one.name for one in known.values()]
    assert len({*names}) == len(names)
    typed = {one.name: one.type for one in fields(command)}
    for field, one in known.items():
        assert one.about.zh
        assert one.about.en
        assert one.about.zh != one.about.en
        is_none = not one.is_needed and (one.default is None or one.kind.read(one.name, one.default) is None)
        assert not is_none or "None" in str(typed[field])
    if command is not Rural:  # whose types are imported when they are needed
        assert get_type_hints(command)
