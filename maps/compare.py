"""The map of two scenarios under a curtain or side by side, with what they do not share, as one offline page.

Nothing about coverage is computed here: what is shown are rows of findings, and the changes that planner.compare found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from maps import geometry, style
from maps.furniture import Furniture
from maps.geometry import Column, at_of, ground, packed, plain, texts
from maps.scene import Block, Cell, Content, Headline, Layer, Picture, Places, Ramp, Row, Scene, render
from maps.scene import View as _View
from maps.style import CIRCLE, CROSS, DIAMOND, GAIN, GAP, INK, PAPER, PLUS, Mark, Stroke
from planner.compare import row_texts
from planner.region import Region
from planner.schema import FACILITY_KINDS
from planner.text import amount_text, basis_of, change_text, count_text, people_text, value_text

_CHECK = "M7 12.5l3.5 3.5L17 8.5"
MARKS: Mapping[str, Mark] = MappingProxyType(
    {
        "added": Mark(20, DIAMOND, GAIN, glyph=PLUS),
        "closed": Mark(18, CIRCLE, PAPER, INK, CROSS, INK, 2.0),
        "moved": Mark(20, DIAMOND, GAIN, glyph="M7 12h10M13 8l4 4-4 4"),
        "kind": Mark(26, CIRCLE, "", GAIN, weight=2.6),
        "changed": Mark(26, CIRCLE, "", GAIN, weight=2.6, dash="3 3"),
        "old": Mark(16, DIAMOND, PAPER, GAIN, weight=1.6, dash="3 2"),
    }
)
"""A facility by what happens to it; "old" is the place that a moved one leaves."""
_ORDER = tuple(MARKS)
GAINED, LOST = Mark(9, CIRCLE, GAIN, glyph=_CHECK, weight=1.2), Mark(9, CIRCLE, GAP, glyph=CROSS, weight=1.2)
_OLD_PLACE, _SAME_SITES = "原址", "两个方案的机构相同。"


@dataclass(frozen=True, eq=False)
class View:
    """One scenario as it is drawn: its letter, its name with the letter, its facts and its findings."""

    letter: str
    label: str
    region: Region
    findings: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Between:
    """Two of the views (their places) and what they do not share.

    findings is planner.compare.side_by_side, sites planner.compare.site_changes with a column `word`; said are the
    sentences on both.
    """

    before: int
    after: int
    said: tuple[str, ...]
    findings: pd.DataFrame
    sites: pd.DataFrame


def compare_map(
    views: Sequence[View], betweens: Sequence[Between], furniture: Furniture, kinds: Mapping[str, Sequence[str]]
) -> str:
    """Return one HTML page that opens with no network; `kinds` are the kinds of facility that each rule is about."""
    region = views[0].region
    drawn = _Drawn(region, views, betweens, kinds)
    shown = [(pair, reading) for pair in range(len(betweens)) for reading in range(len(drawn.readings))]
    scene = Scene(
        kind="compare",
        ground=ground(region),
        fills=style.TOWN_FILLS,
        choices=("方案", "指标", "口径"),
        views=tuple(drawn.view(*one) for one in shown),
        pictures=(*drawn.base_pictures(), *(picture for one in shown for picture in drawn.pair_pictures(*one))),
        ramps=tuple(drawn.ramp(reading) for reading in range(len(drawn.readings))),
        places=drawn.places,
        layers=drawn.layers,
        shared=dict(drawn.shared()),
        first=drawn.telling(0),
        leads={drawn.label(one): drawn.telling(pair) for pair, one in enumerate(betweens)},
    )
    return render(scene, furniture)


@dataclass(frozen=True, eq=False)
class _Drawn:
    """What every view shares: readings in the order of the rules, and where things stand among the places."""

    region: Region
    views: Sequence[View]
    betweens: Sequence[Between]
    kinds: Mapping[str, Sequence[str]]

    @cached_property
    def readings(self) -> list[tuple[str, str]]:
        """The (rule, reading) pairs with town rows on any side."""
        return _readings(self.views)

    @cached_property
    def rows(self) -> list[dict[tuple[str, str], pd.DataFrame]]:
        """Each scenario's rows by reading."""
        return [_by_reading(view.findings, self.readings) for view in self.views]

    @cached_property
    def town(self) -> Mapping[str, int]:
        """Where each town stands on the ground."""
        return {str(code): at for at, code in enumerate(self.region.towns["code"])}

    @cached_property
    def village(self) -> Mapping[str, int]:
        """Where each village stands among the places."""
        return {str(code): at for at, code in enumerate(self.region.villages["code"])}

    @cached_property
    def open(self) -> list[pd.DataFrame]:
        """The facilities that serve people, by scenario."""
        return [view.region.facilities[view.region.facilities["status"] == "open"] for view in self.views]

    @cached_property
    def open_kinds(self) -> list[str]:
        """Their kinds, in the order of their marks."""
        return sorted({str(kind) for frame in self.open for kind in frame["kind"]})

    def telling(self, pair: int) -> int:
        """Return the place of the first view of a pair whose reading finds a town changed."""
        found = [self.readings.index(key) for key in self.moved[pair] if key in self.readings]
        return pair * len(self.readings) + min(found, default=0)

    def _moved(self, pair: int) -> Mapping[tuple[str, str], list[dict[Any, Any]]]:
        """Return the rows of changed towns by reading."""
        table = self.betweens[pair].findings
        found: dict[tuple[str, str], list[dict[Any, Any]]] = {}
        for row in table[(table["level"] == "town") & table["changed"]].to_dict("records"):
            found.setdefault((row["rule"], row["reading"]), []).append(row)
        return found

    @cached_property
    def moved(self) -> list[Mapping[tuple[str, str], list[dict[Any, Any]]]]:
        """The same for every pair."""
        return [self._moved(pair) for pair in range(len(self.betweens))]

    # The places and layers.

    @cached_property
    def places(self) -> Mapping[str, Places]:
        """Villages, the facilities of all scenarios, and what is changed between each two."""
        town = self.region.villages["town_code"].map(self.region.towns.set_index("code")["name"])
        villages = Places(
            at_of(self.region.villages.geometry),
            texts(self.region.villages["name"]),
            texts(town),
            texts(self.region.villages["code"]),
        )
        every = gpd.GeoDataFrame(
            pd.concat([frame[["id", "name", "kind", "geometry"]] for frame in self.open], ignore_index=True)
        )
        kinds = texts(FACILITY_KINDS[str(kind)][0] for kind in every["kind"])
        facilities = Places(at_of(every.geometry), texts(every["name"]), kinds, texts(every["id"]), found=False)
        changes = {f"changes-{pair}": _change_places(one.sites) for pair, one in enumerate(self.betweens)}
        return {"villages": villages, "open": facilities, **changes}

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """From the ground up."""
        signs = tuple(style.symbol(kind, "open") for kind in self.open_kinds)
        marks = tuple(MARKS.values())
        changes = [
            Layer(
                f"changes-{pair}",
                "有变化的机构",
                "points",
                "gain",
                f"changes-{pair}",
                marks,
                apart=True,
                names="always",
            )
            for pair in range(len(self.betweens))
        ]
        return (
            Layer("moves", "迁址", "links", "gain", stroke=Stroke(GAIN, 1.4, "5 3")),
            Layer("uncovered", "未覆盖居民点", "points", "gap", "villages", (style.UNCOVERED, style.UNREACHABLE)),
            Layer("lost", "后一方案不再覆盖（×）", "points", "gap", "villages", (LOST,), names="near"),
            Layer("gained", "后一方案新覆盖（✓）", "points", "gain", "villages", (GAINED,), names="near"),
            Layer("signs", "本指标的在用机构", "points", "facility", "open", signs, apart=True),
            *changes,
        )

    # The pictures.

    def base_pictures(self) -> Iterator[Picture]:
        """Yield what each reading shows of each scenario."""
        for reading in self.readings:
            for side, view in enumerate(self.views):
                yield self._side(self.rows[side][reading], side, reading, view.label)

    def _side(self, rows: pd.DataFrame, side: int, reading: tuple[str, str], label: str) -> Picture:
        mine = rows[rows["level"] == "town"].to_dict("records")
        fills = [len(style.TOWN_FILLS) - 1] * len(self.town)
        value, status = [""] * len(self.town), [""] * len(self.town)
        for row in mine:
            at = self.town[str(row["subject_code"])]
            share = style.shown_share(
                row["unit"], (row["covered"], row["population"]), (row["value"], row["required"]), row["gap"]
            )
            fills[at] = style.gap_class(share, str(row["status"]))
            people = (
                f"（{count_text(row['covered'])} / {people_text(row['population'])}）"
                if basis_of(str(row["unit"])) == "people" and row["population"] > 0
                else ""
            )
            value[at], status[at] = (
                value_text(row["value"], row["unit"], row["required"]) + people,
                style.status_label(str(row["status"])),
            )
        contents = self._uncovered(_left(rows))
        kinds, start = self.kinds.get(reading[0], ()), sum(len(frame) for frame in self.open[:side])
        signs = [
            (at, self.open_kinds.index(str(kind)))
            for at, kind in enumerate(self.open[side]["kind"], start)
            if kind in kinds
        ]
        if signs:
            contents["signs"] = Content(rows=plain(at for at, _ in signs), mark=plain(kind for _, kind in signs))
        return Picture(plain(fills), {"现状": texts(value), "状态": texts(status)}, contents=contents, label=label)

    def _uncovered(self, left: pd.DataFrame) -> dict[str, Content]:
        if not len(left):
            return {}
        rows = packed([self.village[str(code)] for code in left["subject_code"]])
        facts = {"未覆盖": _people(left["left_out"] - left["lost"]), "不可达": _people(left["lost"])}
        size = plain(style.dot_size(people) for people in left["left_out"])
        return {
            "uncovered": Content(rows=rows, mark=plain(int(one > 0) for one in left["lost"]), size=size, facts=facts)
        }

    def pair_pictures(self, pair: int, reading: int) -> Iterator[Picture]:
        """Yield both sides of a view: what each scenario shows, and over it what the two do not share."""
        between, key = self.betweens[pair], self.readings[reading]
        moved = self.moved[pair].get(key, [])
        edges = {self.town[str(row["subject_code"])]: way for row in moved if (way := _way(row))}
        told = [""] * len(self.town)
        for row in moved:
            told[self.town[str(row["subject_code"])]] = _change(row)
        for role, side in (("before", between.before), ("after", between.after)):
            contents = self._changes(pair, role)
            if role == "after":
                contents |= self._gains(_left(self.rows[between.before][key]), _left(self.rows[side][key]))
            base = reading * len(self.views) + side
            yield Picture(None, {"变化": texts(told)} if moved else {}, edges, contents, base=base)

    def _changes(self, pair: int, role: str) -> dict[str, Content]:
        marks, words, moves = list[int](), list[str](), list[list[int]]()
        rows = list[int]()
        for at, (site, is_old) in enumerate(_change_rows(self.betweens[pair].sites)):
            if role == "before" and not is_old:
                continue
            rows.append(at)
            marks.append(_ORDER.index("old" if is_old else str(site["change"])))
            words.append(f"（{_OLD_PLACE if is_old else site['word']}）")
            if is_old and role == "after":
                ends = [_spot(site, "before"), _spot(site, "after")]
                moves += [[*ends[0], *ends[1]]] if ends[0] and ends[1] else []
        found = {f"changes-{pair}": Content(rows=plain(rows), mark=plain(marks), label=texts(words))} if rows else {}
        return {**found, "moves": Content(ends=moves)} if moves else found

    def _gains(self, before: pd.DataFrame, after: pd.DataFrame) -> dict[str, Content]:
        """Return the villages of which fewer people, or more, are left out afterwards."""
        one, other = (frame.set_index("subject_code")["left_out"] for frame in (before, after))
        change = one.reindex(one.index.union(other.index), fill_value=0) - other.reindex(
            one.index.union(other.index), fill_value=0
        )
        found = {}
        for name, mine, word in (("gained", change[change > 0], "新覆盖"), ("lost", -change[change < 0], "不再覆盖")):
            if len(mine):
                size = plain(style.dot_size(people) for people in mine)
                rows = packed([self.village[str(code)] for code in mine.index])
                found[name] = Content(rows=rows, size=size, facts={word: _people(mine)})
        return found

    # The panel.

    def ramp(self, reading: int) -> Ramp:
        """Return what the fills mean."""
        rows = [side[self.readings[reading]] for side in self.rows]
        some = next(one.iloc[0] for one in rows if len(one))
        judged = any(bool(one["status"].isin(["met", "not_met"]).any()) for one in rows)
        basis = style.basis(unit for one in rows for unit in one.loc[one["level"] == "town", "unit"])
        title, of = style.MEANING[basis, judged]
        return Ramp(
            title, style.GAP_CLASSES, (style.NO_DATA, style.OUT_OF_SCOPE), (f"{of}：{some['denominator'] or '—'}",)
        )

    def view(self, pair: int, reading: int) -> _View:
        """Return what the panel says."""
        between, key = self.betweens[pair], self.readings[reading]
        some = next(side[key].iloc[0] for side in self.rows if len(side[key]))
        table = between.findings
        mine = (table["level"] == "city") & (table["rule"] == key[0]) & (table["reading"] == key[1])
        row: dict[Any, Any] | None = next(iter(table[mine].to_dict("records")), None)
        place = len(self.readings) * len(self.views) + 2 * (pair * len(self.readings) + reading)
        texts_of = row_texts(row) if row is not None else ("", "", "")
        return _View(
            keys=(self.label(between), str(some["rule_label"]), str(some["reading_label"])),
            pictures=(place, place + 1),
            question=str(some["rule_label"]),
            under=f"{some['reading_label']}。要求：{some['required_text'] or '—'}",
            headline=Headline(texts_of[1], "", "gain" if row["changed"] else "", texts_of[0])
            if row is not None
            else None,
            sentence=_said(row, texts_of[2]) if row is not None else (),
            blocks=(f"sites-{pair}", f"table-{pair}", f"said-{pair}"),
            ramp=reading,
            bounds=self._bounds(pair, key),
        )

    def _bounds(self, pair: int, key: tuple[str, str]) -> tuple[int, ...] | None:
        """Return what the map opens on: the towns that change, with as much again around them; None for the whole."""
        codes = {str(row["subject_code"]) for row in self.moved[pair].get(key, [])}
        if not codes:
            return None
        west, south, east, north = geometry.bounds(self.region.towns[self.region.towns["code"].isin(codes)])
        wide, high = (east - west) // 2, (north - south) // 2
        return (west - wide, south - high, east + wide, north + high)

    def label(self, between: Between) -> str:
        """Return what two scenarios are called together."""
        return " → ".join(self.views[at].label for at in (between.before, between.after))

    def shared(self) -> Iterator[tuple[str, Block]]:
        """Yield the blocks that every view of a pair has: what is concluded, which sites change, all indicators."""
        for pair, between in enumerate(self.betweens):
            letters = [self.views[at].letter for at in (between.before, between.after)]
            yield f"said-{pair}", Block("结论", text=tuple(((one, ""),) for one in between.said))
            rows = tuple(self._site_rows(pair))
            yield (
                f"sites-{pair}",
                Block(
                    "机构变化", f"{len(between.sites)} 处", rows=rows or (Row((_SAME_SITES,)),), first=8, paper="first"
                ),
            )
            yield (
                f"table-{pair}",
                Block("全市指标对比", heads=("口径", *letters, "变化"), rows=tuple(self._indicators(pair))),
            )

    def _site_rows(self, pair: int) -> Iterator[Row]:
        for at, (site, is_old) in enumerate(_change_rows(self.betweens[pair].sites)):
            if not is_old:
                cells = (
                    Cell(str(site["name"]), (_where(site), _detail(site)), mark=MARKS[str(site["change"])]),
                    Cell(str(site["word"]), right=True),
                )
                yield Row(cells, (f"changes-{pair}", at))

    def _indicators(self, pair: int) -> Iterator[Row]:
        table = self.betweens[pair].findings
        rule = None
        for row in table[table["level"] == "city"].to_dict("records"):
            if row["rule"] != rule:
                rule = row["rule"]
                yield Row((), head=str(row["rule_label"]))
            yield self._indicator(pair, row)

    def _indicator(self, pair: int, row: Mapping[Any, Any]) -> Row:
        before, after, change = row_texts(row)
        turned = row["status_before"] != row["status_after"]
        states = [
            style.status_label(str(row[name])) if turned and isinstance(row[name], str) else ""
            for name in ("status_before", "status_after")
        ]
        key = (row["rule"], row["reading"])
        to = ("view", pair * len(self.readings) + self.readings.index(key)) if key in self.readings else None
        cells = (str(row["reading_label"]), Cell(before, (states[0],), right=True), Cell(after, (states[1],), right=True),
                 Cell(change, (_people_change(row),), "strong" if row["changed"] else "quiet", right=True))  # fmt: skip
        return Row(cells, to)


def _said(row: Mapping[Any, Any], change: str) -> tuple[tuple[str, str], ...]:
    if not row["changed"]:
        return (("两个方案在这个口径上相同。", ""),)
    people = _people_change(row)
    return (("变化 ", ""), (change, "strong"), (f"（已覆盖 {people}）。" if people else "。", ""))


def _people_change(row: Mapping[Any, Any]) -> str:
    if basis_of(str(row["unit"])) != "people" or row["covered_before"] == row["covered_after"]:
        return ""
    return f"{change_text(row['covered_before'], row['covered_after'])} 人"


def _left(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the villages with people left out, the most first: subject_code, left_out, lost."""
    mine = rows[rows["level"] == "village"]
    left = mine["uncovered"].fillna(0) + mine["unreachable"].fillna(0)
    found = pd.DataFrame(
        {"subject_code": mine["subject_code"], "left_out": left, "lost": mine["unreachable"].fillna(0)}
    )
    return found[left > 0].sort_values(["left_out", "subject_code"], ascending=[False, True])


def _people(counts: pd.Series) -> Column:
    return texts(people_text(float(one)) if one else "" for one in counts)


def _way(row: Mapping[Any, Any]) -> str:
    change = row["covered_change"] if basis_of(str(row["unit"])) == "people" else -row["gap_change"]
    return "" if pd.isna(change) or change == 0 else "up" if change > 0 else "down"


def _change(row: Mapping[Any, Any]) -> str:
    _, _, words = row_texts(row)
    people = (
        f"{change_text(row['covered_before'], row['covered_after'])} 人，"
        if basis_of(str(row["unit"])) == "people"
        else ""
    )
    return people + words


def _change_rows(sites: pd.DataFrame) -> Iterator[tuple[Mapping[Any, Any], bool]]:
    """Yield each changed facility where it stands afterwards (or stood), and the old place of those that move."""
    for site in sites.to_dict("records"):
        yield site, False
        if site["change"] == "moved":
            yield site, True


def _change_places(sites: pd.DataFrame) -> Places:
    rows = list(_change_rows(sites))
    spots = [
        (_spot(site, "before") if is_old else _spot(site, "after") or _spot(site, "before")) or [0, 0]
        for site, is_old in rows
    ]
    degrees = [[one / geometry.STEPS_PER_DEGREE for one in spot] for spot in spots]
    at = geometry.at([lon for lon, _ in degrees], [lat for _, lat in degrees])
    facts = {"变化": texts("；".join(filter(None, (str(site["word"]), _detail(site)))) for site, _ in rows)}
    names = texts(str(site["name"]) for site, _ in rows)
    return Places(at, names, texts(_where(site) for site, _ in rows), texts("" for _ in rows), facts)


def _detail(row: Mapping[Any, Any]) -> str:
    kinds = dict.fromkeys(FACILITY_KINDS[row[name]][0] for name in ("kind_before", "kind_after") if row[name])
    moved = f"迁移 {amount_text(row['moved_m'] * 1000, 'mm')}" if row["change"] == "moved" else ""
    return "；".join(filter(None, (" → ".join(kinds), moved, row["fields"])))


def _where(row: Mapping[Any, Any]) -> str:
    return f"{row['county_name']}{row['town_name']}"


def _spot(row: Mapping[Any, Any], side: str) -> list[int] | None:
    lon, lat = row[f"lon_{side}"], row[f"lat_{side}"]
    return None if pd.isna(lon) else geometry.spot(lon, lat)


def _readings(views: Sequence[View]) -> list[tuple[str, str]]:
    """Return the (rule, reading) pairs with town rows on any side, in the order of the rules."""
    found: dict[tuple[str, str], None] = {}
    for view in views:
        towns = view.findings.loc[view.findings["level"] == "town", ["rule", "reading"]].drop_duplicates()
        found |= dict.fromkeys(towns.itertuples(index=False, name=None))
    return list(found)


def _by_reading(findings: pd.DataFrame, readings: Sequence[tuple[str, str]]) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the rows of each reading; none where the scenario does not have it."""
    found = dict(iter(findings.groupby(["rule", "reading"], sort=False)))
    return {pair: found.get(pair, findings.head(0)) for pair in readings}
