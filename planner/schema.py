"""The tables: what each column is called, in the code and on the way in, its type and its unit.

A `Table` is the contract of one frame. Files may name a column in English or in Chinese (its label or an
alias); inside, only ``Field.name`` exists.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Kind = Literal["text", "code", "integer", "number", "boolean", "choice", "date"]
Geometry = Literal["polygon", "point", "line"]


Unit = Literal["", "people", "degrees", "beds", "m", "km", "min", "km/h"]
UNIT_LABELS: Mapping[Unit, str] = MappingProxyType(
    {
        "": "", "people": "人", "degrees": "度", "beds": "张", "m": "米", "km": "公里", "min": "分钟",
        "km/h": "公里/小时",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Field:
    """One column: its name inside, its Chinese label, type, unit and the other names it may come under.

    A code with ``digits`` is a 统计用区划代码 of just so many digits; that of a county, a town, a village differ.
    ``resembles`` (a pattern of headings) marks what could change a verdict: where a table has no such column but one
    whose heading resembles it, that is a question which must be answered before anything is judged.
    """

    name: str
    label: str
    kind: Kind
    about: str = ""
    unit: Unit = ""
    required: bool = False
    aliases: tuple[str, ...] = ()
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    digits: int = 0
    resembles: str = ""

    @property
    def unit_label(self) -> str:
        """The unit in words, "" where there is none."""
        return UNIT_LABELS[self.unit]

    @property
    def heading(self) -> str:
        """What stands above the column: its label, with its unit if it has one."""
        return f"{self.label}（{self.unit_label}）" if self.unit else self.label

    def names(self) -> tuple[str, ...]:
        """Every heading under which this column is recognised, the canonical one first."""
        return (self.name, self.label, *self.aliases)


@dataclass(frozen=True)
class Table:
    """One frame: the stems of the files it may come from, its key, its geometry and its fields."""

    name: str
    label: str
    stems: tuple[str, ...]
    key: str
    geometry: Geometry | None
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """Return the field called `name`; KeyError if the table has none."""
        for one in self.fields:
            if one.name == name:
                return one
        raise KeyError(f"table {self.name} has no field {name}")

    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.fields)


FACILITY_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "hospital": (
            "医院",
            "综合医院",
            "专科医院",
            "县级医院",
            "中医医院",
            "妇幼保健院",
            "中医院",
            "中西医结合医院",
            "民族医院",
            "精神病医院",
            "传染病医院",
            "康复医院",
            "人民医院",
            "妇产医院",
            "儿童医院",
        ),
        "county_subcenter": ("县域医疗卫生次中心", "县域医疗次中心", "次中心"),
        "township_hospital": (
            "乡镇卫生院",
            "卫生院",
            "中心卫生院",
            "一般卫生院",
            "乡卫生院",
            "镇卫生院",
            "街道卫生院",
            "乡镇中心卫生院",
        ),
        "community_health_center": ("社区卫生服务中心", "社区卫生中心"),
        "community_health_station": ("社区卫生服务站", "社区卫生站"),
        "village_clinic": ("村卫生室", "卫生室", "村卫生站"),
        "emergency_station": ("急救中心（站）", "急救站", "急救中心", "急救点", "120急救站"),
        "rescue_center": ("紧急医学救援中心", "急救指挥中心", "120指挥中心"),
    }
)
HOSPITAL_SPECIALTIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "general": ("综合", "综合医院"),
        "tcm": ("中医", "中医医院", "中医院", "民族医", "民族医院"),
        "integrated": ("中西医结合", "中西医结合医院"),
        "psychiatric": ("精神", "精神专科", "精神病", "精神病医院", "精神专科医院", "精神卫生中心"),
        "infectious": ("传染", "传染病", "传染病专科", "传染病医院"),
        "maternal_child": ("妇幼", "妇幼保健", "妇幼保健院", "妇女儿童医院", "妇产", "儿童"),
        "rehabilitation": ("康复", "康复医院"),
        "specialist": (
            "专科",
            "其他专科",
            "专科医院",
            "口腔医院",
            "眼科医院",
            "肿瘤医院",
            "骨科医院",
            "皮肤病医院",
            "肛肠医院",
            "心血管医院",
            "护理院",
        ),
    }
)
TOWN_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"subdistrict": ("街道",), "town": ("镇",), "township": ("乡", "民族乡")}
)
VILLAGE_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"village": ("行政村", "村"), "community": ("社区", "居委会", "居民委员会")}
)
FACILITY_STATUS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "open": (
            "在用",
            "运行",
            "开放",
            "已建",
            "正常",
            "运营",
            "营业",
            "正常运行",
            "正常运营",
            "正常营业",
            "启用",
            "使用中",
        ),
        "planned": ("规划", "在建", "拟建", "筹建", "待建", "建设中", "规划中"),
        "closed": (
            "停用",
            "关闭",
            "撤销",
            "停业",
            "歇业",
            "注销",
            "停运",
            "关停",
            "撤并",
            "已停用",
            "已撤销",
            "已关闭",
            "暂停",
            "停诊",
            "停办",
            "拆除",
            "已停业",
            "已停运",
            "已关停",
            "已注销",
            "已撤并",
            "已拆除",
            "暂停营业",
            "暂停运营",
        ),
    }
)

PROBLEM_LIST = "数据问题清单.xlsx"
"""The list of what is wrong in a folder of facts, to be sent back; it is no table of facts itself."""

SOURCE_FIELDS = (
    Field("source", "数据来源", "text", "这一行数据从哪里来", aliases=("来源",)),
    Field("estimated", "是否估算", "boolean", "是＝估算或虚构；否＝实测或公布数据", aliases=("估算",)),
)
_PEOPLE = ("人口", "人口数", "总人口", "pop")
_LON = ("经度（WGS84）", "lng", "long", "lon_wgs84", "longitude", "x", "xwgs", "东经")
_LAT = ("纬度（WGS84）", "lat_wgs84", "latitude", "y", "ywgs", "北纬")

COUNTIES = Table(
    "counties", "县（区）", ("counties", "县区", "区县"), "code", "polygon",
    (
        Field("code", "县区代码", "code", "6 位行政区划代码", required=True,
              aliases=("代码", "county_code", "adcode", "区县代码", "县（区）代码"), digits=6),
        Field("name", "县区名称", "text", "", required=True,
              aliases=("名称", "county", "county_name", "区县名称", "县（区）名称")),
        Field("population", "常住人口", "integer", "普查或统计公报的常住人口", "people", aliases=_PEOPLE),
        Field("urban_population", "城镇人口", "integer", "", "people", aliases=("城镇常住人口",)),
        Field("rural_population", "乡村人口", "integer", "", "people", aliases=("乡村常住人口",)),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

TOWNS = Table(
    "towns", "乡镇（街道）", ("towns", "乡镇", "乡镇街道"), "code", "polygon",
    (
        Field("code", "乡镇代码", "code", "9 位统计用区划代码", required=True, aliases=("代码", "town_code", "区划代码"),
              digits=9),
        Field("name", "乡镇名称", "text", "", required=True, aliases=("名称", "乡镇", "town", "town_name")),
        Field("county_code", "县区代码", "code", "缺省取乡镇代码前 6 位",
              aliases=("所属县区代码", "区县代码", "县（区）代码"), digits=6),
        Field("county_name", "县区名称", "text", "没有县区边界文件时用它命名", aliases=("县区", "所属县区", "county")),
        Field("kind", "类型", "choice", "缺省按名称末字判断", aliases=("乡镇类型", "type"), choices=TOWN_KINDS,
              resembles="类型|类别|kind|type"),
        Field("is_county_seat", "是否县城", "boolean", "县（区）政府驻地所在的镇", aliases=("县城", "县城驻地"),
              resembles="县城|驻地|城关|seat"),
        Field("population", "常住人口", "integer", "只作核对；评估以居民点人口为准", "people", aliases=_PEOPLE),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

RURAL_DIGITS = ("2", "3", "5")
"""The tenth digit of the codes that stand for a 行政村, or for what is like one."""
VILLAGE_RULE = f"行政村按“类型”列认定，没有填的按村代码第 10 位：{'、'.join(RURAL_DIGITS)} 为行政村，不按名称；社区（居委会）不在其内"
"""Which rows of the list of villages are 行政村, in words."""

VILLAGES = Table(
    "villages", "村（社区）", ("villages", "村社区", "行政村"), "code", "point",
    (
        Field("code", "村代码", "code", "12 位统计用区划代码", required=True,
              aliases=("代码", "village_code", "村社区代码"), digits=12),
        Field("name", "村名称", "text", "", required=True, aliases=("名称", "村社区名称", "村（社区）名称", "village")),
        Field("town_code", "乡镇代码", "code", "缺省取村代码前 9 位", aliases=("所属乡镇代码",), digits=9),
        Field("kind", "类型", "choice", f"缺省看代码第 10 位：{'、'.join(RURAL_DIGITS)}＝行政村", aliases=("村社区类型", "type"),
              choices=VILLAGE_KINDS, resembles="类型|类别|kind|type"),
        Field("lon", "经度", "number", "", "degrees", required=True, aliases=_LON),
        Field("lat", "纬度", "number", "", "degrees", required=True, aliases=_LAT),
        Field("population", "常住人口", "integer", "", "people", required=True, aliases=_PEOPLE),
        Field("urban_population", "城镇人口", "integer", "普查口径；缺省：社区全计城镇、行政村全计乡村（假设）", "people",
              aliases=("城镇常住人口",), resembles="城镇|城市|urban"),
        Field("health_center", "服务中心编号", "text", "服务本社区的社区卫生服务中心的编号，几所用“、”隔开；缺省按就近归属",
              aliases=("社区卫生服务中心编号", "所属中心编号")),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

RESIDENTS = Table(
    "residents", "居民点", ("residents", "居民点", "人口点"), "id", "point",
    (
        Field("id", "居民点编号", "code", "", required=True, aliases=("编号", "resident_id")),
        Field("lon", "经度", "number", "", "degrees", required=True, aliases=_LON),
        Field("lat", "纬度", "number", "", "degrees", required=True, aliases=_LAT),
        Field("population", "常住人口", "integer", "", "people", required=True, aliases=_PEOPLE),
        Field("village_code", "村代码", "code", "所属村（社区）的 12 位代码；有一行不填，全市就只能评估到乡镇",
              aliases=("村社区代码",), digits=12),
        Field("town_code", "乡镇代码", "code", "缺省按位置落入的乡镇", aliases=("所属乡镇代码",), digits=9),
        Field("is_urban", "是否城镇", "boolean", "普查口径；缺省：社区、街道、县城计城镇，其余计乡村（假设）",
              aliases=("城镇", "城镇人口", "城乡"), resembles="城镇|城乡|城市|urban"),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

FACILITIES = Table(
    "facilities", "医疗卫生机构", ("facilities", "机构", "医疗机构", "医疗卫生机构"), "id", "point",
    (
        Field("id", "机构编号", "code", "", required=True, aliases=("编号", "机构代码", "facility_id")),
        Field("name", "机构名称", "text", "", required=True, aliases=("名称", "医疗机构名称", "facility")),
        Field("kind", "机构类型", "choice", "", required=True, aliases=("类型", "机构类别", "type"),
              choices=FACILITY_KINDS),
        Field("lon", "经度", "number", "", "degrees", required=True, aliases=_LON),
        Field("lat", "纬度", "number", "", "degrees", required=True, aliases=_LAT),
        Field("status", "状态", "choice", "缺省＝在用；只有在用的机构提供服务", aliases=("运行状态",),
              choices=FACILITY_STATUS,
              resembles="状态|状况|现状|运营|运行|营业|在用|启用|停用|停业|停运|停诊|关停|关闭|歇业|注销|撤销|撤并|拆除|status|state|operat|active"),
        Field("town_code", "乡镇代码", "code", "缺省按位置落入的乡镇", aliases=("所属乡镇代码",), digits=9),
        Field("village_code", "村代码", "code", "村卫生室所在的行政村；缺省取同乡镇最近的行政村（估算）",
              aliases=("村社区代码",), digits=12),
        Field("host_id", "依托机构编号", "code", "急救站、次中心等依托的机构", aliases=("依托机构",)),
        Field("grade", "等级", "text", "如 三级甲等", aliases=("机构等级", "医院等级")),
        Field("specialty", "医院类别", "choice", "只填医院，照执业登记或批文；不清楚的留空，不按名称猜；留空的在方案中按综合医院处理（假设），并列入待补数据",
              aliases=("医院类型", "专科类别", "医院专科"), choices=HOSPITAL_SPECIALTIES),
        Field("owner", "举办主体", "text", "如 市办、县办、企业办、社会办", aliases=("举办", "主办单位")),
        Field("beds", "编制床位", "integer", "", "beds", aliases=("床位", "床位数")),
        Field("beds_planned", "规划编制床位", "integer", "", "beds", aliases=("规划床位",)),
        Field("service_grade", "优质服务基层行等级", "choice", "没有数据时留空", aliases=("优质服务基层行",),
              choices=MappingProxyType({"recommended": ("推荐标准",), "basic": ("基本标准",), "below": ("未达标", "未达")})),
        Field("upgraded_from", "升格前类型", "choice", "升格为另一类的机构，仍算原来的一类（如升格为次中心的卫生院仍是卫生院）；没有升格的留空",
              aliases=("原机构类型",), choices=FACILITY_KINDS),
        Field("meets_standard", "是否达标", "boolean", "村卫生室是否达标；没有数据时留空", aliases=("达标",)),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

ROADS = Table(
    "roads", "道路", ("roads", "道路", "路网"), "id", "line",
    (
        Field("id", "路段编号", "code", "", required=True, aliases=("编号", "way_id")),
        Field("name", "道路名称", "text", "", aliases=("名称",)),
        Field("road_class", "道路等级", "text", "如 国道、省道、县道、乡道、村道，或 trunk、primary、secondary", required=True,
              aliases=("等级", "class", "highway", "fclass")),
        Field("speed_kmh", "时速", "number", "", "km/h", aliases=("速度", "maxspeed")),
        Field("oneway", "是否单行", "boolean", "逆着画线方向的写 -1", aliases=("单行",)),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip

FACTS: Mapping[str, Table] = MappingProxyType(
    {one.name: one for one in (COUNTIES, TOWNS, VILLAGES, RESIDENTS, FACILITIES, ROADS)}
)

Status = Literal["met", "not_met", "not_judged", "no_data"]
Level = Literal["facility", "village", "town", "county", "city"]
LEVELS: tuple[Level, ...] = ("facility", "village", "town", "county", "city")

FINDINGS = Table(
    "findings", "评估结果", ("findings",), "gap_id", None,
    (
        Field("gap_id", "编号", "code", "规则.口径.层级.对象代码；同一数据与规则下不变"),
        Field("rule", "规则", "text"),
        Field("rule_label", "指标", "text"),
        Field("reading", "口径", "text", "paper＝直线；paper_…＝同一口径、另一城市范围；register＝按名录"),
        Field("reading_label", "口径说明", "text"),
        Field("level", "层级", "text", "facility、village、town、county、city"),
        Field("subject_code", "对象代码", "code"),
        Field("subject_name", "对象名称", "text"),
        Field("town_code", "乡镇代码", "code"),
        Field("town_name", "乡镇（街道）", "text"),
        Field("county_code", "县区代码", "code"),
        Field("county_name", "县（区）", "text"),
        Field("population", "评估人口", "integer", "本行的分母：已判断的人口", "people"),
        Field("covered", "已覆盖人口", "integer", "", "people"),
        Field("uncovered", "未覆盖人口", "integer", "", "people"),
        Field("unreachable", "不可达人口", "integer", "", "people"),
        Field("population_no_data", "无数据人口", "integer", "因无数据未能判断的人口，不在分母内", "people"),
        Field("value", "现状值", "number"),
        Field("unit", "单位", "text"),
        Field("required", "要求值", "number", "多数是下限；服务人口是上限"),
        Field("required_text", "要求", "text"),
        Field("gap", "缺口", "number", "要求值与现状值之差：不足为正，超出上限为负，达标为 0"),
        Field("status", "状态", "text", "met、not_met、not_judged、no_data"),
        Field("force", "语气", "text", "条款自己的用词，如 原则上、力争"),
        Field("nature", "指标性质", "text", "约束性、预期性或空"),
        Field("nearest_facility", "最近机构编号", "code", "乡镇及以上：最远的未覆盖居民点的最近机构"),
        Field("nearest_facility_name", "最近机构", "text"),
        Field("distance_m", "距离", "number", "与最近机构的距离；时间口径为空", "m"),
        Field("time_min", "时间", "number", "时间口径：调度加行车到最近机构；其余为空", "min"),
        Field("denominator", "分母", "text", "百分比与人数是谁的"),
        Field("remedy", "建议措施", "text"),
        Field("responsible", "责任单位", "text", "条款点名的责任单位，没有则空"),
        Field("responsible_general", "总的责任", "text", "条款没有点名时，文件对全部事项所写的责任单位"),
        Field("clause", "条款登记号", "text", "登记册中的编号，几条用、隔开"),
        Field("deadline", "时限", "text", "到哪一年底；条款自己没有写的，为文件的期限"),
        Field("deadline_quote", "时限依据", "text", "写着时限的原文"),
        Field("document", "文件", "text"),
        Field("section", "章节", "text"),
        Field("quote", "条文", "text"),
        Field("note", "说明", "text"),
        Field("estimated", "含估算", "boolean", "本行是否用到估算或虚构数据"),
    ),
)  # fmt: skip

DETOURS = Table(
    "detours", "绕行清单", ("绕行清单",), "id", "point",
    (
        Field("rule", "规则", "text"),
        Field("rule_label", "指标", "text"),
        Field("reading", "口径", "text", "道路口径的编号"),
        Field("id", "居民点编号", "code"),
        Field("village_code", "村代码", "code", "没有村数据的为空"),
        Field("name", "居民点", "text", "所在村（社区）；没有村数据的为居民点编号"),
        Field("town_code", "乡镇代码", "code"),
        Field("town_name", "乡镇（街道）", "text"),
        Field("county_code", "县区代码", "code"),
        Field("county_name", "县（区）", "text"),
        Field("population", "人口", "integer", "", "people"),
        Field("radius_km", "半径", "number", "", "km"),
        Field("paper_facility", "直线最近机构编号", "code"),
        Field("paper_facility_name", "直线最近机构", "text"),
        Field("paper_distance_m", "直线距离", "number", "", "m"),
        Field("road_facility", "道路最近机构编号", "code", "不可达的为空"),
        Field("road_facility_name", "道路最近机构", "text"),
        Field("road_distance_m", "道路距离", "number", "不可达的为空", "m"),
        Field("detour_factor", "绕行系数", "number", "道路距离 ÷ 直线距离；不可达的为空"),
        Field("status", "状态", "text", "detour＝绕行超限；unreachable＝不可达"),
        Field("reason", "不可达原因", "text", "closed＝道路封闭；far＝离路太远；apart＝所在道路不与最大路网连通；no_way＝没有可通行的路线"),
        Field("estimated", "含估算", "boolean"),
        Field("lon", "经度", "number", "", "degrees"),
        Field("lat", "纬度", "number", "", "degrees"),
    ),
)  # fmt: skip
DETOUR_LABELS: Mapping[str, str] = MappingProxyType({"detour": "绕行超限", "unreachable": "不可达"})
REASON_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "": "", "closed": "道路封闭", "far": "离路太远", "apart": "所在道路不与最大路网连通", "no_way": "没有可通行的路线",
    }
)  # fmt: skip

NOT_JOINED = Table(
    "not_joined", "未接入路网", ("未接入路网",), "id", None,
    (
        Field("what", "类别", "text", "resident＝居民点；facility＝机构"),
        Field("id", "编号", "code"),
        Field("name", "名称", "text", "居民点为所在村（社区）"),
        Field("town_code", "乡镇代码", "code"),
        Field("town_name", "乡镇（街道）", "text"),
        Field("county_code", "县区代码", "code"),
        Field("county_name", "县（区）", "text"),
        Field("population", "人口", "integer", "", "people"),
        Field("state", "情况", "text", "far＝离路太远；apart＝最近的道路不与最大路网连通"),
        Field("closed", "道路封闭", "boolean", "是＝道路不封闭就接入了"),
        Field("access_m", "离路", "number", "道路封闭的为到最近未封闭道路的距离；离路太远的为空", "m"),
    ),
)  # fmt: skip

ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        "overloaded": "超负荷（建议，不是缺口）",
        "mergeable": "可合并（建议，不是缺口）",
        "convert": "辖区内有卫生院，可调整转型",
        "open_question": "新建，或只调整片区：时限内没有验算完，先用布局方案验算",
        "redistrict": "超负荷；本县（区）现有中心调整片区就都不超过上限（已验算），不必新建",
    }
)
STATUS_LABELS: Mapping[str, str] = MappingProxyType(
    {"met": "达标", "not_met": "未达标", "not_judged": "不作判断", "no_data": "无数据"}
)
LEVEL_LABELS: Mapping[str, str] = MappingProxyType(
    {"facility": "机构", "village": "村（社区）", "town": "乡镇（街道）", "county": "县（区）", "city": "全市"}
)
