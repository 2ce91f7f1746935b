"""Each table's own defaults and checks: from canonical columns to the frames of a Region.

Every function takes the sound rows of one file, in metres, and the frames that its codes refer to; what it fills in by
a guess it marks as estimated.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from shapely import STRtree

from geodata.columns import CLOSED, Notes
from geodata.files import RawTable
from geodata.names import smallest_class, without_office
from planner.errors import Text
from planner.hospitals import KIND as HOSPITAL
from planner.hospitals import TREATS_ALL
from planner.region import CENTER, Source, counts_as, ids_of
from planner.schema import FACILITIES, HOSPITAL_SPECIALTIES, RURAL_DIGITS, VILLAGES

_ASTRAY_M = 20_000
_BORDER_TOLERANCE_M = 1000
"""A place this far outside every town is given to the nearest: borders of files are simplified."""

_PLACE = ("经度", "纬度")
_IN_TOWNS = ("township_hospital", "community_health_center", "village_clinic")
Texts = npt.NDArray[np.object_]
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Part:
    """One table as read: its rows (with geometry once they are placed), where they stood, and their file."""

    raw: RawTable
    frame: gpd.GeoDataFrame
    source: Source


def towns_of(part: Part, notes: Notes) -> gpd.GeoDataFrame:
    """Return the towns with kind and county filled in: the kind from the name's ending, the county from the code."""
    frame = part.frame
    names = frame["name"].map(without_office)
    by_name = names.str[-2:].map({"街道": "subdistrict"})
    by_name = by_name.fillna(names.str[-1:].map({"镇": "town", "乡": "township"}))
    kind = frame["kind"].where(frame["kind"].notna(), by_name)
    notes.add_rows(
        part.raw, kind.isna(), "类型", Text("从名称看不出是街道、镇还是乡", "the name does not tell its kind"),
        Text("填“类型”列", "fill in the kind"), found=frame["name"],
    )  # fmt: skip
    county = frame["county_code"].where(frame["county_code"] != "", frame["code"].str[:6])
    return frame.assign(
        kind=kind, county_code=county, is_county_seat=frame["is_county_seat"].eq(True).to_numpy(bool)
    ).sort_values("code", kind="stable", ignore_index=True)


def counties_of(part: Part | None, towns: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Return the counties of the file, or those that the towns make up."""
    if part is None:
        merged = towns.dissolve("county_code", aggfunc={"county_name": "first", "estimated": "any"}).reset_index()
        merged = merged.rename(columns={"county_code": "code", "county_name": "name"})
        merged["name"] = merged["name"].where(merged["name"] != "", merged["code"])
        return merged.assign(
            population=np.nan, urban_population=np.nan, rural_population=np.nan, source="由乡镇边界合并"
        )
    missing = sorted(set(towns["county_code"]) - set(part.frame["code"]))
    if missing:
        notes.add(
            part.raw.file,
            Text(f"乡镇所属的县区代码不在本文件中：{'、'.join(missing)}", f"counties missing: {', '.join(missing)}"),
            Text("补上这些县区，或改正乡镇的县区代码", "add them, or correct the towns"),
        )
    return part.frame.sort_values("code", kind="stable", ignore_index=True)


def _note_unknown(part: Part, column: str, label: str, known: gpd.GeoDataFrame, where: str, notes: Notes) -> None:
    codes = part.frame[column]
    bad = (codes != "") & ~codes.isin(known["code"])
    notes.add_rows(
        part.raw, bad, label, Text(f"这个代码不在{where}文件中", f"this code is not in {where}"),
        Text("核对代码", "check the code"), found=codes,
    )  # fmt: skip


def _town_at(frame: gpd.GeoDataFrame, towns: gpd.GeoDataFrame, tolerance_m: float) -> pd.Series:
    """Return the code of the town each point lies in, or of the nearest within the tolerance; "" if there is none."""
    tree = STRtree(towns.geometry.to_numpy())
    codes = towns["code"].to_numpy(object)
    out = np.full(len(frame), "", dtype=object)
    points = frame.geometry.to_numpy()
    at, town = tree.query(points, predicate="intersects")
    _take_first(out, codes, at, town)
    if tolerance_m:
        lost = np.flatnonzero(out == "")
        at, town = tree.query_nearest(points[lost], max_distance=tolerance_m)
        _take_first(out, codes, lost[at], town)
    return pd.Series(out, index=frame.index)


def _take_first(out: Texts, codes: Texts, at: Positions, town: Positions) -> None:
    """Write each point's town; a point on a border goes to the smaller code, whatever the order of the file."""
    order = np.lexsort((codes[town].astype(str), at))
    first, where = np.unique(at[order], return_index=True)
    out[first] = codes[town[order][where]]


def _by_place(part: Part, blank: pd.Series, towns: gpd.GeoDataFrame, notes: Notes) -> pd.Series:
    """Return the town of each row's point; note how many of the `blank` ones lie just outside the border."""
    inside, near = _town_at(part.frame, towns, 0), _town_at(part.frame, towns, _BORDER_TOLERANCE_M)
    count = int((blank & (inside == "") & (near != "")).sum())
    if count:
        notes.add(
            part.raw.file,
            Text(f"{count} 行的坐标略在边界外（1 公里以内），归入最近的乡镇",
                 f"{count} rows lie just outside the border (within 1 km) and go to the nearest town"),
            Text("核对坐标，或填“乡镇代码”列", "check the points, or fill in town_code"), column=_PLACE, warning=True,
        )  # fmt: skip
    return near


def _note_elsewhere(part: Part, town: pd.Series, towns: gpd.GeoDataFrame, label: str, notes: Notes) -> None:
    """Note points that lie in another town than their code says, or far outside their own."""
    inside = _town_at(part.frame, towns, 0)
    own = gpd.GeoSeries(town.map(towns.set_index("code").geometry), index=town.index, crs=towns.crs)
    away = part.frame.geometry.distance(own, align=False)
    astray = (town != "") & (away > _ASTRAY_M)
    notes.add_rows(
        part.raw, astray, _PLACE,
        Text("坐标离本乡镇 20 公里以上", "the point lies more than 20 km from its own town"),
        Text("改正经度、纬度或乡镇代码", "correct longitude and latitude, or the code of the town"), found=part.frame[label],
    )  # fmt: skip
    elsewhere = (town != "") & (inside != town) & ((inside != "") | (away > _BORDER_TOLERANCE_M)) & ~astray
    notes.add_rows(
        part.raw, elsewhere, _PLACE, Text("坐标落在别的乡镇", "the point lies in another town"),
        Text("核对坐标或乡镇代码；评估以乡镇代码为准", "check it; the code is believed"), found=part.frame[label],
        warning=True,
    )  # fmt: skip


def no_villages(crs: str) -> gpd.GeoDataFrame:
    """Return villages without a row, each column of its type."""
    types = {"integer": "float64", "number": "float64"}
    columns = {one.name: pd.Series(dtype=types.get(one.kind, "object")) for one in VILLAGES.fields}
    columns |= {"county_code": pd.Series(dtype="object"), "estimated": pd.Series(dtype="bool")}
    return gpd.GeoDataFrame(columns, geometry=gpd.GeoSeries([], crs=crs))


def _kind_by_code(code: pd.Series) -> pd.Series:
    """Return the kind of each village by the tenth digit: RURAL_DIGITS stand for a 行政村 and what is like one.

    The statistics bureau's rule: 001–199 居委会, 200–399 村委会, 400–499 like a 居委会, 500–599 like a 村委会.
    """
    return pd.Series(
        np.where(code.str[9:10].isin(RURAL_DIGITS), "village", "community"), index=code.index, dtype=object
    )


def villages_of(part: Part, towns: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Return the villages with town, county, kind and urban residents filled in."""
    frame = part.frame
    _note_unknown(part, "town_code", "乡镇代码", towns, "乡镇", notes)
    town = frame["town_code"].where(frame["town_code"] != "", frame["code"].str[:9])
    lost = (frame["town_code"] == "") & ~town.isin(towns["code"])
    notes.add_rows(
        part.raw, lost, "村代码", Text("前 9 位不是任何乡镇的代码", "its first 9 digits are no town's code"),
        Text("核对代码，或填“乡镇代码”列", "check it, or fill in town_code"), found=frame["code"],
    )  # fmt: skip
    kind = frame["kind"].where(frame["kind"].notna(), _kind_by_code(frame["code"]))
    strange = frame["kind"].isna() & ~frame["code"].str[9:10].isin(list("012345"))
    notes.add_rows(
        part.raw, strange, "类型", Text("村代码第 10 位不在 0～5 内，看不出是社区还是行政村，按社区计（假设）", "the tenth digit of the code tells no kind: counted as a community"),
        Text("填“类型”列", "fill in the kind"), found=frame["code"], warning=True,
    )  # fmt: skip
    more = frame["urban_population"] > frame["population"]
    notes.add_rows(
        part.raw, more, "城镇人口", Text("多于常住人口", "more than the population"), Text("改正", "correct it"),
        found=frame["urban_population"],
    )  # fmt: skip
    _note_elsewhere(part, town.where(town.isin(towns["code"]), ""), towns, "name", notes)
    guessed = frame["urban_population"].isna()
    if guessed.any():
        notes.add(
            part.raw.file,
            Text(f"{int(guessed.sum())} 行没有城镇人口：社区全计城镇、行政村全计乡村（假设）",
                 f"{int(guessed.sum())} rows without urban_population: communities count as urban, villages as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="城镇人口", warning=True,
        )  # fmt: skip
    assumed = frame["population"].where(kind == "community", 0)
    return frame.assign(
        town_code=town, county_code=town.map(towns.set_index("code")["county_code"]), kind=kind,
        urban_population=frame["urban_population"].where(~guessed, assumed), estimated=frame["estimated"] | guessed,
    ).sort_values("code", kind="stable", ignore_index=True)  # fmt: skip


def residents_of_villages(villages: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return resident points from villages: one for the urban, one for the rural residents of each, none empty."""
    urban = villages.assign(id=villages["code"] + "-u", people=villages["urban_population"], is_urban=True)
    rural = villages.assign(
        id=villages["code"] + "-r", people=villages["population"] - villages["urban_population"], is_urban=False
    )
    both = pd.concat([urban, rural])
    both = both[both["people"] > 0].assign(village_code=lambda one: one["code"], population=lambda one: one["people"])
    columns = ["id", "village_code", "town_code", "county_code", "population", "is_urban", "lon", "lat", "source",
               "estimated", "geometry"]  # fmt: skip
    both = both[columns].sort_values("id", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(both.astype({"population": "int64"}), geometry="geometry", crs=villages.crs)


def residents_of(part: Part, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Return the resident points of the file with town, county and urban or rural filled in."""
    frame, village = part.frame, part.frame["village_code"]
    _note_unknown(part, "town_code", "乡镇代码", towns, "乡镇", notes)
    if len(villages):
        _note_village(part, villages, notes)
        by_village = village.map(villages.set_index("code")["town_code"]).fillna("")
        kind = village.map(villages.set_index("code")["kind"])
    else:
        by_village = village.str[:9].where(village.str[:9].isin(towns["code"]), "")
        kind = _kind_by_code(village).where(village != "")
    town = frame["town_code"].where(frame["town_code"] != "", by_village)
    _note_elsewhere(part, town.where(town.isin(towns["code"]), ""), towns, "id", notes)
    blank = town == ""
    town = town.where(~blank, _by_place(part, blank, towns, notes))
    notes.add_rows(
        part.raw, town == "", _PLACE, Text("不落在任何乡镇内", "lies in no town"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["id"],
    )  # fmt: skip
    guessed = frame["is_urban"].isna()
    return frame.assign(
        town_code=town,
        village_code=village if len(villages) else "",
        is_urban=frame["is_urban"].eq(True).to_numpy(bool) | (guessed & _seems_urban(part, town, kind, towns, notes)),
        county_code=town.map(towns.set_index("code")["county_code"]),
        estimated=frame["estimated"] | guessed,
        population=frame["population"].astype("int64"),
    ).sort_values("id", kind="stable", ignore_index=True)


def _seems_urban(part: Part, town: pd.Series, kind: pd.Series, towns: gpd.GeoDataFrame, notes: Notes) -> pd.Series:
    """Return whether each row would be urban by its village, or else by its town; note how many rows rest on that."""
    guessed = int(part.frame["is_urban"].isna().sum())
    if guessed:
        notes.add(
            part.raw.file,
            Text(f"{guessed} 行没有“是否城镇”：社区计城镇、行政村计乡村；不知道村的，街道和县城计城镇，其余计乡村（假设）",
                 f"{guessed} rows without is_urban: communities count as urban, villages as rural; where the village is "
                 "not known, 街道 and county seats count as urban, others as rural"),
            Text("有普查数据时补上", "fill it in where the census tells"), column="是否城镇", warning=True,
        )  # fmt: skip
    about = towns.set_index("code")
    by_town = town.map((about["kind"] == "subdistrict") | about["is_county_seat"]).eq(True)
    return (kind == "community").where(kind.notna(), by_town).astype(bool)


def _note_village(part: Part, villages: gpd.GeoDataFrame, notes: Notes) -> None:
    """Note village codes that are unknown, or whose town is not the one the row names."""
    frame = part.frame
    _note_unknown(part, "village_code", "村代码", villages, "村（社区）", notes)
    town = frame["village_code"].map(villages.set_index("code")["town_code"])
    notes.add_rows(
        part.raw, town.notna() & (frame["town_code"] != "") & (town != frame["town_code"]), "乡镇代码",
        Text("与村代码矛盾：这个村属于别的乡镇", "contradicts village_code: that village is in another town"),
        Text("改正其中一个", "correct one of them"), found=frame["town_code"] + "、" + frame["village_code"],
    )  # fmt: skip


def facilities_of(part: Part, towns: gpd.GeoDataFrame, villages: gpd.GeoDataFrame, notes: Notes) -> gpd.GeoDataFrame:
    """Return the facilities with status, town, village and county filled in; a clinic goes to its nearest village."""
    frame, village = part.frame, part.frame["village_code"]
    _note_unknown(part, "town_code", "乡镇代码", towns, "乡镇", notes)
    _note_elsewhere(part, frame["town_code"].where(frame["town_code"].isin(towns["code"]), ""), towns, "name", notes)
    blank = frame["town_code"] == ""
    town = frame["town_code"].where(~blank, _by_place(part, blank, towns, notes))
    guessed = pd.Series(False, index=frame.index)
    if len(villages):
        _note_village(part, villages, notes)
        there = village.map(villages.set_index("code")["town_code"])
        notes.add_rows(
            part.raw, blank & (town != "") & there.notna() & (town != there), "村代码",
            Text("点落在别的乡镇，不在这个村所在的乡镇", "the point lies in another town than this village"),
            Text("核对坐标和村", "check the point and the village"), found=frame["name"], warning=True,
        )  # fmt: skip
        _note_communities(part, villages, notes)
        village = _village_of_clinics(part, town, villages, notes)
        guessed = village != frame["village_code"]
        town = town.where((town != "") | (village == ""), village.map(villages.set_index("code")["town_code"]))
    outside = (town == "") & (frame["kind"].isin(_IN_TOWNS))
    notes.add_rows(
        part.raw, outside, _PLACE, Text("不落在任何乡镇内，只计算距离", "lies in no town, counts for distance only"),
        Text("核对坐标，或填“乡镇代码”列", "check the point, or fill in town_code"), found=frame["name"], warning=True,
    )  # fmt: skip
    _note_blanks(part, notes)
    _ask_names(part, notes)
    return frame.assign(
        town_code=town.fillna(""), village_code=village.fillna(""), estimated=frame["estimated"] | guessed,
        specialty=_specialty(part, notes),
        status=frame["status"].where(frame["status"].notna(), "open"),
        county_code=town.map(towns.set_index("code")["county_code"]).fillna(""),
    ).sort_values("id", kind="stable", ignore_index=True)  # fmt: skip


def _ask_names(part: Part, notes: Notes) -> None:
    """Ask whether facilities serve whose names say in brackets that they are closed: 甲站（已停用）."""
    frame = part.frame
    serves = frame["status"].isna() | (frame["status"] == "open")
    said = frame["name"].str.extract(r"[（(]([^（()）]*)[）)]\s*$")[0].fillna("").str.contains(CLOSED)
    for at in np.flatnonzero((serves & said).to_numpy(bool)):
        name = frame["name"].iloc[at]
        what = Text(
            f"名称写着已停，状态却不是停用：{name}", f"its name says that it is closed, its status does not: {name}"
        )
        notes.ask(
            part.raw.file, name, what, Text("停了的，把状态填成停用", "if so, say so in its status"), part.raw.rows[at]
        )


def _note_blanks(part: Part, notes: Notes) -> None:
    """Note facilities that count as open because nothing is said of them, and hosts that are not in the list."""
    frame, label = part.frame, FACILITIES.field("status").label
    blank = int(frame["status"].isna().sum())
    if blank:
        notes.add(
            part.raw.file, Text(f"{blank} 个机构没有填状态，按在用", f"{blank} facilities without a status count as open"),
            Text("停用、规划的要填明", "fill in those that are closed or planned"), column=label, warning=True,
        )  # fmt: skip
    lost = (frame["host_id"] != "") & ~frame["host_id"].isin(frame["id"])
    by_name = frame.drop_duplicates("name").set_index("name")["id"]
    asked = frame["host_id"].map(lambda one: f"{one}，是不是 {by_name[one]}" if one in by_name else one)
    notes.add_rows(
        part.raw, lost, FACILITIES.field("host_id").label, Text("名录里没有这个依托机构", "there is no such host in the list"),
        Text("核对编号，不知道就不填", "check the id, or leave it blank"), found=asked, warning=True,
    )  # fmt: skip


def _specialty(part: Part, notes: Notes) -> pd.Series:
    """Return the speciality of hospitals: of the column, else what a kind's own word (中医医院, 妇幼保健院) says."""
    frame, is_hospital = part.frame, part.frame["kind"] == HOSPITAL
    label = FACILITIES.field("specialty").label
    by_kind = _said_by_kind(part).where(is_hospital, None)
    own = frame["specialty"].where(is_hospital, None)
    notes.add_rows(
        part.raw, frame["specialty"].notna() & ~is_hospital, label,
        Text("不是医院，医院类别没有使用", "no hospital: its speciality is not used"),
        Text("删去，或改机构类型", "remove it, or change the kind"), found=frame["name"], warning=True,
    )  # fmt: skip
    wider = (by_kind == "specialist") & ~own.isin(TREATS_ALL)  # 专科医院 holds them all
    apart = own.notna() & by_kind.notna() & (own != by_kind) & ~wider
    notes.add_rows(
        part.raw, apart, label, Text("与机构类型的写法不一致，以医院类别为准", "not what the kind says; the speciality is believed"),
        Text("改正其中一个", "correct one of them"), found=frame["name"], warning=True,
    )  # fmt: skip
    return own.where(own.notna(), by_kind)


def _said_by_kind(part: Part) -> pd.Series:
    """Return the speciality that the word in the column of kinds names, None for a word that names none."""
    places, _ = part.raw.columns_of(FACILITIES)
    words = {word: key for key, names in HOSPITAL_SPECIALTIES.items() for word in names}
    words["妇保院"] = words["妇幼保健院"]
    ends = sorted((word for word in words if word.endswith("院")), key=len, reverse=True)
    cells = part.raw.frame.iloc[:, places["kind"]].astype(str).map(smallest_class)
    names = cells.map(lambda cell: cell if cell in words else next((word for word in ends if cell.endswith(word)), ""))
    told = [words.get(name) for name in names]
    return pd.Series(told, index=part.frame.index, dtype=object)


def note_centers(part: Part, facilities: gpd.GeoDataFrame, notes: Notes) -> None:
    """Note communities whose health_center names what is no community health centre in the list."""
    centers = facilities[counts_as(facilities, [CENTER])]
    known, by_name = set(centers["id"]), centers.drop_duplicates("name").set_index("name")["id"]
    lost = part.frame["health_center"].map(lambda text: [one for one in ids_of(text) if one not in known])
    notes.add_rows(
        part.raw, lost.map(bool), "服务中心编号",
        Text("没有这个编号的社区卫生服务中心", "there is no community health centre with this id"),
        Text("核对机构编号，不知道就不填", "check the id, or leave it blank"), found=lost.map(lambda ids: "、".join(f"{one}，是不是 {by_name[one]}" if one in by_name else one for one in ids)),
    )  # fmt: skip


def _note_communities(part: Part, villages: gpd.GeoDataFrame, notes: Notes) -> None:
    kind = part.frame["village_code"].map(villages.set_index("code")["kind"])
    notes.add_rows(
        part.raw, (part.frame["kind"] == "village_clinic") & (kind == "community"), "村代码",
        Text("村卫生室的村代码是社区，不计入行政村", "this clinic's village_code is a community: it counts for no 行政村"),
        Text("核对村代码，或改机构类型", "check it, or the kind"), found=part.frame["village_code"], warning=True,
    )  # fmt: skip


def _village_of_clinics(part: Part, town: pd.Series, villages: gpd.GeoDataFrame, notes: Notes) -> pd.Series:
    """Return the village codes, those of clinics without one filled in with the nearest 行政村 of their town."""
    frame = part.frame
    village = frame["village_code"]
    lost = (frame["kind"] == "village_clinic") & (village == "") & (town != "")
    if not lost.any():
        return village
    notes.add(
        part.raw.file,
        Text(f"{int(lost.sum())} 所村卫生室没有村代码，按同乡镇最近的行政村归属（估算）",
             f"{int(lost.sum())} clinics without village_code were given to the nearest village of their town"),
        Text("填“村代码”列", "fill in village_code"), column="村代码", warning=True,
    )  # fmt: skip
    return village.where(~lost, _nearest_village(frame[lost], town[lost], villages))


def _nearest_village(clinics: gpd.GeoDataFrame, town: pd.Series, villages: gpd.GeoDataFrame) -> pd.Series:
    """Return, for each clinic, the code of the nearest 行政村 of its own town, "" where the town has none."""
    out = pd.Series("", index=clinics.index, dtype=object)
    for code, group in clinics.groupby(town):
        near = villages[(villages["town_code"] == code) & (villages["kind"] == "village")]
        if len(near):
            at = STRtree(near.geometry.to_numpy()).query_nearest(group.geometry.to_numpy(), all_matches=False)
            out.loc[group.index[at[0]]] = near["code"].to_numpy(object)[at[1]]
    return out
