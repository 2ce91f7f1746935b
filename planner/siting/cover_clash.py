"""Why not everyone can be covered: who is out of reach, and what would reach them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from planner.errors import Text
from planner.siting.clash import listed
from planner.siting.instance import Instance
from planner.siting.siting import Clash
from planner.text import option_text, shares_apart

Nearest = Mapping[str, float]
"""Each demand's cost to its nearest site without a limit; what is missing, NaN or infinite is not reached at all."""


def unreachable_clash(instance: Instance, nearest: Nearest | None) -> Clash | None:
    """Return who cannot be covered by any site that may be open; None where all can, or need not."""
    if instance.question.allow_unreachable or not instance.unreachable.any():
        return None
    out = np.flatnonzero(instance.unreachable)
    ids = tuple(map(str, instance.demand_ids[out]))
    rule = Text(
        f"{len(ids)} 个需求点没有任何候选点够得着：{listed(ids)}",
        f"no site reaches {len(ids)} demands: {listed(ids)}",
    )
    barred = np.diff(instance.indptr)[out] > 0
    return Clash(rule, ids, _joined(_help(ids, barred, nearest)))


def _help(ids: tuple[str, ...], barred: npt.NDArray[np.bool_], nearest: Nearest | None) -> list[Text]:
    """Return the changes that would cover them: a longer radius, sites no longer forbidden, or leaving them out."""
    says = []
    if barred.any():
        says.append(
            Text(
                f"{int(barred.sum())} 个只在禁选点的范围内，可取消禁选",
                f"{int(barred.sum())} are reached by forbidden sites alone: allow those",
            )
        )
    far = [one for one, near in zip(ids, barred, strict=True) if not near]
    costs = np.array([float((nearest or {}).get(one, np.nan)) for one in far])
    reached = np.isfinite(costs)
    if reached.any():
        least = option_text(costs[reached].max())
        says.append(
            Text(
                f"够得着其中 {int(reached.sum())} 个的最小半径是 {least}",
                f"the least radius that reaches {int(reached.sum())} of them is {least}",
            )
        )
    if far and not reached.all():
        says.append(Text("为够不着的需求点增加候选点", "add candidates near those that are not reached"))
    return [*says, Text("或用 --allow-unreachable 只求其余的", "or solve the rest with --allow-unreachable")]


def _joined(parts: list[Text]) -> Text:
    return Text("；".join(one.zh for one in parts), "; ".join(one.en for one in parts))


def share_clash(instance: Instance, able: float) -> Clash:
    """Return why a share cannot be covered: all sites together cover less."""
    ids = tuple(map(str, instance.demand_ids[instance.unreachable]))
    asked = instance.question.share
    wanted, most = shares_apart([asked, able])
    rule = Text(
        f"要求覆盖 {wanted}，全部候选点一起只能覆盖 {most}",
        f"{wanted} is to be covered, but all sites together cover {most}",
    )
    down = int(able * 1e8) / 1e8
    change = Text(
        f"把比例降到 {option_text(down)}，或放宽服务半径、增加候选点",
        f"lower the share to {option_text(down)}, lengthen the limit, or add candidates",
    )
    return Clash(rule, ids, change)
