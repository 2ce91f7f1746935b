"""A siting question from files: the two lists, who reaches whom, the rules; and its answer as plain data."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from planner import __version__, clock
from planner.errors import FugaiError, Language, OptionError, Problem, SitingError, Text
from planner.hospitals import KIND as HOSPITAL
from planner.hospitals import hospital_lines, treats_all
from planner.limits import MOST, Limit
from planner.plans.sites import COUNTY_OWNER, limited, near_pairs, spacing_lever
from planner.reach import Reach, reach_of
from planner.reach import rows_of as pairs_of
from planner.region import Region
from planner.schema import FACILITY_KINDS, HOSPITAL_SPECIALTIES
from planner.siting.advice import Lever
from planner.siting.best import CHEAP, classes, k_best, lexicographic, with_ties
from planner.siting.feasible import must_serve_all
from planner.siting.front import Step, curve
from planner.siting.instance import Instance, instance_of
from planner.siting.models import explained, solve
from planner.siting.question import FORBIDDEN, Budget, Limits, Question
from planner.siting.siting import Siting, same
from planner.text import MEASURES, exact_text, limit_words, option_text
from planner.travel import Road, StraightLine
from scenarios.site_files import Pairs, positions

# The words of a folder of facts: kinds of facility as people call them, and the names of places.


def kind_of(word: str) -> str:
    """Return the kind of facility that a word means, in Chinese or English; the word itself where it means none.

    >>> kind_of("乡镇卫生院"), kind_of("急救中心(站)"), kind_of("hospital"), kind_of("H01")
    ('township_hospital', 'emergency_station', 'hospital', 'H01')
    """
    plain = _plain(word)
    found = (kind for kind, names in FACILITY_KINDS.items() if plain in {_plain(kind), *map(_plain, names)})
    return next(found, word)


def selected(facilities: pd.DataFrame, word: str) -> pd.Series:
    """Return, by row, whether the word names the facility: its id, its kind, or of hospitals the speciality.

    医院 names the hospitals that treat all, 专科医院 those that do not, 县级医院 those of the former that a county runs.
    """
    plain, is_hospital = _plain(word), facilities["kind"] == HOSPITAL
    general = is_hospital & treats_all(facilities)
    if plain in {HOSPITAL, "医院"}:
        return general
    if plain == "县级医院":
        return general & (facilities["owner"] == COUNTY_OWNER)
    if plain == "专科医院":
        return is_hospital & ~general
    for key, names in HOSPITAL_SPECIALTIES.items():
        if plain in {key, *map(_plain, names)}:
            return is_hospital & (facilities["specialty"] == key)
    return (facilities["id"] == word) | (facilities["kind"] == kind_of(word))


def names_kind(word: str) -> bool:
    """Return whether the word names a kind of facility, or a speciality of hospitals.

    >>> names_kind("中医医院"), names_kind("卫生院"), names_kind("H01")
    (True, True, False)
    """
    specialties = {_plain(one) for key, names in HOSPITAL_SPECIALTIES.items() for one in (key, *names)}
    return kind_of(word) in FACILITY_KINDS or _plain(word) in specialties


def names_hospitals(word: str) -> bool:
    """Return whether the word names hospitals at large, so that it matters which of them treat all."""
    return _plain(word) in {HOSPITAL, "医院", "县级医院"}


def _plain(word: str) -> str:
    return unicodedata.normalize("NFKC", word).strip().lower()


def known_kinds() -> Text:
    """Return the kinds of facility that may be named."""
    return Text(
        f"可用：{'、'.join(f'{names[0]}（{kind}）' for kind, names in FACILITY_KINDS.items())}",
        f"use {', '.join(FACILITY_KINDS)}",
    )


def places_of(region: Region, frame: pd.DataFrame) -> list[str]:
    """Return the county and town of each row of `frame` (county_code, town_code), as far as they are known."""
    counties = dict(zip(region.counties["code"], region.counties["name"], strict=True))
    towns = dict(zip(region.towns["code"], region.towns["name"], strict=True))
    return [
        f"{counties.get(county, '')}{towns.get(town, '')}"
        for county, town in zip(frame["county_code"], frame["town_code"], strict=True)
    ]


def resident_names(region: Region) -> list[str]:
    """Return the name of the village of each resident point; with 城镇 or 乡村 where a village has several points."""
    villages = dict(zip(region.villages["code"], region.villages["name"], strict=True))
    residents = region.residents
    codes = residents["village_code"]
    several = codes.notna() & codes.duplicated(keep=False)
    urban = residents["is_urban"].to_numpy(bool)
    names = []
    for code, many, inside in zip(codes, several, urban, strict=True):
        name = str(villages.get(code, ""))
        names.append(f"{name}（{'城镇' if inside else '乡村'}）" if name and many else name)
    return names


Tell = Callable[[Text], None]
MAXIMISES = ("mclp", "backup")
_STATUS_OPTIONS = ("fixed", "background", "force", "forbid")
_BECOMES = {"fixed": "fixed", "background": "background", "force": "forced", "forbid": "forbidden"}
_SHOWN = 20
_ALL_PAIRS = 5_000_000
"""Up to so many pairs, the whole of them is looked at for a longer limit."""
Again = Callable[[float | None], Reach]
"""The reach with another limit, None for none."""
_CHEAP_PAIRS = 2_000
"""Up to so many pairs, the ties of a capacitated question are broken: each takes a programme of its own."""


@dataclass(frozen=True, eq=False)
class Lists:
    """Demand (id, weight) and sites (id, what instance_of knows), sorted by id, and what their files are called.

    Either perhaps with name, place, lon, lat; demand with population where its weights are people. region: the folder of
    facts that the lists came from, if they did. told: what is to be said of the sites, such as which hospitals they are.
    """

    demand: pd.DataFrame
    sites: pd.DataFrame
    demand_file: str
    sites_file: str
    region: Region | None = None
    told: tuple[Text, ...] = ()


def lists_of(demand: pd.DataFrame, sites: pd.DataFrame, demand_file: str, sites_file: str) -> Lists:
    """Return the two lists in the order of their ids: the order of rows in a file says nothing."""
    ordered = [one.sort_values("id", kind="stable", ignore_index=True) for one in (demand, sites)]
    return Lists(ordered[0], ordered[1], demand_file, sites_file)


def lists_of_folder(
    folder: Path, candidates: Sequence[str], said: Mapping[str, tuple[str, ...]]
) -> tuple[Lists, Mapping[str, tuple[str, ...]]]:
    """Return the residents of a folder of facts, its open facilities as sites, and by option the ids it names.

    Sites are the candidates and who is fixed or in the background. Words are ids, kinds, or specialities of hospitals
    (see `selected`); one that names no site stays as it is. The group of a site is its county's code.
    """
    from geodata.load import load

    unknown = [one for one in candidates if not names_kind(one)]
    if unknown or not candidates:
        what = Text("不认识的机构类型", "unknown kind of facility")
        raise OptionError(Problem("--candidates", what, known_kinds(), found="、".join(unknown)))
    region = load(folder)
    facilities = region.facilities[region.facilities["status"] == "open"]
    if not _any_of(facilities, candidates).any():
        named = "、".join(one if kind_of(one) == HOSPITAL else FACILITY_KINDS[kind_of(one)][0] for one in candidates)
        what = Text(f"没有在用的候选机构：{named}", f"no open facility of kind {', '.join(candidates)}")
        raise OptionError(Problem("--candidates", what, known_kinds()))
    words = [*candidates, *said["fixed"], *said["background"]]
    sites = facilities[_any_of(facilities, words)]
    told = hospital_lines(region, by_class=False) if any(map(names_hospitals, words)) else ()
    residents = region.residents
    weight = residents["population"].astype(float)
    lists = lists_of(
        pd.DataFrame({"id": residents["id"], "weight": weight, "population": weight, "group": residents["county_code"],
                      "name": resident_names(region), "place": places_of(region, residents),
                      "lon": residents["lon"], "lat": residents["lat"]}),
        pd.DataFrame({"id": sites["id"], "group": sites["county_code"], "kind": sites["kind"], "name": sites["name"],
                      "place": places_of(region, sites), "lon": sites["lon"], "lat": sites["lat"]}),
        f"{folder.name}（居民点）", f"{folder.name}（机构）",
    )  # fmt: skip
    ids = {option: tuple(sorted({id_ for one in mine for id_ in _ids_of(sites, one)})) for option, mine in said.items()}
    return replace(lists, region=region, told=told), ids


def _any_of(facilities: pd.DataFrame, words: Sequence[str]) -> pd.Series:
    return pd.concat([selected(facilities, one) for one in words], axis=1).any(axis=1)


def _ids_of(sites: pd.DataFrame, word: str) -> list[str]:
    return list(sites.loc[selected(sites, word), "id"]) or [word]


def _by_name(sites: pd.DataFrame, word: str) -> Text:
    """Return what to do about an id that no site has: a site of that name, or one that is written alike, is told."""
    names = dict(zip(sites["name"], sites["id"], strict=True)) if "name" in sites else {}
    if word in names:
        return Text(f"写编号，不写名称：是不是“{names[word]}”（{word}）", f"write the id: did you mean '{names[word]}'")
    near = next(iter(get_close_matches(word, map(str, sites["id"]), 1)), "")
    return Text(f"是不是“{near}”", f"did you mean '{near}'") if near else Text("核对 id", "check them")


def with_options(lists: Lists, said: Mapping[str, tuple[str, ...]]) -> Lists:
    """Return the lists with the statuses of the options --fixed, --background, --force, --forbid; they go before a column."""
    sites = lists.sites
    status = sites["status"].astype(object) if "status" in sites else pd.Series("candidate", sites.index, dtype=object)
    taken = pd.Series(False, sites.index)
    problems = []
    for option in _STATUS_OPTIONS:
        wanted = said.get(option, ())
        mine = sites["id"].isin(wanted)
        lost = sorted(set(wanted) - set(sites["id"]))
        if lost:
            what = Text(f"{lists.sites_file} 里没有这些 id", f"{lists.sites_file} has no such ids")
            fix = _by_name(sites, lost[0])
            if "kind" in sites and not set(lost) & set(sites.get("name", ())):
                fix = Text(f"核对 id 或机构类型；{known_kinds().zh}", f"check the ids or kinds; {known_kinds().en}")
            problems.append(Problem(f"--{option}", what, fix, found="、".join(lost[:_SHOWN])))
        both = sites.loc[mine & taken, "id"].tolist()
        if both:
            what = Text("同一站点写在两个选项里", "a site stands in two options")
            problems.append(
                Problem(f"--{option}", what, Text("只留一处", "keep one"), found="、".join(map(str, both[:_SHOWN])))
            )
        taken |= mine
        status = status.where(~mine, _BECOMES[option])
    if problems:
        raise OptionError(problems)
    return replace(lists, sites=sites.assign(status=status))


def check_costs(lists: Lists, model: str, budget: float | None) -> None:
    """Refuse a budget for sites that have no cost, and costs of which some are missing where the model adds them up."""
    counted = lists.sites[~lists.sites["status"].isin(["background", "forbidden"])]
    blank = counted["cost"].isna() if "cost" in counted else pd.Series(True, counted.index)
    if not blank.any() or (budget is None and (model != "lscp" or blank.all())):
        return
    named = "、".join(counted.loc[blank, "id"].astype(str).tolist()[:_SHOWN])
    fix = Text("在候选点表的“费用”列补上（--facilities）", "fill in the column cost of --facilities")
    if budget is not None and blank.all():
        what = Text("候选点没有费用，预算管不住任何站点", "the sites have no costs: a budget would bind none")
        fix = Text(f"{fix.zh}，或去掉 --budget", f"{fix.en}, or drop --budget")
        raise OptionError(Problem("--budget", what, fix, found=exact_text(budget)))
    what = Text(f"{int(blank.sum())} 个候选点没有费用", f"{int(blank.sum())} sites have no cost")
    raise OptionError(Problem(lists.sites_file, what, fix, column="费用", found=named))


def with_loads(lists: Lists, low: float | None, high: float | None) -> Lists:
    """Return the lists with these loads where a site that is not background has none of its own."""
    sites = lists.sites
    ours = sites["status"] != "background"
    for name, value in (("min_load", low), ("max_load", high)):
        if value is not None:
            own = sites[name] if name in sites else pd.Series(np.nan, sites.index)
            sites = sites.assign(**{name: own.where(own.notna() | ~ours, value)})
    return replace(lists, sites=sites)


def reach_of_costs(lists: Lists, pairs: Pairs, limit: float | None) -> Reach:
    """Return who reaches whom by a table; ids that it holds and the lists do not are refused."""
    demand, sites = (one["id"].to_numpy(object) for one in (lists.demand, lists.sites))
    row = positions(pairs, "demand_id", demand, lists.demand_file)
    column = positions(pairs, "facility_id", sites, lists.sites_file)
    cost = pairs.frame["cost"].to_numpy(float)
    order = np.lexsort((column, cost, row))
    first = order[np.flatnonzero(np.diff(row[order], prepend=-1))]
    index, nearest = np.full(len(demand), -1), np.full(len(demand), np.nan)
    index[row[first]], nearest[row[first]] = column[first], cost[first]
    kept = cost <= (np.inf if limit is None else limit)
    rows = pairs_of(row[kept], column[kept], cost[kept], len(demand))
    return reach_of((demand, sites), np.inf if limit is None else limit, rows, index, nearest)


def reach_of_points(lists: Lists, travel: StraightLine | Road, limit: Limit | None) -> Reach:
    """Return who reaches whom by road or straight line."""
    return travel.reach_whole(lists.demand, lists.sites, MOST if limit is None else limit.value)


def apart_of(lists: Lists, spacing: Limit | None) -> tuple[tuple[str, str], ...]:
    """Return the pairs of sites that stand nearer to each other than the spacing, in a straight line."""
    if spacing is None:
        return ()
    if "lon" not in lists.sites or lists.sites[["lon", "lat"]].isna().any(axis=None):
        what = Text("间距按直线计算，每个候选点要有经度、纬度", "spacing needs lon and lat of every candidate")
        raise OptionError(Problem(lists.sites_file, what, Text("加上经度、纬度列", "add lon and lat")))
    near = near_pairs(lists.sites, spacing.value)
    return tuple(zip(near["demand_id"], near["facility_id"], strict=True))


def ask(question: Question, reach: Reach, lists: Lists, files: Mapping[str, str]) -> Instance:
    """Return the instance; what it refuses is told under the user's own names of files and options."""
    weights = pd.Series(lists.demand["weight"].to_numpy(float), index=lists.demand["id"].to_numpy(object))
    kept = [one for one in ("id", "cost", "min_load", "max_load", "status", "group") if one in lists.sites]
    names = {"需求点": lists.demand_file, "候选点": lists.sites_file, **files}
    try:
        return instance_of(question, reach, weights, lists.sites[kept])
    except SitingError as error:
        raise _renamed(error, names) from error


def _renamed(error: FugaiError, names: Mapping[str, str]) -> SitingError:
    return SitingError([replace(one, file=names.get(one.file, one.file)) for one in error.problems])


def answer_of(siting: Siting, language: Language = "zh") -> dict[str, Any]:
    """Return one answer as plain data: numbers that are none are null."""
    limits = siting.limits
    out: dict[str, Any] = {
        "model": siting.question.model,
        "p": siting.question.p,
        "status": siting.status,
        "objective": _number(siting.objective),
        "bound": _number(siting.bound) if siting.bounded else None,
        "gap": _number(siting.gap) if siting.bounded else None,
        "seconds": round(siting.seconds, 3),
        "chosen": list(siting.chosen),
        "background": list(siting.background),
        "assignment": rows_of(siting.assignment) if has_plan(siting) else [],
        "covered": _number(siting.covered),
        "uncovered": _number(siting.uncovered),
        "unreachable": _number(siting.unreachable),
        "unreachable_ids": list(siting.unreachable_ids),
        **_share_of(siting),
        "ties": siting.ties,
        "reduced": dict(siting.reduced),
        "solver": siting.solver,
        "seed": limits.seed,
        "version": __version__,
    }
    if siting.clash is not None:
        clash = siting.clash
        out["reason"] = {
            "rule": clash.rule.say(language),
            "ids": list(clash.ids),
            "change": clash.change.say(language),
        }
    return out


def _share_of(siting: Siting) -> dict[str, Any]:
    """Return, where a share was asked, what it is a share of: with the unreachable left out, of those who can be reached."""
    asked = siting.question
    if asked.model != "lscp" or asked.share >= 1:
        return {}
    return {
        "share": asked.share,
        "share_of": {
            "who": "reachable" if asked.allow_unreachable else "all",
            "weight": _number(siting.instance.share_of),
        },
    }


def has_plan(siting: Siting) -> bool:
    """Whether the answer holds a plan."""
    return siting.status in ("optimal", "feasible")


def _number(value: float) -> float | int | None:
    """Return the number as JSON holds it: whole ones without a point, none for what is no number."""
    if not np.isfinite(value):
        return None
    return int(value) if float(value).is_integer() else float(value)


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table as plain data."""
    columns = {
        str(name): [_number(one) for one in frame[name]] if frame[name].dtype.kind == "f" else frame[name].tolist()
        for name in frame
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def inputs_of(paths: Sequence[Path]) -> list[dict[str, str]]:
    """Return the name and SHA-256 of every file that was read; of a folder, of each file in it."""
    files = [one for path in paths for one in (sorted(path.iterdir()) if path.is_dir() else [path]) if one.is_file()]
    return [{"file": one.name, "sha256": sha256(one.read_bytes()).hexdigest()} for one in files]


@dataclass(frozen=True, eq=False)
class Found:
    """The answer for one p, its k best plans and the classes of its sites where asked for, and its step of a curve."""

    siting: Siting
    plans: tuple[Siting, ...] = ()
    classes: pd.DataFrame | None = None
    step: Step | None = None


def levers_of(reach: Reach, lists: Lists, unit: str, again: Again, spacing: Limit | None) -> list[Lever]:
    """Return the numbers of the options that a question without a plan may change: --limit and --spacing, where given."""
    found = [] if reach.limit >= MOST else [_limit_lever(reach, unit, again)]
    return found if spacing is None else [*found, spacing_lever(near_pairs(lists.sites, spacing.value))]


def _limit_lever(reach: Reach, unit: str, again: Again) -> Lever:
    """Return the lever of a longer limit, in steps of 10 m, 0.1 minutes, or what a table holds."""
    step = {"mm": 10_000, "ms": 6_000}.get(unit)

    @cache
    def wide() -> Reach:
        if unit == "table" or len(reach.demand_ids) * len(reach.facility_ids) <= _ALL_PAIRS:
            return again(None)
        near = reach.nearest_cost[reach.nearest_index >= 0]
        return again(2 * float(near.max(initial=0)))

    def values(instance: Instance) -> list[float]:
        far, usable = wide(), instance.status != FORBIDDEN
        kept = usable[far.indices]
        costs, row = far.costs[kept].astype(float), np.repeat(np.arange(len(far.demand_ids)), np.diff(far.indptr))[kept]
        nearest = np.full(len(far.demand_ids), np.inf)
        np.minimum.at(nearest, row, costs)
        strict = must_serve_all(instance) and not instance.question.allow_unreachable
        least = float(nearest[instance.unreachable].max(initial=0.0)) if strict else 0.0
        some = costs[(costs > reach.limit) & (costs >= least)] if np.isfinite(least) else costs[:0]
        return np.unique(some if step is None else np.minimum(np.ceil(some / step) * step, MOST)).tolist()

    def apply(instance: Instance, value: float) -> Instance:
        far = limited(wide(), value)
        return replace(instance, indptr=far.indptr, indices=far.indices, costs=far.costs)

    def say(value: float) -> Text:
        (zh, en), (per_unit, word, _) = limit_words(value, unit), MEASURES[unit]
        option = f"{option_text(value / per_unit)}{word.en}"
        return Text(f"把限度放宽到 {zh}（--limit {option}）", f"lengthen the limit to {en} (--limit {option})")

    return Lever(("cover",), values, apply, say)


def answers(
    instances: Sequence[Instance],
    limits: Limits,
    levers: Sequence[Lever],
    groups: pd.Series | None,
    extra: tuple[int, float | None],
    tell: Tell = lambda _: None,
) -> list[Found]:
    """Return the answer to each instance (one question, p by p); `extra`: how many plans, and the tolerance of classes.

    limits bounds all of it: each p, its ties, its other plans and its classes. Of equally good plans the one is told
    that a second objective and the ids prefer, where that is cheap.
    """
    budget = Budget(limits, len(instances) * (1 + int(extra[0] > 1) + int(extra[1] is not None)))

    def told(instance: Instance, _: Limits) -> Siting:
        p = instance.question.p
        tell(Text("求解" if p is None else f"求解 p = {p}", "solving" if p is None else f"solving p = {p}"))
        return _with_ties(instance, budget.next(), levers)

    if len(instances) == 1:
        return [_with_extra(told(instances[0], limits), None, budget, extra, tell)]
    steps = curve(instances[0], limits, [one.question.p or 0 for one in instances], told, groups)
    return [_with_extra(step.siting, step, budget, extra, tell) for step in steps]


def _with_ties(instance: Instance, limits: Limits, levers: Sequence[Lever]) -> Siting:
    """Return the answer, of its ties the one that is told, and whether there are ties; its seconds are of all that."""
    begin = clock.now()

    def left() -> Limits:
        return replace(limits, seconds=max(limits.seconds - (clock.now() - begin), 0.0))

    answer = explained(solve(instance, limits), levers)
    dear = instance.question.model == "capacitated" and len(instance.costs) > _CHEAP_PAIRS
    if not dear and len(instance.free) <= CHEAP and answer.status == "optimal":
        answer = with_ties(lexicographic(instance, left(), solve, answer), solve, left())
    return replace(answer, seconds=clock.now() - begin)


def _with_extra(
    siting: Siting, step: Step | None, budget: Budget, extra: tuple[int, float | None], tell: Tell
) -> Found:
    count, tolerance = extra
    if not has_plan(siting):
        budget.skip(int(count > 1) + int(tolerance is not None))
        return Found(siting, step=step)
    begin = clock.now()
    plans: list[Siting] = []
    if count > 1:
        tell(Text(f"最好的 {count} 个方案", f"the {count} best plans"))
        plans = k_best(siting.instance, budget.next(), count, solve, siting)
    if len(plans) > 1 and siting.ties is None and siting.status == plans[1].status == "optimal":
        siting = replace(siting, ties=same(siting.objective, plans[1].objective))
    table = None
    if tolerance is not None:
        tell(Text("候选点分类", "classes of the candidates"))
        table = classes(siting.instance, budget.next(), solve, tolerance, siting, plans)
    siting = replace(siting, seconds=siting.seconds + clock.now() - begin)
    return Found(siting, tuple(plans), table, step)


def step_of(step: Step, language: Language) -> dict[str, Any]:
    """Return what one site more brings, and to whom: weights by group and effect."""
    rows = rows_of(step.by_group[["group", "effect", "weight"]])
    return {"gain": _number(step.gain), "who": rows, "note": None if step.note is None else step.note.say(language)}
