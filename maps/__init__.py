"""Maps of findings: one offline page each, drawing what planner judged and computing nothing of their own."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from maps.coverage import coverage_map
    from maps.furniture import Furniture, Ring

__all__ = [
    "Furniture", "Ring", "coverage_map",
]  # fmt: skip
_HOMES = {
    "coverage": "coverage_map",
    "furniture": "Furniture Ring",
}
__getattr__ = handing_out("maps", _HOMES)
