"""The data-quality report: what a region holds, and what about it a planner should look at twice."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely import STRtree

from geodata.crs import GEOD, gcj02_to_wgs84
from planner.errors import Problem, Text
from planner.hospitals import named, unclassed, ungraded
from planner.region import Region
from planner.schema import FACILITY_KINDS
from planner.text import coordinate_text, count_text, number_text, people_text, share_text

QUALITY = "数据质量"
"""What stands in place of a file where several files together are doubtful."""
_BEYOND_M = 20_000
_OVERLAP_M2 = 10_000
_PAIRS, _SHIFT_M = 3, 200.0
"""GCJ-02 lies 300 to 600 m from WGS 84 all over China."""
_ODD_SHARE = 0.2
"""Of a town or county: more than this is no matter of how finely a border is drawn."""
_BETWEEN = "乡镇之间"
_FEW_IN_ALL, _FEW_IN_VILLAGE, _VILLAGES, _MANY_IN_VILLAGE = 100, 20, 3, 500_000
_GAP_SHARE = 0.01
"""Of a county, or of the whole city: simplified borders leave less than this between them."""
_SHOWN = 20


@dataclass(frozen=True)
class Quality:
    """Facts as (label, value), and warnings."""

    facts: tuple[tuple[Text, str], ...]
    warnings: tuple[Problem, ...]


def _warn(what: Text, fix: Text, found: str = "") -> Problem:
    return Problem(QUALITY, what, fix, found=found, severity="warning")


@dataclass(frozen=True)
class Odd:
    """What can hardly be: told as `key`, whose numbers a planner confirms in about.yaml, or corrects the data."""

    key: str
    what: Text
    fix: Text


def odd(region: Region) -> list[Odd]:
    """Return what can hardly be so: numbers of people, and towns that lie on each other or leave half a town out.

    The limits are no policy: beyond them a slip (万 for persons, a row too many, a shape drawn crosswise) is likelier
    than a fact.
    """
    out = []
    people = int(region.residents["population"].sum())
    typical = float(region.villages["population"].median()) if len(region.villages) >= _VILLAGES else _FEW_IN_VILLAGE
    unit = Text("核对单位是不是万人", "see whether the unit is 10,000 persons")
    listed = int(region.villages["population"].sum()) if len(region.villages) else 0
    if max(people, listed) < _FEW_IN_ALL or typical < _FEW_IN_VILLAGE:
        few = f"，村（社区）中位数 {number_text(typical)}" if typical < _FEW_IN_VILLAGE else ""
        key = f"常住人口合计 {people}{few}"
        out.append(Odd(key, Text(f"人口少得可疑：{key}", f"suspiciously few people: {people}"), unit))
    for frame, names in ((region.villages, "name"), (region.residents, "id")):
        many = frame[frame["population"] > _MANY_IN_VILLAGE] if "population" in frame else frame[:0]
        for name, count in zip(many[names], many["population"], strict=True):
            key = f"{name} 常住人口 {int(count)}"
            out.append(
                Odd(
                    key,
                    Text(f"人口多得可疑：{key}", f"suspiciously many people: {name} {int(count)}"),
                    Text("核对人口", "check the population"),
                )
            )
        if out:
            break
    return [*out, *_odd_overlaps(region.towns), *_odd_gaps(region), *_odd_names(region.towns), *_odd_places(region)]


def _odd_names(towns: gpd.GeoDataFrame) -> list[Odd]:
    """Return the towns of one name and county that have several codes."""
    out = []
    for (county, name), group in towns.groupby(["county_code", "name"], sort=True):
        if len(group) > 1:
            key = f"{county} {name} 有 {len(group)} 个代码 {'、'.join(group['code'])}"
            what = Text(
                f"同一县（区）同名的乡镇：{key}", f"towns of one name in a county: {name} {', '.join(group['code'])}"
            )
            fix = Text(
                "是同一个乡镇的几块，改成一个代码；不是，核对名称",
                "give the pieces of one town one code, or check the name",
            )
            out.append(Odd(key, what, fix))
    return out


def _odd_places(region: Region) -> list[Odd]:
    """Return that no facility lies in the city or the belt around it: the list of another city, or wrong coordinates."""
    away = region.facilities.geometry.distance(region.towns.geometry.union_all())
    if not len(away) or away.min() <= _BEYOND_M:
        return []
    key = f"全部 {len(away)} 个机构在市界 20 公里以外，最近的 {number_text(round(away.min() / 1000))} 公里"
    what = Text(
        key,
        f"all {len(away)} facilities lie beyond 20 km of the city, the nearest {number_text(round(away.min() / 1000))} km",
    )
    return [
        Odd(
            key,
            what,
            Text("核对是不是本市的名录、坐标是否对", "see whether the list is of this city, and its coordinates"),
        )
    ]


def _odd_overlaps(towns: gpd.GeoDataFrame) -> list[Odd]:
    shapes, names = towns.geometry.to_numpy(), towns["name"].to_numpy(object)
    out = []
    for i, j, area in _overlapping(shapes):
        share = area / min(shapes[i].area, shapes[j].area)
        if share > _ODD_SHARE:
            key = f"{names[i]}、{names[j]} 重叠 {share_text(share)}"
            out.append(
                Odd(
                    key,
                    Text(
                        f"乡镇边界大面积重叠（占较小的乡镇）：{key}", f"towns lie on each other (of the smaller): {key}"
                    ),
                    Text("核对边界，或删去重复的乡镇", "check the borders, or remove the town that stands twice"),
                )
            )
    return out


def _odd_gaps(region: Region) -> list[Odd]:
    return [
        Odd(
            f"{name} 空白 {share_text(share)}",
            Text(f"{name} 有 {share_text(share)}（{number_text(area_m2 / 1e6)} 平方公里）不在任何乡镇内", f"{share_text(share)} of {name} ({number_text(area_m2 / 1e6)} km²) lies in no town"),
            Text("补上缺少的乡镇（边界和村社区），或核对边界", "add the towns that are missing, or check the borders"),
        )
        for name, share, area_m2 in _gaps_of(region) if share > _ODD_SHARE
    ]  # fmt: skip


def quality(region: Region) -> Quality:
    """Return the report; nothing in it stops an assessment. `load_with_warnings` shows the same warnings."""
    warnings = [
        *_population(region),
        *_villages_people(region),
        *_without_village(region),
        *_overlaps(region.towns),
        *_gaps(region),
        *_far_facilities(region),
        *_shifted(region),
        *_same_place(region),
        *_same_name(region),
        *_empty_towns(region),
        *_unclassed(region),
    ]
    people = int(region.residents["population"].sum())
    estimated = int(region.residents.loc[region.residents["estimated"], "population"].sum())
    kinds = region.facilities["kind"].value_counts()
    listed = "，".join(f"{FACILITY_KINDS[kind][0]} {kinds[kind]}" for kind in FACILITY_KINDS if kind in kinds)
    unlisted = "、".join(FACILITY_KINDS[kind][0] for kind in FACILITY_KINDS if not region.knows(kind))
    facts = (
        (Text("城市", "city"), f"{region.about.name}（{region.about.code}）"),
        (Text("坐标系", "CRS"), region.crs),
        (Text("县（区）、乡镇（街道）、村（社区）", "counties, towns, villages"),
         f"{len(region.counties)}、{len(region.towns)}、{len(region.villages)}"),
        (Text("常住人口", "residents"), f"{count_text(people)}（其中估算 {count_text(estimated)}）"),
        (Text("医疗卫生机构", "facilities"), f"{len(region.facilities)}（{listed}）"),
        *([(Text("没有名录的机构类型（主要口径要用它、因而无法判断的指标，列入待补数据清单）", "kinds without a list (the rules that need one cannot be judged)"),
            unlisted)] if unlisted else []),
    )  # fmt: skip
    return Quality(facts, tuple(warnings))


def _population(region: Region) -> list[Problem]:
    """Compare the residents with the totals that counties and towns state."""
    out = []
    fix = Text(
        "核对居民点是否齐全、有没有重复计入（如合计行）",
        "check whether residents are missing, or stand twice (as totals)",
    )
    for frame, column, label in ((region.counties, "county_code", "县区"), (region.towns, "town_code", "乡镇")):
        if "population" not in frame:
            continue
        sums = region.residents.groupby(column)["population"].sum()
        stated = frame[frame["population"].notna()].set_index("code")
        gaps = stated["population"].astype(float) - sums.reindex(stated.index).fillna(0)
        apart = gaps[gaps != 0]
        out += [_warn(_off(f"{label} {stated['name'][code]}", code, stated["population"][code], gap), fix)
                for code, gap in apart[:_SHOWN].items()]  # fmt: skip
        if len(apart) > _SHOWN:
            more = len(apart) - _SHOWN
            out.append(_warn(Text(f"另有 {more} 个{label}同样不一致", f"{more} more differ alike"), fix))
    return out


def _off(named: str, code: object, stated: float, gap: float) -> Text:
    found = stated - gap
    more, twice = found > stated, bool(found == 2 * stated > 0)
    return Text(
        f"{named}：居民合计 {people_text(found)}，公布 {people_text(stated)}，{'多' if more else '少'} {people_text(abs(gap))}{'，正好是两倍' * twice}",
        f"{code}: residents add up to {count_text(found)}, the total says {count_text(stated)}, {count_text(abs(gap))} {'more' if more else 'fewer'}{', just twice' * twice}",
    )


def _villages_people(region: Region) -> list[Problem]:
    """Compare a file of residents with the villages beside it, in all and by town; the residents are believed."""
    if not len(region.villages):
        return []
    frames = (region.residents, region.villages)
    found, stated = (int(frame["population"].sum()) for frame in frames)
    by_town = [frame.groupby("town_code")["population"].sum() for frame in frames]
    fix = Text("核对居民点是否齐全；评估以居民点为准", "check whether the residents are complete; they are believed")
    out = []
    if found != stated:
        few = Text("，不足一半", ", less than half") if 2 * found < stated else Text("", "")
        out.append(
            _warn(
                Text(f"居民点合计 {people_text(found)}，村社区合计 {people_text(stated)}{few.zh}",
                     f"residents add up to {count_text(found)}, villages to {count_text(stated)}{few.en}"), fix,
            )
        )  # fmt: skip
    rows = [(row.name, *(float(sums.get(row.code, 0)) for sums in by_town)) for row in region.towns.itertuples()]
    apart = [row for row in rows if row[1] != row[2]]
    out += [
        _warn(
            Text(f"{name}：居民点合计 {people_text(people)}，村社区合计 {people_text(said)}",
                 f"{name}: residents add up to {count_text(people)}, villages to {count_text(said)}"), fix,
        )
        for name, people, said in apart[:_SHOWN]
    ]  # fmt: skip
    if len(apart) > _SHOWN:
        more = len(apart) - _SHOWN
        out.append(_warn(Text(f"另有 {more} 个乡镇（街道）同样不一致", f"{more} more towns differ alike"), fix))
    return out


def _without_village(region: Region) -> list[Problem]:
    """Name what residents without a village_code cost: one of them, and the whole city is judged by town only."""
    lost = int((region.residents["village_code"] == "").sum())
    if not len(region.villages) or not lost:
        return []
    return [
        _warn(
            Text(f"{lost} 个居民点没有村代码：全市只评估到乡镇（街道），不评估到村（社区）",
                 f"{lost} residents without village_code: the whole city is judged by town, not by village"),
            Text("给每个居民点填村代码，或只用村（社区）文件", "fill it in for every one, or use the villages alone"),
        )
    ]  # fmt: skip


def _overlapping(shapes: npt.NDArray[np.object_]) -> list[tuple[int, int, float]]:
    """Return (row, row, m²) of the towns that lie on each other, one within the other or the very same shape among them."""
    left, right = STRtree(shapes).query(shapes, predicate="intersects")
    pairs = sorted((i, j) for i, j in zip(left.tolist(), right.tolist(), strict=True) if i < j)
    areas = ((i, j, float(shapes[i].intersection(shapes[j]).area)) for i, j in pairs)
    return [(i, j, area) for i, j, area in areas if area > _OVERLAP_M2]


def _overlaps(towns: gpd.GeoDataFrame) -> list[Problem]:
    """Name towns that lie on each other."""
    names = towns["name"].to_numpy(object)
    return [
        _warn(
            Text(f"乡镇边界重叠 {number_text(area / 1e6)} 平方公里：{names[i]}、{names[j]}",
                 f"towns overlap by {number_text(area / 1e6)} km²: {names[i]}、{names[j]}"),
            Text("核对边界", "check the borders"),
        )
        for i, j, area in _overlapping(towns.geometry.to_numpy())
    ]  # fmt: skip


def _gaps_of(region: Region) -> list[tuple[str, float, float]]:
    """Return (county, share, m²) of the counties of which a part lies in no town, and of holes between all towns."""
    covered = shapely.union_all(region.towns.geometry.to_numpy())
    out = []
    for name, shape in zip(region.counties["name"], region.counties.geometry, strict=True):
        gap_m2 = float(shape.difference(covered).area)
        out.append((str(name), min(gap_m2 / shape.area, 1.0), gap_m2))
    holes = float(sum(shapely.Polygon(ring).area for part in shapely.get_parts(covered) for ring in part.interiors))
    out.append((_BETWEEN, holes / covered.area, holes))
    return [(name, share, area_m2) for name, share, area_m2 in out if share > _GAP_SHARE]


def _gaps(region: Region) -> list[Problem]:
    """Name the counties of which a part lies in no town: a town is missing there, or a border is wrong."""
    return [
        _warn(
            Text(f"{name} 有 {share_text(share)}（{number_text(area_m2 / 1e6)} 平方公里）不在任何乡镇内",
                 f"{share_text(share)} of {name} ({number_text(area_m2 / 1e6)} km²) lies in no town"),
            Text("补上缺少的乡镇（边界和村社区），或核对边界", "add the towns that are missing, or check the borders"),
        )
        for name, share, area_m2 in _gaps_of(region) if share <= _ODD_SHARE
    ]  # fmt: skip


def _far_facilities(region: Region) -> list[Problem]:
    """Name facilities beyond the belt around the city in which they still count: mostly a wrong coordinate."""
    city = region.towns.geometry.union_all()
    away = region.facilities.geometry.distance(city)
    far = region.facilities[away > _BEYOND_M]
    return [
        _warn(
            Text(f"机构在市界 20 公里以外：{row.name}（{row.id}）", f"beyond 20 km of the city: {row.id}"),
            Text("核对坐标", "check the point"),
        )
        for row in far.head(_SHOWN).itertuples(index=False)
    ] + [
        _warn(Text(f"另有 {more} 个机构同样", f"{more} more alike"), Text("核对坐标", "check the points"))
        for more in [len(far) - _SHOWN]
        if more > 0
    ]


def _shifted(region: Region) -> list[Problem]:
    """Tell, with the evidence, that facilities seem to stand in GCJ-02 among villages and towns that do not, or the reverse.

    The evidence is the way from a village to its clinic, and how many facilities lie in the town of their code, as they
    stand and once they are taken back from GCJ-02.
    """
    own = region.facilities[(region.facilities["village_code"] != "") & ~region.facilities["estimated"].astype(bool)]
    places = region.villages.set_index("code")[["lon", "lat"]].reindex(own["village_code"])
    there = places["lon"].notna().to_numpy(bool)
    own, places = own[there], places[there]
    out = []
    if len(own) >= _PAIRS:
        lon, lat, home_lon, home_lat = (
            one.to_numpy(float) for one in (own["lon"], own["lat"], places["lon"], places["lat"])
        )
        now = _median_m(lon, lat, home_lon, home_lat)
        tried = {"机构": _median_m(*gcj02_to_wgs84(lon, lat), home_lon, home_lat),
                 "村（社区）": _median_m(lon, lat, *gcj02_to_wgs84(home_lon, home_lat))}  # fmt: skip
        which, then = min(tried.items(), key=lambda item: item[1])
        if now > _SHIFT_M and then < now / 2:
            out.append(_warn_shifted(which, Text(f"{len(own)} 个机构与所在村的距离中位数 {number_text(now)} 米，{which}按 GCJ-02 换算后 {number_text(then)} 米",
                                                 f"of {len(own)} facilities and their villages: median {number_text(now)} m apart, {number_text(then)} m with one of them taken from GCJ-02")))  # fmt: skip
    return out or _shifted_of_towns(region)


def _shifted_of_towns(region: Region) -> list[Problem]:
    places = region.facilities[region.facilities["town_code"] != ""]
    if not len(places):
        return []
    lon, lat = places["lon"].to_numpy(float), places["lat"].to_numpy(float)
    before, after = (_astray(region, places["town_code"], *at) for at in ((lon, lat), gcj02_to_wgs84(lon, lat)))
    if before < _PAIRS or after > before / 2:
        return []
    evidence = Text(f"{before} 个机构不在代码所写的乡镇里，按 GCJ-02 换算后 {after} 个",
                    f"{before} facilities lie outside the town of their code, {after} once taken from GCJ-02")  # fmt: skip
    return [_warn_shifted("机构", evidence)]


def _astray(region: Region, codes: pd.Series, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> int:
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326).to_crs(region.crs)
    homes = region.towns.set_index("code").geometry.reindex(codes).to_numpy()
    return int((~shapely.intersects(homes, points.to_numpy())).sum())


def _median_m(
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
    other_lon: npt.NDArray[np.float64],
    other_lat: npt.NDArray[np.float64],
) -> float:
    return float(np.median(GEOD.inv(lon, lat, other_lon, other_lat)[2]))


def _warn_shifted(which: str, evidence: Text) -> Problem:
    what = Text(
        f"{which}的坐标像是 GCJ-02（高德、腾讯）：{evidence.zh}", f"coordinates seem to be in GCJ-02: {evidence.en}"
    )
    fix = Text(
        "是，就在 about.yaml 的 coordinates 下写“文件名: gcj02”",
        "if so, write 'file: gcj02' under coordinates in about.yaml",
    )
    return _warn(what, fix)


def _same_place(region: Region) -> list[Problem]:
    """Name facilities of one kind that stand on the very same point: often one entered twice."""
    rounded = region.facilities.assign(at=[f"{coordinate_text(lon)},{coordinate_text(lat)}" for lon, lat in
                                           zip(region.facilities["lon"], region.facilities["lat"], strict=True)])  # fmt: skip
    twice = rounded[rounded.duplicated(["kind", "at"], keep=False)]
    return [
        _warn(
            Text(f"同类机构坐标相同：{'、'.join(group['name'])}", f"same kind, same point: {', '.join(group['id'])}"),
            Text("核对是否重复录入", "check whether one is entered twice"),
        )
        for _, group in twice.groupby(["kind", "at"], sort=True)
    ]


def _same_name(region: Region) -> list[Problem]:
    """Name facilities of one kind, town and name that have several ids: one entered twice, or a name that does not tell them apart."""
    out = []
    alike = ["kind", "town_code", "name"]
    twice = region.facilities[region.facilities.duplicated(alike, keep=False)]
    for (_, _, name), group in twice.groupby(alike, sort=True):
        if name:
            ids = "、".join(group["id"])
            away = number_text(round(float(group.geometry.distance(group.geometry.iloc[0]).max())))
            out.append(_warn(Text(f"同一乡镇同类同名的机构有 {len(group)} 个编号：{name}（{ids}），相距至多 {away} 米", f"one name, kind and town, {len(group)} ids: {ids}, at most {away} m apart"),
                             Text("重复录入的删去一个", "remove one that is entered twice")))  # fmt: skip
    more = len(out) - _SHOWN
    return out[:_SHOWN] + [
        _warn(Text(f"另有 {more} 组同样", f"{more} more alike"), Text("核对", "check them")) for _ in range(more > 0)
    ]


def _unclassed(region: Region) -> list[Problem]:
    """Name the hospitals of which nothing tells whether they treat all, and those whose grade is not understood."""
    blank, odd, found = unclassed(region), ungraded(region), []
    if len(blank):
        what = Text(
            f"{len(blank)} 所在用医院没有填“医院类别”，方案按综合医院处理（假设）：{named(blank)}",
            f"{len(blank)} open hospitals without a speciality count as general in plans: {', '.join(blank['id'])}",
        )
        found.append(_warn(what, Text("填“医院类别”列，不按名称猜", "fill it in, and do not guess it from the name")))
    if len(odd):
        names = "、".join(f"{name}（{grade}）" for name, grade in zip(odd["name"], odd["grade"], strict=True))
        what = Text(
            f"{len(odd)} 所在用医院的等级不认识，方案不计入二级及以上（假设）：{names}",
            f"{len(odd)} open hospitals of a grade that is not understood are not of class two: {', '.join(odd['id'])}",
        )
        found.append(_warn(what, Text("写成如“三级甲等”“二级”“未定级”", "write it as 三级甲等, 二级 or 未定级")))
    return found


def _empty_towns(region: Region) -> list[Problem]:
    people = region.residents.groupby("town_code")["population"].sum()
    empty = region.towns[~region.towns["code"].isin(people[people > 0].index)]
    if not len(empty):
        return []
    names = "、".join(empty["name"].to_numpy()[np.argsort(empty["code"].to_numpy())])
    return [
        _warn(
            Text(f"没有居民的乡镇（街道）：{names}", f"towns without residents: {names}"),
            Text("补上居民点或村（社区）人口", "add their residents"),
        )
    ]
