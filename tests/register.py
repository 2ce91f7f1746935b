"""A register of institutions for the made city (tests/tiny.py), small enough that every amount can be added up by hand."""

from pathlib import Path

import pandas as pd

from tests import tiny

ROWS = (
    {"机构编号": "H1", "机构名称": "甲市中心医院", "机构类型": "医院", "等级": "三级甲等", "医院类别": "综合", "举办主体": "市办",
     "县区代码": "510402", "数据年份": "2023", "编制床位": "200", "规划编制床位": "260", "实有床位": "225", "急诊观察床位": "5",
     "执业（助理）医师": "100", "注册护士": "130", "卫生人员总数": "300", "病床使用率": "0.7", "平均住院日": "8",
     "感染性疾病科": "是"},
    {"机构编号": "H2", "机构名称": "乙县人民医院", "机构类型": "医院", "等级": "二级甲等", "医院类别": "综合", "举办主体": "县办",
     "县区代码": "510422", "数据年份": "2023", "编制床位": "40", "规划编制床位": "60", "实有床位": "45", "急诊观察床位": "2",
     "执业（助理）医师": "20", "注册护士": "20", "卫生人员总数": "60", "病床使用率": "0.7", "平均住院日": "10",
     "感染性疾病科": "否"},
    {"机构编号": "H3", "机构名称": "乙县中医医院", "机构类型": "医院", "医院类别": "中医", "举办主体": "县办", "县区代码": "510422"},
    {"机构编号": "TH1", "机构名称": "甲镇卫生院", "机构类型": "乡镇卫生院", "发热门诊": "是"},
    {"机构编号": "TH2", "机构名称": "乙镇卫生院", "机构类型": "乡镇卫生院", "发热门诊": "否", "发热诊室（哨点）": "否"},
    {"机构编号": "CDC1", "机构名称": "甲区疾病预防控制中心", "机构类型": "疾病预防控制机构", "级别": "县级", "县区代码": "510402",
     "数据年份": "2023", "编制（岗位）总额": "40", "专业技术编制（岗位）": "34"},
    {"机构编号": "K1", "机构名称": "甲诊所", "机构类型": "诊所", "县区代码": "510402"},
)  # fmt: skip
"""TH1 and TH2 are in the list of facilities; the others are in no other table. Of CHC1 nothing is told."""

COMPLETE = ("hospital", "cdc", "township_hospital", "community_health_center")


def write(folder: Path, rows: list[dict[str, str]] | None = None, complete: tuple[str, ...] = COMPLETE) -> Path:
    """Write the made city with a register and the kinds of which it is declared complete."""
    tiny.write(folder)
    frame = pd.DataFrame(list(ROWS) if rows is None else rows).fillna("")
    frame.to_csv(folder / "机构登记册.csv", index=False, encoding="utf-8-sig")
    listed = "".join(f"\n  - {kind}" for kind in complete) or " []"
    about = f'name: 甲市\ncode: "510400"\nas_of: "2023-12-31"\ncomplete_registers:{listed}\n'
    (folder / "about.yaml").write_text(about, "utf-8")
    return folder
