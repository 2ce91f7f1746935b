"""What an answer about sites says to people: names beside ids, natural units, and who is beyond what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner.errors import Language, Text
from planner.limits import MOST, NEED_LIMIT
from planner.reach import Reach
from planner.siting.siting import Siting
from planner.text import amount_words, exact_percent, exact_text, number_text
from planner.travel import Road, StraightLine
from scenarios.site import Lists

Names = Mapping[str, tuple[str, str]]
"""Name and place by id; "" where they are not known."""
_SUMS: Mapping[str, tuple[float, Text]] = MappingProxyType(
    {
        "mm": (1e6, Text("公里", "km")),
        "ms": (3.6e6, Text("小时", "h")),
        "table": (1.0, Text("费用表单位", "unit of the table")),
    }
)
_LABELS: Mapping[str, Text] = MappingProxyType(
    {
        "mclp": Text("定数最大覆盖（MCLP）", "most covered by p sites (MCLP)"),
        "backup": Text("双重覆盖", "backup cover"),
        "p-median": Text("总距离最小（p-median）", "least weighted distance (p-median)"),
        "p-center": Text("最远者最近（p-center）", "nearest farthest (p-center)"),
        "capacitated": Text("有容量选址", "capacitated"),
    }
)


@dataclass(frozen=True, eq=False)
class Words:
    """What is known of the data beside the answer itself.

    unit      of the costs: mm, ms or table
    way       how one travels: straight, road or table
    people    whether the weights are people
    costed    whether the sites have costs of their own, in 万元
    no_way    demands that no site reaches by any way, however long the limit
    limited   whether a limit was set
    """

    unit: str
    way: str
    people: bool
    costed: bool
    demand: Names
    sites: Names
    no_way: frozenset[str]
    limited: bool = True

    def judges_cover(self, siting: Siting) -> bool:
        """Whether cover was judged: by a limit, or by the model itself; else each has just gone to a site, however far."""
        return self.limited or siting.question.model in NEED_LIMIT

    @property
    def travel(self) -> Text:
        """How one travels, in words."""
        if self.way == "table":
            return Text("费用表", "table")
        return Text("直线", "straight") if self.way == "straight" else Text("道路", "road")

    def label(self, siting: Siting) -> Text:
        """Return the name of the model, as it is asked here."""
        if siting.question.model != "lscp":
            return _LABELS[siting.question.model]
        zh, en = ("费用最省的", "cheapest sites for") if self.costed else ("最少站点", "fewest sites for")
        if siting.question.share < 1:
            share = exact_percent(siting.question.share)
            return Text(f"{zh}覆盖 {share}（LSCP）", f"{en} {share} (LSCP)")
        return Text(f"{zh}全覆盖（LSCP）", f"{en} all (LSCP)")

    def weight(self, value: float) -> Text:
        """Return an amount of demand."""
        return _with(exact_text(value), Text("人", "people") if self.people else Text("", ""))

    def cost(self, value: float) -> Text:
        """Return a cost of travelling."""
        return amount_words(value, self.unit)

    def objective(self, siting: Siting, value: float) -> Text:
        """Return a value or a bound of the objective in its natural unit."""
        model = siting.question.model
        if not np.isfinite(value):
            return Text("—", "—")
        if model == "p-center":
            return self.cost(value)
        if model in ("p-median", "capacitated"):
            factor, unit = _SUMS[self.unit]
            said = exact_text(value) if self.unit == "table" else number_text(value / factor)
            who = Text("人", "person") if self.people else Text("权重", "weight")
            return _with(said, Text(f"{who.zh}·{unit.zh}", f"{who.en}·{unit.en}"))
        if model == "lscp":
            return _with(exact_text(value), Text("万元", "(10,000 yuan)") if self.costed else Text("个", "sites"))
        if model == "backup" and siting.question.p is not None and self.people:
            return _with(exact_text(value), Text("人次", "covers of people"))
        return self.weight(value)

    def site(self, one: str) -> str:
        """Return a site's name, id and place."""
        return _named(one, self.sites)

    def resident(self, one: str) -> str:
        """Return a demand's name, id and place."""
        return _named(one, self.demand)

    def state(self, one: str) -> Text:
        """Return what keeps a demand from every site: no way at all, or the limit."""
        return Text("不可达", "unreachable") if one in self.no_way else Text("超出限度", "beyond the limit")


def _with(said: str, unit: Text) -> Text:
    return Text(f"{said} {unit.zh}".rstrip(), f"{said} {unit.en}".rstrip())


def _named(one: str, names: Names) -> str:
    name, place = names.get(one, ("", ""))
    if not name:
        return f"{one}（{place}）" if place else str(one)
    return f"{name}（{'，'.join(filter(None, (str(one), place)))}）"


def words_of(lists: Lists, reach: Reach, travel: StraightLine | Road | None, unit: str) -> Words:
    """Return what is known of the lists and of who reaches whom; `travel` is None for a table of costs."""
    way = "table" if travel is None else "straight" if isinstance(travel, StraightLine) else "road"
    costed = "cost" in lists.sites and bool(lists.sites["cost"].notna().any())
    lost = frozenset(str(one) for one in reach.demand_ids[reach.nearest_index < 0])
    people = "population" in lists.demand
    return Words(unit, way, people, costed, _names(lists.demand), _names(lists.sites), lost, bool(reach.limit < MOST))


def _names(frame: pd.DataFrame) -> Names:
    columns = [frame[one].fillna("").astype(str) if one in frame else [""] * len(frame) for one in ("name", "place")]
    return {str(one): (name, place) for one, name, place in zip(frame["id"], *columns, strict=True)}


def listed(labels: Iterable[str], most: int) -> str:
    """Return the first `most` of the labels for a sentence."""
    every: Sequence[str] = list(labels)
    return "、".join(every[:most]) + (" …" if len(every) > most else "")


def names_of(words: Words, siting: Siting, language: Language) -> dict[str, object]:
    """Return what the JSON adds for people: how one travels, the names of the sites, and who has no way at all."""
    told: dict[str, object] = {"travel": words.travel.say(language)}
    chosen = [*siting.chosen, *siting.background]
    known = {
        one: {"name": words.sites[one][0], "place": words.sites[one][1]} for one in chosen if any(words.sites[one])
    }
    if known:
        told["names"] = known
    told["no_way_ids"] = [one for one in siting.unreachable_ids if one in words.no_way]
    return told
