"""The register of institutions: what each of them is, has, staffs and does, as one table that reads rules of beds and staff.

Every column may be left out and every cell blank: what is not told is no data, never a no.
"""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import pandas as pd

from planner.hospitals import class_of
from planner.region import Region
from planner.schema import (
    FACILITY_KINDS,
    FACILITY_STATUS,
    FACTS,
    HOSPITAL_SPECIALTIES,
    SOURCE_FIELDS,
    Field,
    Table,
    Unit,
)

OTHER_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "clinic": ("诊所", "门诊部", "医务室", "中医诊所"),
        "cdc": ("疾病预防控制机构", "疾病预防控制中心", "疾控中心", "疾控机构", "疾控"),
        "maternal_child": ("妇幼保健机构", "妇幼保健计划生育服务中心", "妇幼保健中心", "妇幼保健所"),
        "blood_station": ("采供血机构", "中心血站", "血站"),
        "rescue_site": ("紧急医学救援站点", "医学救援站点", "救援站点"),
        "supervision": ("卫生监督机构", "卫生监督所", "监督执法机构", "卫生健康综合行政执法大队"),
        "occupational": ("职业病防治机构", "职业病防治院", "职业病防治所", "职业病防治中心"),
        "health_education": ("健康教育机构", "健康教育所", "健康教育中心"),
        "big_data": ("健康促进和卫生大数据中心", "卫生大数据中心", "卫生信息中心"),
        "childcare": ("托育机构", "托育服务机构", "托育园"),
        "childcare_guidance": ("婴幼儿照护指导中心", "综合托育服务中心"),
        "consortium": ("紧密型县域医共体", "县域医共体", "医共体"),
        "medical_group": ("城市医疗集团", "紧密型城市医疗集团", "医疗集团"),
        "response_team": ("卫生应急队伍", "公共卫生应急队伍", "基层综合应急分队", "应急分队"),
        "health_committee": ("公共卫生委员会", "村（居）委会公共卫生委员会"),
        "mind_platform": ("基层心理健康服务平台", "心理健康服务平台"),
    }
)
"""Kinds that no map shows today: some have no place of their own, and no clause asks how far away they are."""
INSTITUTION_KINDS: Mapping[str, tuple[str, ...]] = MappingProxyType({**FACILITY_KINDS, **OTHER_KINDS})
BODIES = ("consortium", "medical_group", "response_team", "health_committee", "mind_platform")
"""Kinds that are made up of institutions or of people, and are no 医疗卫生机构 themselves."""
OWNERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "municipal": ("市办", "市级", "市属", "市直", "市政府办"),
        "county": ("县办", "县级", "县（区）办", "区办", "区属", "县属"),
        "government": ("政府办", "公立", "政府"),
        "enterprise": ("企业办", "大企业办", "国有企业办", "企业"),
        "private": ("社会办", "民营", "私立", "社会力量办", "个体办"),
    }
)
GRADES_OF_OFFICE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "city": ("市级", "市"),
        "county": ("县级", "县（区）级", "区级", "县"),
        "town": ("乡级", "乡镇级", "乡镇（街道）级"),
        "village": ("村级", "村（社区）级"),
    }
)

BEDS: Mapping[str, str] = MappingProxyType(
    {
        "beds": "编制床位",
        "beds_planned": "规划编制床位",
        "beds_open": "实有床位",
        "beds_icu": "重症（监护）床位",
        "beds_rehab": "康复床位",
        "beds_psychiatric": "精神科床位",
        "beds_tcm": "中医床位",
        "beds_infectious": "传染病床位",
        "beds_surge": "应急可开放传染病床位",
        "beds_observation": "急诊观察床位",
        "beds_nursing": "护理床位",
    }
)
STAFF: Mapping[str, str] = MappingProxyType(
    {
        "staff": "卫生人员总数",
        "doctors": "执业（助理）医师",
        "nurses": "注册护士",
        "pharmacists": "药师（士）",
        "technicians": "专业技术人员",
        "general_practitioners": "全科医生",
        "tcm_doctors": "中医类别执业（助理）医师",
        "tcm_capable_doctors": "能提供中医药服务的医师",
        "public_health_doctors": "公共卫生医师",
        "public_health_staff": "公共卫生人员",
        "disease_preventers": "疾病预防员",
        "child_doctors": "从事儿童保健的医师",
        "mental_staff": "心理健康服务人员",
        "health_educators": "健康教育人员",
        "occupational_examiners": "职业病诊断主检医师",
        "occupational_staff": "职业卫生管理人员",
    }
)
POSTS: Mapping[str, str] = MappingProxyType(
    {"posts": "编制（岗位）总额", "posts_technical": "专业技术编制（岗位）", "posts_health": "卫生技术编制（岗位）"}
)
USE: Mapping[str, str] = MappingProxyType(
    {
        "stay_days": "平均住院日",
        "visits": "门急诊人次",
        "tcm_visits": "中医药服务人次",
        "discharges": "出院人数",
        "pathway_discharges": "按临床路径管理的出院人数",
        "elective_surgeries": "择期手术台次",
        "day_surgeries": "日间手术台次",
        "case_mix_index": "病例组合指数",
        "home_patients": "居家精神障碍患者",
        "home_patients_served": "接受社区康复的居家患者",
        "booking_minutes": "预约时段（分钟）",
    }
)
SHARES: Mapping[str, str] = MappingProxyType(
    {"occupancy": "病床使用率", "minimally_invasive": "微创手术占比", "grade_four_surgery": "四级手术占比"}
)
COUNTS: Mapping[str, str] = MappingProxyType(
    {
        "ambulances": "急救车辆",
        "childcare_places": "托位数",
        "bsl2_labs": "加强型生物安全二级水平实验室",
        "record_level": "电子病历应用水平级别",
        "smart_stars": "智慧医院星级",
        "primary_specialties": "基层临床特色科室",
        "key_specialties_national": "国家级临床重点专科",
        "key_specialties_provincial": "省级临床重点专科",
        "key_specialties_city": "市级临床重点专科",
        "key_specialties_county": "县级临床重点专科",
        "key_specialties_new": "新增市、县级临床重点专科",
        "tcm_advantage_specialties": "国家中医特色优势专科",
        "tcm_flagship_departments": "国家中西医协同旗舰科室",
        "tcm_key_national": "国家中医重点专科",
        "tcm_key_provincial": "省级中医重点专科",
        "tcm_studios": "省级名中医工作室",
        "tcm_expert_stations": "中医特色专家工作站",
        "tcm_technique_kinds": "中医药适宜技术类数",
        "tcm_techniques": "中医药适宜技术项数",
    }
)
FLAGS: Mapping[str, str] = MappingProxyType(
    {
        "infectious_department": "感染性疾病科",
        "infectious_ward": "感染楼或感染（传染）病区",
        "infectious_campus": "传染病院区",
        "fever_clinic": "发热门诊",
        "fever_room": "发热诊室（哨点）",
        "observation_room": "留观室",
        "isolation_area": "应急隔离区和隔离病房",
        "emergency_department": "急诊科",
        "chest_center": "胸痛中心",
        "stroke_center": "卒中中心",
        "trauma_center": "创伤中心",
        "maternal_rescue_center": "危重孕产妇救治中心",
        "newborn_rescue_center": "危重新生儿救治中心",
        "clinical_five_centers": "临床服务五大中心",
        "emergency_five_centers": "急诊急救五大中心",
        "poisoning_center": "化学中毒救治中心",
        "rescue_base": "重大疫情防控救治基地",
        "tcm_epidemic_base": "重大疫情中医药防控基地",
        "tcm_rescue_base": "中医紧急医学救援基地",
        "mind_rescue_center": "公共卫生应急心理救援中心",
        "tcm_department": "中医临床科室",
        "tcm_pharmacy": "中药房",
        "tcm_pavilion": "中医馆",
        "tcm_corner": "中医阁",
        "tcm_service": "能提供中医药服务",
        "tcm_rehabilitation": "中医特色康复医院",
        "geriatric_department": "老年医学科",
        "rehabilitation_center": "康复医学中心",
        "rehabilitation_department": "康复医学科",
        "rehabilitation_clinic": "康复门诊",
        "mind_clinic": "精神（心理）科门诊",
        "psychiatric_rehabilitation": "精神障碍康复（自设或购买服务）",
        "public_health_department": "独立的公共卫生科",
        "public_health_duty": "明确承担公共卫生工作的科室",
        "health_education_department": "负责健康教育的科室",
        "police_office": "警务室",
        "security_check": "安检",
        "one_key_alarm": "一键报警",
        "full_monitoring": "全覆盖监控",
        "security_standard": "安防系统达标",
        "booking": "预约诊疗（分时段）",
        "central_booking": "检查检验集中预约",
        "bedside_settlement": "诊间（床旁）结算",
        "online_services": "五项线上服务",
        "one_stop_center": "“一站式”服务中心",
        "patient_center": "患者综合服务中心（窗口）",
        "green_channel": "老年人绿色通道",
        "age_friendly": "老年友善医疗机构",
        "internet_hospital": "互联网医院",
        "telemedicine": "远程医疗",
        "emergency_5g": "接入“5G+急救”",
        "dispatch_platform": "院前急救指挥调度平台",
        "ambulance_service": "现场救治与转运",
        "mutual_recognition": "检查检验结果互认",
        "clinical_pathway": "临床路径管理",
        "separate_leaders": "书记院长分设",
        "drug_network": "纳入药品使用监测网络",
        "procurement_platform": "纳入药械招采平台",
        "debt_financed": "举债建设、装修或购置设备",
        "community_hospital": "社区医院",
        "converted_to_center": "已转型为社区卫生服务中心",
        "merged_into_street": "所在乡镇已撤并为街道",
        "central_township": "中心乡镇卫生院",
        "equipped": "适宜设施设备配齐",
        "service_recommended": "服务能力达到推荐标准",
        "model_clinic": "示范村卫生室",
        "capability_basic": "医疗服务能力基本标准",
        "capability_recommended": "医疗服务能力推荐标准",
        "consortium_standard": "达到紧密型医共体建设标准",
        "in_medical_group": "参与城市医疗集团",
        "designated_hospital": "定点医院",
        "building_standard": "基础设施标准化",
        "staffing_standard": "人员按标准配备",
        "systems_upgraded": "信息系统已升级",
        "supervision_duty": "承担卫生监督协管",
        "supervision_system": "卫生监督协管信息系统",
        "mobile_enforcement": "移动执法终端",
        "standard_maternal_child": "妇幼保健院标准化建设达标",
        "premarital_care": "婚前保健",
        "preconception_care": "孕前保健",
        "prenatal_screening": "产前筛查机构",
        "newborn_metabolic_screening": "新生儿遗传代谢病筛查",
        "newborn_hearing_screening": "新生儿听力筛查机构",
        "metabolic_screening_center": "新生儿遗传代谢病筛查中心",
        "occupational_checks": "职业健康检查机构",
        "occupational_center": "职业病防治中心",
        "health_education_duty": "承担健康教育工作",
        "expert_pool": "公共卫生应急专家库",
    }
)
"""What an institution has, is or does: yes, no, or not told."""
NUMBERS: Mapping[str, str] = MappingProxyType({**BEDS, **STAFF, **POSTS, **USE, **SHARES, **COUNTS})
OF_A_YEAR = tuple({**BEDS, **STAFF, **POSTS, **USE, **SHARES})
"""Numbers that change from year to year: a row that holds one tells the year."""


def _numbers(labels: Mapping[str, str], kind: str, unit: Unit = "", about: str = "") -> tuple[Field, ...]:
    return tuple(Field(name, label, kind, about, unit) for name, label in labels.items())  # type: ignore[arg-type]


_TEN_THOUSAND = 10_000

INSTITUTIONS = Table(
    "institutions", "机构登记册", ("institutions", "机构登记册", "机构登记"), "id", None,
    (
        Field("id", "机构编号", "code", "在“机构”表中的，用同一编号", required=True, aliases=("编号", "institution_id")),
        Field("name", "机构名称", "text", "", required=True, aliases=("名称", "institution")),
        Field("kind", "机构类型", "choice", "", required=True, aliases=("类型", "机构类别", "type"), choices=INSTITUTION_KINDS),
        Field("status", "状态", "choice", "缺省＝在用", aliases=("运行状态",), choices=FACILITY_STATUS),
        Field("level", "级别", "choice", "市级、县级……，不是医院等级", aliases=("行政级别",), choices=GRADES_OF_OFFICE),
        Field("grade", "等级", "text", "如 三级甲等", aliases=("机构等级", "医院等级")),
        Field("specialty", "医院类别", "choice", "只填医院", aliases=("医院类型", "专科类别"), choices=HOSPITAL_SPECIALTIES),
        Field("owner", "举办主体", "choice", "", aliases=("举办", "主办单位"), choices=OWNERS),
        Field("county_code", "县区代码", "code", "在“机构”表中的可以不填", aliases=("所属县区代码", "区县代码"), digits=6),
        Field("town_code", "乡镇代码", "code", "", aliases=("所属乡镇代码",), digits=9),
        Field("village_code", "村代码", "code", "村级机构所在的村（社区）", aliases=("村社区代码",), digits=12),
        Field("parent_id", "上级机构编号", "code", "如医共体的牵头医院、院区的本部", aliases=("上级机构", "牵头机构编号")),
        Field("year", "数据年份", "integer", "床位、人员、使用情况是哪一年的", aliases=("年份", "统计年份")),
        *_numbers(BEDS, "integer", "beds"),
        *_numbers(STAFF, "integer", "", "在岗人数"),
        *_numbers(POSTS, "integer"),
        *_numbers(USE, "number"),
        *_numbers(SHARES, "number", "", "0 到 1，如 0.83"),
        *_numbers(COUNTS, "integer"),
        *(Field(name, label, "boolean", "没有资料时留空") for name, label in FLAGS.items()),
        *SOURCE_FIELDS,
    ),
)  # fmt: skip
"""One row an institution. The numbers of beds are keys of their own: 编制 and 实有 are never compared with each other."""


TABLES: Mapping[str, Table] = MappingProxyType({**FACTS, INSTITUTIONS.name: INSTITUTIONS})
"""Every table that a folder of facts may hold."""


def label_of(item: str) -> str:
    """Return what an item of the register is called; "" counts the institutions themselves.

    >>> label_of("fever_clinic"), label_of("")
    ('发热门诊', '机构数')
    """
    return {**NUMBERS, **FLAGS, "": "机构数", "class": "医院级别（一、二、三）"}[item]


def unit_of(item: str, people: int | None = None) -> str:
    """Return the unit of an amount of an item, by so many residents; "" where it has none.

    >>> unit_of("beds"), unit_of("doctors", 1000), unit_of(""), unit_of("occupancy")
    ('张', '人/千人口', '所', 'share')
    """
    if item in SHARES:
        return "share"
    unit = (
        "张"
        if item in BEDS
        else "人"
        if item in {**STAFF, **POSTS}
        else "个"
        if item in COUNTS
        else ""
        if item
        else "所"
    )
    return unit if people is None else f"{unit or '个'}/{'万' if people == _TEN_THOUSAND else '千'}人口"


def no_register() -> pd.DataFrame:
    """Return a register without rows."""
    return pd.DataFrame({one.name: pd.Series(dtype=object) for one in INSTITUTIONS.fields})


@lru_cache(maxsize=4)
def institutions(region: Region) -> pd.DataFrame:
    """Return the institutions of a region, which every rule of beds and staff reads; never written to."""
    return institutions_of(region.facilities, no_register() if region.register is None else region.register)


def total_of(region: Region, item: str) -> float:
    """Return how many 医疗卫生机构 serve, or what is known of an item of them all; NaN where nothing is."""
    frame = institutions(region)
    frame = frame[(frame["status"] == "open") & ~frame["kind"].isin(BODIES)]
    return float(frame[item].sum(min_count=1)) if item else float(len(frame))


def institutions_of(facilities: pd.DataFrame, register: pd.DataFrame) -> pd.DataFrame:
    """Return every institution of the city that is known of, sorted by id: facilities, with what the register adds, and its others.

    Facilities outside it serve by their distance alone and are none of its own.

    What a scenario decides of a facility (that it opens, closes, has other beds) goes before what the register says of it.
    """
    ours, more = _as_institutions(facilities).set_index("id"), register.astype(object).set_index("id")
    ids = ours.index.union(more.index).rename("id")
    ours, more = ours.reindex(ids), more.reindex(ids)
    out = {}
    for one in (field.name for field in INSTITUTIONS.fields if field.name != "id"):
        column = more[one].where(more[one].notna(), None) if one in more else pd.Series(None, ids, dtype=object)
        out[one] = ours[one].where(ours[one].notna(), column) if one in ours else column
    for one in (*NUMBERS, "year"):
        out[one] = out[one].astype(float)
    for one in ("name", "county_code", "town_code", "village_code"):
        out[one] = out[one].fillna("")
    out["status"] = out["status"].fillna("open")
    out["estimated"] = out["estimated"].eq(True)
    out["class"] = pd.Series([_class(one) for one in out["grade"]], ids, dtype=float)
    frame = pd.DataFrame(out).reset_index()
    return frame[frame["county_code"] != ""].reset_index(drop=True)


def _as_institutions(facilities: pd.DataFrame) -> pd.DataFrame:
    """Return facilities in the columns of the register, blank where their list says nothing."""
    frame = pd.DataFrame(facilities.drop(columns="geometry", errors="ignore"))
    known = {name: owner for owner, names in OWNERS.items() for name in (owner, *names)}
    frame = frame.assign(owner=frame["owner"].map(known).astype(object)).astype(object)
    return frame.where(frame.notna() & (frame != ""), None)


def _class(grade: object) -> float:
    """Return the class of a grade as a number; NaN where none is told or none is understood."""
    found = class_of(grade) if isinstance(grade, str) and grade else None
    return np.nan if found is None else float(found)
