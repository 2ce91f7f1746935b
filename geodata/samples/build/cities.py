"""What is assumed of each city beyond its tables of facts: seats, roads, and what its fictional network lacks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from geodata.samples.build.places import Plane

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Roads:
    """How the fictional roads of a city run.

    ``core`` is the town in whose midst the roads of counties without a seat end, ``trunks`` and ``primaries`` the
    pairs of towns (or a town and a side of the map) that the highest classes join. A link up to ``town_link_m`` is a
    street: there the graph is denser, the line straighter. Pieces of a line are at least ``step_m`` long.
    """

    core: str
    trunks: Pairs
    primaries: Pairs
    town_link_m: float = 2_500.0
    step_m: float = 250.0
    winding: float = 1.0  # of what it is in the mountains of 攀枝花
    decimals: int = 6
    named: bool = True


@dataclass(frozen=True)
class Network:
    """What the fictional grass-roots network lacks on purpose, so that the sample has something to find.

    A hospital of one of the ``host_grades`` ("" where grades are unknown) hosts an emergency station.
    """

    towns_without_hospital: tuple[str, ...]
    subdistricts_without_centre: tuple[str, ...]
    towns_with_centre: tuple[str, ...]  # besides the 街道
    villages_without_clinic: int
    towns_with_station: tuple[str, ...]
    host_grades: tuple[str, ...]
    host_source: str
    rescue_center: tuple[str, str, str] = ("", "", "")  # name, town, source


@dataclass(frozen=True)
class City:
    """One city of the samples: its folder, its code of four digits, its plane, and what is assumed of it."""

    folder: str
    code: str
    plane: Plane
    county_seats: tuple[str, ...]
    suburbs: tuple[str, ...]  # towns assumed half urban
    roads: Roads
    network: Network
    background: tuple[str, ...] = ()  # towns that surround the 街道 of their county
    # Assumed urban shares of towns whose residents are known; scaled together to the county's urban residents.
    urban_shares: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def seed(self) -> int:
        return int(self.code) * 100


PANZHIHUA = City(
    folder="panzhihua",
    code="5104",
    plane=Plane(4543),
    county_seats=("攀莲镇", "桐子林镇", "仁和镇"),  # an assumption for 仁和镇, as it adjoins the city
    suburbs=("银江镇", "格里坪镇", "前进镇", "金江镇"),  # they adjoin the city or its station
    background=("银江镇", "格里坪镇"),
    urban_shares=MappingProxyType(
        {"桐子林镇": 0.93, "红格镇": 0.50, "新九镇": 0.45, "渔门镇": 0.30, "永兴镇": 0.20, "惠民镇": 0.12,
         "红果彝族乡": 0.12}
    ),
    roads=Roads(
        core="炳草岗街道",
        trunks=(("攀莲镇", "炳草岗街道"), ("桐子林镇", "炳草岗街道"), ("仁和镇", "炳草岗街道"),
                ("格里坪镇", "炳草岗街道"), ("攀莲镇", "north"), ("仁和镇", "south"), ("格里坪镇", "west")),
        primaries=(("桐子林镇", "渔门镇"), ("渔门镇", "永兴镇"), ("桐子林镇", "红格镇"), ("金江镇", "炳草岗街道"),
                   ("永兴镇", "west"), ("攀莲镇", "普威镇"), ("红格镇", "east")),
    ),
    network=Network(
        towns_without_hospital=("中坝乡", "麻陇彝族乡", "共和乡"),
        subdistricts_without_centre=("大河中路街道", "河门口街道", "东华街道"),
        towns_with_centre=("仁和镇", "攀莲镇"),
        villages_without_clinic=28,
        towns_with_station=("炳草岗街道", "弄弄坪街道", "瓜子坪街道", "清香坪街道", "大河中路街道", "仁和镇"),
        host_grades=("二级", "三级"),
        host_source="假设：在用的二级及以上综合医院（含中医、中西医结合医院）均设急救站；位置同依托医院（估算）",
        rescue_center=(
            "攀枝花市紧急医学救援中心", "炳草岗街道",
            "名称、数量：《攀枝花市“十四五”医疗卫生服务体系规划》（2023-11-17）第二章第一节二（三）“设置紧急医学救援中心1所”；所在街道：假设；位置：估算",
        ),
    ),
)  # fmt: skip

SUINING = City(
    folder="suining",
    code="5109",
    plane=Plane(4544),
    county_seats=("柔刚街道", "赤城镇", "蓬莱镇", "太和街道"),
    suburbs=("龙凤镇", "仁里镇", "安居镇", "武安镇"),
    roads=Roads(
        core="育才路街道",
        trunks=(("柔刚街道", "育才路街道"), ("赤城镇", "育才路街道"), ("蓬莱镇", "育才路街道"),
                ("太和街道", "育才路街道"), ("太和街道", "north"), ("蓬莱镇", "west"), ("老池镇", "south"),
                ("赤城镇", "east")),
        primaries=(("柔刚街道", "拦江镇"), ("赤城镇", "任隆镇"), ("任隆镇", "蓬南镇"), ("太和街道", "赤城镇"),
                   ("太和街道", "蓬莱镇"), ("太和街道", "沱牌镇"), ("沱牌镇", "红江镇"), ("柔刚街道", "西眉镇"),
                   ("太和街道", "青岗镇")),
        town_link_m=1_100.0, step_m=700.0, winding=0.7, decimals=5, named=False,
    ),
    network=Network(
        towns_without_hospital=("荷叶乡", "群利镇", "香山镇", "中兴镇", "玉峰镇"),
        subdistricts_without_centre=("九莲街道", "凤凰街道", "盐井街道"),
        towns_with_centre=("赤城镇", "蓬莱镇"),
        villages_without_clinic=60,
        towns_with_station=("凯旋路街道", "嘉禾街道", "富源路街道", "南强街道", "太和街道", "普安街道"),
        host_grades=("",),
        host_source="假设：名录中的医院均设急救站；位置同依托医院（估算）",
    ),
)  # fmt: skip

YAAN = City(
    folder="yaan",
    code="5118",
    plane=Plane(4543),
    county_seats=("蒙阳街道", "严道街道", "富林镇", "新棉街道", "城厢镇", "芦阳街道", "穆坪镇"),
    suburbs=("草坝镇", "多营镇", "蒙顶山镇", "始阳镇", "九襄镇"),
    roads=Roads(
        core="东城街道",
        trunks=(("蒙阳街道", "东城街道"), ("严道街道", "东城街道"), ("城厢镇", "东城街道"), ("严道街道", "富林镇"),
                ("富林镇", "新棉街道"), ("新棉街道", "south"), ("百丈镇", "蒙阳街道"), ("百丈镇", "east")),
        primaries=(("城厢镇", "芦阳街道"), ("芦阳街道", "灵关镇"), ("灵关镇", "穆坪镇"), ("穆坪镇", "硗碛乡"),
                   ("城厢镇", "喇叭河镇"), ("富林镇", "乌斯河镇"), ("新棉街道", "草科藏族乡"),
                   ("硗碛乡", "north"), ("喇叭河镇", "west")),
        town_link_m=1_500.0, step_m=500.0, decimals=5, named=False,
    ),
    network=Network(
        towns_without_hospital=("晒经乡", "永和乡", "宝盛乡", "大溪乡"),
        subdistricts_without_centre=("大兴街道", "永兴街道"),
        towns_with_centre=("富林镇", "城厢镇"),
        villages_without_clinic=40,
        towns_with_station=("东城街道", "河北街道", "青江街道", "蒙阳街道"),
        host_grades=("",),
        host_source="假设：名录中的医院均设急救站；位置同依托医院（估算）",
    ),
)  # fmt: skip

CITIES: Mapping[str, City] = MappingProxyType({city.folder: city for city in (PANZHIHUA, SUINING, YAAN)})
