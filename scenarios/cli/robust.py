"""fugai robust: how certain each gap and each chosen site is, and on what it hangs."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from planner.errors import Language, OptionError, Problem, Text, printable
from planner.limits import Limit, read_limit
from planner.text import option_text
from planner.uncertainty import Uncertainty
from scenarios.cli.road_options import add_road_options

if TYPE_CHECKING:
    from scenarios.robust import Report

ABOUT = Text(
    "检验可信度：点位、人口、时速有误差时，哪些缺口、哪些站点站得住",
    "certainty: which gaps and sites stand when places, people and speeds are off",
)
LIMITS = "30min,60min"
_BASE = Uncertainty()
_OPTIONS: tuple[tuple[tuple[str, ...], Text, dict[str, Any]], ...] = (
    (("--data",), Text("数据文件夹（默认用方案里写的）", "folder of data (default: the scenario's)"),
     {"type": Path, "metavar": "DIR"}),
    (("--rules",), Text("规则名或 .yaml（默认用方案的，再默认本市的）", "rules (default: the scenario's, else the city's)"),
     {"default": "", "metavar": "NAME"}),
    (("--out",), Text("输出文件夹", "output folder"), {"type": Path, "required": True, "metavar": "OUT"}),
    (("--draws",), Text("抽样次数", "number of draws"), {"type": int, "default": _BASE.draws, "metavar": "N"}),
    (("--seed",), Text("随机种子：相同则结果逐字节相同", "seed: the same seed, the same bytes"),
     {"type": int, "default": _BASE.seed, "metavar": "N"}),
    (("-p",), Text("次中心个数（默认用方案里的；现状不给则不检验选址）", "number of sub-centres (default: the scenario's)"),
     {"type": int, "metavar": "P"}),
    (("--limit",), Text(f"次中心的限度，逗号隔开（默认用方案里的，再默认 {LIMITS}）", f"limits of sub-centres (default: the scenario's, else {LIMITS})"),
     {"default": "", "metavar": "LIMITS"}),
    (("--point-error",), Text("点位误差，每点在此半径的圆内均匀移动", "each point moves within a disc of so much"),
     {"default": f"{option_text(_BASE.point_m)}m", "metavar": "DISTANCE"}),
    (("--population-error",), Text("人口误差（比例）", "error of residents (share)"),
     {"type": float, "default": _BASE.population, "metavar": "S"}),
    (("--estimated-error",), Text("估算行的人口误差（比例）", "error of residents of estimated rows (share)"),
     {"type": float, "default": _BASE.estimated, "metavar": "S"}),
    (("--speed-error",), Text("时速误差（比例，整张表同乘一个系数）", "error of all speeds together (share)"),
     {"type": float, "default": _BASE.speed, "metavar": "S"}),
    (("--rural-km",), Text("农村半径参数的范围（公里）", "range of the rural radius (km)"),
     {"default": "-".join(map(option_text, _BASE.rural_km)), "metavar": "A-B"}),
    (("--certain",), Text("出现比例不低于此为“确定”", "share of draws from which it is certain"),
     {"type": float, "default": _BASE.certain, "metavar": "S"}),
    (("--likely",), Text("出现比例不低于此为“可能”，更低为“敏感”", "share from which it is likely; below: sensitive"),
     {"type": float, "default": _BASE.likely, "metavar": "S"}),
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, language: Language) -> None:
    """Add the scenario, its facts and rules, how unsure they are, and the options about roads."""
    parser.add_argument(
        "scenario", metavar="SCENARIO",
        help=Text("方案文件，或 baseline（现状）", "scenario file, or baseline (the status quo)").say(language),
    )  # fmt: skip
    for names, said, options in _OPTIONS:
        default = options.get("default")
        told = Text(f"（默认 {default}）", f" (default {default})").say(language)
        shown = said.say(language) + (told if default not in (None, "") else "")
        parser.add_argument(*names, help=shown.replace("%", "%%"), **options)
    add_road_options(parser, language)


def run(options: argparse.Namespace) -> None:
    """Test SCENARIO into OUT."""
    from scenarios.cli.report import steps
    from scenarios.cli.road_options import read_choices
    from scenarios.robust import Asked, robust_folder

    asked = Asked(
        options.scenario, options.data, options.rules, options.p, limits(options.limit), limits(LIMITS),
        uncertainty(options),
    )  # fmt: skip
    with steps(options.lang) as step:
        found = robust_folder(asked, read_choices(options), options.out, step)
    _report(found, options.out, options.lang)


def uncertainty(options: argparse.Namespace) -> Uncertainty:
    """Return what the options say; OptionError for what cannot be."""
    try:
        low, high = (float(one) for one in options.rural_km.replace("－", "-").split("-"))
    except ValueError as error:
        raise _wrong("--rural-km", options.rural_km, "如 10-20", "as 10-20") from error
    error_m = limits(options.point_error, "--point-error")
    if len(error_m) != 1 or error_m[0].unit != "mm":
        raise _wrong("--point-error", options.point_error, "如 500m", "as 500m")
    return Uncertainty(
        point_m=error_m[0].value / 1000, population=options.population_error, estimated=options.estimated_error,
        speed=options.speed_error, rural_km=(low, high), draws=options.draws, seed=options.seed,
        certain=options.certain, likely=options.likely,
    )  # fmt: skip


def limits(said: str, option: str = "--limit") -> tuple[Limit, ...]:
    """Return the limits of a text; OptionError for one without its unit.

    >>> [one.said for one in limits("30min,60min")]
    ['30min', '60min']
    """
    found = []
    for one in filter(None, (part.strip() for part in said.replace("，", ",").replace("、", ",").split(","))):
        try:
            found.append(read_limit(one))
        except ValueError as error:
            raise _wrong(
                option, one, "写明单位，如 30min、5km、500m", "with its unit, as 30min, 5km or 500m"
            ) from error
    return tuple(found)


def _wrong(option: str, found: str, zh: str, en: str) -> OptionError:
    return OptionError(Problem(option, Text("写法不对", "is not written as it must be"), Text(zh, en), found=found))


def _report(found: "Report", out: Path, language: Language) -> None:
    """Print how many gaps and sites are certain, likely and sensitive."""
    from planner.certainty import VERDICTS
    from scenarios.robust import optimum_lines

    if found.start.region.about.notice:
        print(printable(found.start.region.about.notice))
    gaps = found.gaps.gaps
    parts = [
        (Text("缺口", "gaps"), gaps[gaps["judged"] & gaps["gap_now"]]),
        (Text("现在不是、抽样中出现的缺口", "gaps that some draw makes"), gaps[gaps["judged"] & ~gaps["gap_now"]]),
        (Text("参考口径（不作判断）", "readings for reference"), gaps[~gaps["judged"].astype(bool)]),
    ]
    if found.sites is not None:
        for one, rows in found.sites.sites.groupby("objective", sort=False):
            mine = rows[rows["planned"] if rows["planned"].any() else rows["chosen_now"]]
            aim = Text(str(rows["objective_label"].iloc[0]), str(one))
            parts.append(
                (Text(f"次中心 {found.sites.p} 个（{aim.zh}）", f"{found.sites.p} sub-centres, {aim.en}"), mine)
            )
    for label, rows in parts:
        counts = {name: int((rows["verdict"] == name).sum()) for name in VERDICTS}
        said = Text("，", ", ").say(language).join(
            f"{VERDICTS[name].say(language)} {count}" for name, count in counts.items() if count
        )  # fmt: skip
        print(printable(f"{label.say(language)}：{len(rows)}" + (f"（{said}）" if said else "")))
    _print_biased(found, language)
    for line in optimum_lines(found):
        print(printable(line.say(language)))
    if found.sites is None:
        print(Text("没有给 -p，未检验选址。", "no -p: no sites were tested.").say(language))
    print(printable(Text(f"输出：{out}", f"output: {out}").say(language)))


def _print_biased(found: "Report", language: Language) -> None:
    """Print the readings of which today's value lies outside its own interval of draws."""
    from scenarios.robust import biased

    if language == "zh":
        for text in biased(found):
            print(printable(text))
        return
    for row in found.gaps.tornado.query("outside != ''").drop_duplicates(["rule", "reading"]).to_dict("records"):
        print(
            f"{row['rule']}, {row['reading']}: today lies {row['outside']} its own interval of draws, which are biased"
        )
