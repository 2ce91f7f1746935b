"""What lists call things: places, kinds of facility, columns and the datum of coordinates."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from planner.schema import Table

# Names of towns and villages as people write them, with their offices or without, and the codes that they stand for.

Names = tuple[dict[str, list[str]], ...]
"""Codes by name: as it is written, without its office, and without 村 or 社区."""


def by_name(codes: pd.Series) -> Names:
    """Return the codes (one a name, names may repeat) by each form of the name by which one may ask."""
    forms: Names = ({}, {}, {})
    for name, code in zip(codes.index, codes, strict=True):
        for form, known in zip(_forms(str(name)), forms, strict=True):
            known.setdefault(form, []).append(str(code))
    return forms


def codes_of_name(name: str, known: Names) -> list[str]:
    """Return the codes of the places of this name, whatever office it names: 甲街道办事处 is 甲街道; 乙 may be 乙村 or 乙社区.

    >>> known = by_name(pd.Series({"甲街道": "001", "乙村民委员会": "201", "乙社区": "002"}))
    >>> [codes_of_name(one, known) for one in ("甲街道办事处", "乙村", "乙", "甲社区")]
    [['001'], ['201'], ['201', '002'], []]
    """
    whole, plain, stem = _forms(name)
    asked = (whole, plain, stem if stem == plain else "")
    return next((codes[form] for form, codes in zip(asked, known, strict=True) if form and form in codes), [])


def _forms(name: str) -> tuple[str, str, str]:
    plain = without_office(name)
    return name.strip(), plain, re.sub("(村|社区)$", "", plain)


def without_office(name: str) -> str:
    """Return a place's name without that of its office: 甲镇人民政府 → 甲镇, 乙村村民委员会, 乙村委会 → 乙村."""
    plain = re.sub(r"\s", "", plain_text(name))
    plain = re.sub("(人民政府|政府|办事处)$", "", re.sub("街道办$", "街道", plain))
    return re.sub(
        "(?<!村)村(民委员会|委会)$", "村", re.sub("(?<=村|区)(村民委员会|村委会|居民委员会|居委会)$", "", plain)
    )


def plain_text(text: str) -> str:
    """Return a text with full-width letters, digits and signs as plain ones, and no blanks around it."""
    return unicodedata.normalize("NFKC", text).strip()


# Kinds of facility as lists write them: the words of the dictionary, words near them, and words of other places.

_NOT_PEOPLE = re.compile("动物|宠物|兽")
_GRADE = re.compile("^(三|二|一)级?(甲|乙|丙|特)?等?")
_OURS = re.compile(
    "医院|卫生|医疗|急|120|社区|次中心|妇幼|妇保|村医|总院|分院|hospital|clinic|emergency|station|center|centre"
)
_NEAR = {
    "village_clinic": "(农村|乡村|村级|行政村|中心村?|标准化|公有产权|公办)村?卫生室|村级?(卫生所|医室|医务室|卫生点|医疗点)",
    "township_hospital": r"(乡镇|民族乡|[乡镇]|街道|建制|中心|一般)*卫生院(\((中心|一般)\))?",
    "emergency_station": "(120|院前|医疗|紧急)*(急救|救护)(分?站|分?中心|点)",
    "county_subcenter": "(县域)?(医疗|卫生)*次中心",
    "rescue_center": "(120|院前|医疗)*急?救?(指挥|调度)+中心",
    "hospital": "((县|市|省|州|区|旗|城|乡镇|镇|矿|厂|企业|职工|铁路|部队|军|大学|附属|人民|中心|综合|专科|公立|私立|民营|民办|社会办|中|中医|中西医|结合|"
    "民族|藏|彝|精神|心理|脑科|传染|结核|胸科|肺科|妇幼|妇产|妇女|儿童|老年|护理|康复|骨科|肿瘤|心血管|口腔|眼科|皮肤|肛肠|三级|二级|一级|病|科|第[一二三四五六七八九十])+)医院"
    "|妇保院|.*妇幼保健院",
}  # fmt: skip
"""Words that are none of the kinds' own and can mean nothing else: they are taken, and told."""
_LIKE = (
    ("社区医院|社区卫生.*|卫生服务中心", "社区卫生服务中心"), ("卫生服务站|卫生站", "社区卫生服务站或村卫生室"),
    ("妇幼.*|.*总院|.*医院.*", "医院"), (".*卫生院.*", "乡镇卫生院"), (".*(急救|急诊|120).*", "急救中心（站）"), ("村.*", "村卫生室"),
)  # fmt: skip
"""Words that may mean one kind or another: they are asked for."""
_OTHERS = {
    "卫生监督所",
    "社区诊所",
    "卫生所",
    "医务室",
    "卫生监督",
    "卫生局",
    "卫生健康局",
    "社区养老服务中心",
    "clinic",
    "医疗美容",
    "卫生学校",
}
"""Kinds that speak of ours and are others."""


def ours(cell: str, known: Mapping[str, str]) -> bool:
    """Whether a cell names one of our kinds, or speaks of one: 卫生阮 and 县医院分院 do, 诊所 and 药店 do not."""
    word = smallest_class(cell)
    other = word in _OTHERS or _NOT_PEOPLE.search(word) is not None
    return choice(cell, known) is not None or (_OURS.search(word) is not None and not other)


def near_kind(cell: str) -> str | None:
    """Return the kind of facility that a word near those of the kinds can only mean, None where it may mean several.

    >>> [near_kind(one) for one in ("村医室", "120急救点", "镇中心卫生院", "妇保院", "社区医院", "诊所")]
    ['village_clinic', 'emergency_station', 'township_hospital', 'hospital', None, None]
    """
    word = _GRADE.sub("", smallest_class(unicodedata.normalize("NFKC", cell).strip()))
    return next((kind for kind, words in _NEAR.items() if re.fullmatch(words, word)), None)


def like(cell: str) -> str:
    """Return what a word that is not taken may mean, "" where it resembles nothing."""
    word = smallest_class(cell)
    return next((kind for words, kind in _LIKE if re.fullmatch(words, word)), "")


def smallest_class(cell: str) -> str:
    """Return the smallest class of the first type of a web map: 大类;中类;小类|another type."""
    return cell.split("|", maxsplit=1)[0].rsplit(";", maxsplit=1)[-1].strip()


def choice(cell: str, known: Mapping[str, str]) -> str | None:
    """Return what a cell chooses: by its own word, without a grade before it, or by the last of 大类;中类;小类 that is known.

    Of several types (…|…) the first is what a place is foremost.
    """
    for word in (cell, _GRADE.sub("", cell), *reversed(cell.split("|", maxsplit=1)[0].split(";"))):
        if word in known:
            return known[word]
    return None


# Headings: the field and the datum that one names.

_DBF_HEADING = 10
"""Bytes of a heading that a .dbf keeps."""
_UNIT = r"人|万人?|千人?|位|个|所|张|°|度|十进制度|单位[:：]?(人|度|张)|km/h|公里/小时|千米/小时"
_DATUM = (
    r"wgs-?84|cgcs-?2000|gcj-?02|bd-?09|国测局|(高德|腾讯|百度|火星)(坐标系?|地图)?|(西安|北京)(19)?(80|54)(坐标系)?"
)
_BARE_UNIT = re.compile("(?<=.)[,_:-]?(单位:?)?[万千]人$")
"""A unit without brackets: 人口_万人, 常住人口万人."""
ONLY_UNIT = re.compile(rf"[(\[]?({_UNIT})[)\]]?", re.IGNORECASE)
_PLACE = r"街道|社区|县|区|乡|镇|村"
_SAYS_NOTHING_ELSE = re.compile(
    rf"\(({_UNIT}|{_DATUM}|{_PLACE}|\d+位|(\d{{4}})年?|必填|选填|可选|文本(格式)?)\)", re.IGNORECASE
)
DATUMS = {
    "gcj02": "gcj-?02|gcj|(?:高德|腾讯)(?:地图)?|火星|国测局|amap|tencent", "bd09": "bd-?09|百度(?:地图)?|baidu",
    "wgs84": "wgs-?(?:19)?84|wgs|gps|epsg:?4326", "cgcs2000": "cgcs-?2000|cgcs|epsg:?4490|国家2000|2000国家(?:大地坐标系)?",
    "xian80": "(?:西安|xian)(?:19)?80|1980西安", "beijing54": "(?:北京|beijing)(?:19)?54|1954北京",
}  # fmt: skip
"""How a heading or a title names a datum, in small letters, without spaces and underlines."""
_OF_COORDINATES = re.compile("坐标|经纬度|经度|纬度|大地|datum|crs|gcj-?02|bd-?09|cgcs-?2000|wgs-?84|epsg")
_AXES = "(?P<{0}>x|y|lon|lng|long|longitude|lat|latitude|经度|纬度)"
_ANY_DATUM = "|".join(("bd", *DATUMS.values()))
_OF_DATUM = re.compile(
    f"{_AXES.format('first')}(?P<behind>{_ANY_DATUM})|(?P<before>{_ANY_DATUM})(?:坐标系?)?{_AXES.format('last')}"
)
_DATUM_COLUMN = re.compile("坐标(系|系统|系名称|类型|基准)|大地基准|datum|crs|coord(inate)?(system|type|sys)|srs")
_EAST = ("x", "lon", "lng", "long", "longitude", "经度")


def columns_of(headings: Sequence[str], table: Table, *, is_cut: bool = False) -> tuple[dict[str, int], list[int]]:
    """Return, by field, where its column stands, and where columns stand that name the same field once more.

    A heading may carry its unit or datum in brackets; it is looked through only where no heading names the field as
    it is, and only for words that leave the meaning alone: 人口（户籍） is not 人口. 万人 is a unit that `columns` converts. Where the format
    cuts headings (`is_cut`), one that is the beginning of the names of one field alone stands for that field.

    >>> from planner.schema import VILLAGES
    >>> columns_of(["村(社区)代码", "经度（°）", "人口（户籍）"], VILLAGES)
    ({'code': 0, 'lon': 1}, [])
    >>> columns_of(["urban_popu", "村代码"], VILLAGES, is_cut=True)
    ({'code': 1, 'urban_population': 0}, [])
    """
    known = {plain_heading(name): one.name for one in table.fields for name in one.names()}
    found: dict[str, int] = {}
    twice: list[int] = []
    for see in (plain_heading, _without_brackets, _of_world, _of_any_datum):
        places: dict[str, int] = {}
        for at, heading in enumerate(headings):
            target = known.get(see(heading))
            if target is None or target in found:
                continue
            if target in places:
                twice.append(at)
            places.setdefault(target, at)
        found |= places
    if is_cut:
        for at, heading in enumerate(headings):
            whole = {field for name, field in known.items() if _is_cut_from(plain_heading(heading), name)}
            if at not in found.values() and len(whole) == 1 and not whole & {*found}:
                found[whole.pop()] = at
    return found, twice


def _is_cut_from(heading: str, name: str) -> bool:
    """Whether a heading is what ten bytes keep of a name, in UTF-8 or GBK; a letter that was cut in two is gone.

    >>> [_is_cut_from(one, "is_county_seat") for one in ("is_county_", "is_county")]
    [True, False]
    """
    if heading == name or not name.startswith(heading):
        return False
    return any(heading == name.encode(code)[:_DBF_HEADING].decode(code, "ignore") for code in ("utf-8", "gbk"))


def plain_heading(heading: str) -> str:
    """Return a heading in small letters, without blanks, stars and full-width signs, as it is looked up."""
    return re.sub(r"[\s*]", "", unicodedata.normalize("NFKC", heading)).lower()


def _of_any_datum(heading: str) -> str:
    """Return lon or lat for a heading that names its datum before or behind (XGCJ, bd_lat, 高德经度), "" for others.

    >>> [_of_any_datum(one) for one in ("XGCJ", "bd_lat", "高德经度", "经度（西安80）", "户口")]
    ['lon', 'lat', 'lon', 'lon', '']
    """
    found = _place_of_datum(heading)
    return ("lon" if (found["first"] or found["last"]) in _EAST else "lat") if found else ""


def _of_world(heading: str) -> str:
    """Return lon or lat for a heading of WGS 84 or CGCS2000: where a file has its places in a web map's datum, too, these are better."""
    return _of_any_datum(heading) if datums_of(heading) <= {"wgs84", "cgcs2000"} else ""


def is_of_datum(heading: str) -> bool:
    """Whether a column tells the datum of its rows.

    >>> is_of_datum("坐标系"), is_of_datum("coord_system"), is_of_datum("坐标")
    (True, True, False)
    """
    return _DATUM_COLUMN.fullmatch(re.sub("_", "", plain_heading(heading))) is not None


def datums_of(text: str) -> set[str]:
    """Return the datums that a heading or a title names.

    >>> sorted(datums_of("经度（高德）")), sorted(datums_of("bd_lng")), sorted(datums_of("坐标系：2000国家大地坐标系")), datums_of("经度")
    (['gcj02'], ['bd09'], ['cgcs2000'], set())
    """
    found = _place_of_datum(text)
    named = found["behind"] or found["before"] if found else re.sub("_", "", plain_heading(text))
    return {datum for datum, words in DATUMS.items() if re.search(words, named)} | (
        {"bd09"} if named == "bd" else set()
    )


def datums_of_title(title: str) -> set[str]:
    """Return the datums that a title says its coordinates are in; who made a table, or what it lies upon, tells none.

    >>> datums_of_title("村表（坐标系：WGS84，底图高德）"), datums_of_title("村表（高德公司协助整理）"), datums_of_title("村表 GCJ-02")
    ({'wgs84'}, set(), {'gcj02'})
    """
    parts = re.split(r"[,，。；;、()（）\[\]|/\s]+", title)
    told = [datums_of(part) for part in parts if _OF_COORDINATES.search(plain_heading(part))]
    return set().union(*told)


def _place_of_datum(heading: str) -> re.Match[str] | None:
    return _OF_DATUM.fullmatch(re.sub(r"[_()\[\]:]", "", plain_heading(heading)))


def _without_brackets(heading: str) -> str:
    return _BARE_UNIT.sub("", _SAYS_NOTHING_ELSE.sub("", plain_heading(heading)))
