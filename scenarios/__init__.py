"""The application: run an assessment, write its outputs, and the command line."""

from typing import TYPE_CHECKING

from planner.lazy import handing_out

if TYPE_CHECKING:
    from scenarios.document import Col, Document, Table
    from scenarios.export.sheet import write_document
    from scenarios.files import ScenarioFile, read_scenario
    from scenarios.notebook import City, Reached, load, load_rules
    from scenarios.run import Outcome
    from scenarios.ways import RoadChoices
    from scenarios.write import write_scenario

__all__ = [
    "City", "Col", "Document", "Outcome", "Reached", "RoadChoices", "ScenarioFile", "Table", "load",
    "load_rules", "read_scenario", "write_document", "write_scenario",
]  # fmt: skip
_HOMES = {
    "document": "Col Document Table",
    "export.sheet": "write_document",
    "files": "ScenarioFile read_scenario",
    "notebook": "City Reached load load_rules",
    "run": "Outcome",
    "ways": "RoadChoices",
    "write": "write_scenario",
}
__getattr__ = handing_out("scenarios", _HOMES)
