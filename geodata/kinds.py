"""Kinds of facility as lists write them: the words of the dictionary, words near them, and words of other places."""

import re
import unicodedata
from collections.abc import Mapping

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
