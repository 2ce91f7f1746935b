"""What a reader of roads left out or did not follow, counted while reading and told in sentences."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from geodata.roads_tags import TIMED_KEYS, WHY_NOT, Road, why_not
from planner.errors import Text
from planner.text import count_text

TIMED: Mapping[str, Text] = {
    "access": Text("分时段或有条件的通行限制", "limits of access at times or on conditions"),
    "oneway": Text("分时段的单行", "one-way at times"),
    "speed": Text("分时段或有条件的限速", "limits of speed at times or on conditions"),
    "size": Text("有条件的限高、限宽、限重或限长", "limits of size or weight on conditions"),
}
"""What is limited at times only: the network takes the road as if the limit were not there."""


@dataclass(frozen=True)
class Left:
    """Counts of what a file says of its roads and the network does not hold.

    why       ways of a class that is driven and that are no roads, by a key of WHY_NOT
    barriers  nodes that stop every vehicle ("shut"), and gates for those alone with business behind them ("ends")
    timed     roads with a limit that holds at times or on conditions only, by what it limits, a key of TIMED
    others    "turns", restrictions of turning that are not followed; "deleted", objects that an editor marked as deleted
    """

    why: Counter[str] = field(default_factory=Counter)
    barriers: Counter[str] = field(default_factory=Counter)
    timed: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    def see(self, tags: Mapping[str, str], road: Road | None) -> None:
        """Count one way, of which `road` was made."""
        if road is None:
            self.why[why_not(tags)] += 1
        elif not TIMED_KEYS.keys().isdisjoint(tags):
            self.timed.update({TIMED_KEYS[key] for key in tags if key in TIMED_KEYS})

    def notes(self) -> tuple[Text, ...]:
        """Return the sentences; none of what was not met."""
        return tuple(text for text in (self._left_out(), self._barriers(), self._not_followed()) if text is not None)

    def _left_out(self) -> Text | None:
        kinds = [key for key in WHY_NOT if self.why[key]]
        zh = [f"{WHY_NOT[key].zh} {count_text(self.why[key])} 条" for key in kinds]
        en = [f"{WHY_NOT[key].en} {count_text(self.why[key])}" for key in kinds]
        if self.others["deleted"]:
            zh.append(f"编辑软件中已删除的对象 {count_text(self.others['deleted'])} 个")
            en.append(f"objects deleted in an editor {count_text(self.others['deleted'])}")
        return Text(f"未作道路：{'；'.join(zh)}。", f"Left out as no roads: {'; '.join(en)}.") if zh else None

    def _barriers(self) -> Text | None:
        shut, ends = (count_text(self.barriers[key]) for key in ("shut", "ends"))
        if not self.barriers:
            return None
        return Text(
            f"路障：{shut} 处车辆不能通过（隔离桩、锁闭的门等），道路在此断开；{ends} 处大门只供出入、不供穿行。",
            f"Barriers: {shut} stop every vehicle and cut the road; {ends} gates are for those with business behind them.",
        )

    def _not_followed(self) -> Text | None:
        zh, en = [], []
        if self.others["turns"]:
            zh.append(f"分时段、经过路段或指向不明的转弯限制 {count_text(self.others['turns'])} 处")
            en.append(
                f"restrictions of turning at certain times, over ways or of unclear sense {count_text(self.others['turns'])}"
            )
        for kind in (kind for kind in TIMED if self.timed[kind]):
            zh.append(f"{TIMED[kind].zh} {count_text(self.timed[kind])} 条路")
            en.append(f"{TIMED[kind].en} {count_text(self.timed[kind])} roads")
        if not zh:
            return None
        return Text(f"未采用：{'、'.join(zh)}。", f"Not followed: {', '.join(en)}.")
