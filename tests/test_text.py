"""Numbers as people read them: what is rounded never says all of less than all, nor the same of what differs."""

import ast
import json
import re
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import text
from tests.test_architecture import FILES, ROOT

COUNTS = st.integers(0, 10**9)
COSTS = st.integers(0, 2**32 - 2)
UNKNOWNS = (None, float("nan"), float("inf"))


@given(COUNTS, st.integers(1, 10**9))
def test_a_share_says_all_only_of_all_and_none_only_of_none(part: int, whole: int) -> None:
    part = min(part, whole)
    said = {text.share_of(part, whole), text.share_text(part / whole), text.share_text(Fraction(part, whole))}
    assert len(said) == 1
    assert (said == {"100.00%"}) == (part == whole)
    assert (said == {"0.00%"}) == (part == 0)
    assert (text.percent_text(Fraction(part, whole)) == "100%") == (part == whole)
    assert (text.percent_text(Fraction(part, whole)) == "0%") == (part == 0)
    assert abs(float(said.pop().rstrip("%")) / 100 - part / whole) <= 1.0000001e-4


@given(st.lists(st.tuples(COUNTS, st.integers(1, 10**6)), min_size=2, max_size=4))
def test_shares_and_numbers_side_by_side_look_the_same_only_where_they_are(pairs: list[tuple[int, int]]) -> None:
    values = [Fraction(min(part, whole), whole) for part, whole in pairs]
    different = len(set(values))
    assert len(set(text.shares_apart(values))) == different
    assert len(set(text.apart(values))) == different
    assert len({one.split()[0] for one in text.value_texts([(one, None) for one in values], "张/千人")}) == different


@given(COSTS, st.sampled_from(["mm", "ms"]))
def test_a_way_says_nothing_only_where_there_is_none(cost: int, unit: str) -> None:
    said = text.amount_text(cost, unit)
    assert (said.split()[0] in {"0", "0.0", "0.00"}) == (cost == 0)
    assert said.endswith({"mm": " 公里", "ms": " 分钟"}[unit])
    assert text.amount_words(cost, unit).en.split()[-1] == {"mm": "km", "ms": "min"}[unit]


@given(st.lists(COSTS, min_size=2, max_size=3), st.sampled_from(["mm", "ms"]))
def test_ways_side_by_side_look_the_same_only_where_they_are(costs: list[int], unit: str) -> None:
    assert len(set(text.amounts_apart(costs, unit))) == len(set(costs))


@given(st.floats(0, 1e6), st.integers(1, 100), st.integers(0, 2))
def test_what_is_over_a_limit_looks_so_and_what_is_not_does_not(value: float, most: int, digits: int) -> None:
    shown = text.over_text(value, most, digits).replace(",", "")
    if "不到" not in shown and (value <= most or value > most + 1e-9):
        assert (Fraction(shown) > most) == (value > most)


@given(COUNTS, COUNTS)
def test_a_change_is_told_with_its_sign_and_no_other_is_none(before: int, after: int) -> None:
    said = text.change_text(before, after)
    assert (said == "不变") == (before == after)
    assert said.startswith("+") == (after > before)
    assert said.startswith("-") == (after < before)


@given(st.decimals(0, 10**6, places=6, allow_nan=False))
def test_what_somebody_set_comes_back_as_it_was_written(value: float) -> None:
    assert Fraction(text.exact_text(float(value)).replace(",", "")) == Fraction(str(value))


@pytest.mark.parametrize("value", UNKNOWNS)
def test_what_is_unknown_is_a_dash_and_nothing_more(value: float | None) -> None:
    every = (text.share_text, text.percent_text, text.count_text, text.people_text, text.number_text, text.exact_text,
             text.exact_percent, text.money_text, text.metres_text, text.signed_text)  # fmt: skip
    assert {one(value) for one in every} == {"—"}
    assert {text.amount_text(value, unit) for unit in text.MEASURES} == {"—"}
    assert {text.limit_text(value, unit) for unit in text.MEASURES} == {"—"}
    assert text.share_of(0, 0) == "—"


@pytest.mark.parametrize(
    ("covered", "population", "expected"),
    [(99_999, 100_000, "99.99%"), (1, 3, "33.33%"), (3, 3, "100.00%"), (8627, 10_000, "86.27%"), (0, 9, "0.00%"),
     (1, 10**6, "0.01%"), (86_265, 100_000, "86.27%")],
)  # fmt: skip
def test_a_share_has_two_decimals_half_up(covered: int, population: int, expected: str) -> None:
    assert text.share_text(covered / population) == expected


@pytest.mark.parametrize(
    ("value", "unit", "required", "expected"),
    [
        (0.823, "share", 1.0, "82.30%"),
        (35.0, "个", 38.0, "35 / 38 个"),
        (1.0, "所", 1.0, "1 所"),
        (6.477462933, "张/千人", 6.0, "6.48 张/千人"),
        (6.49999, "张/千人", 6.5, "6.49999 张/千人"),
        (12345.6, "人", float("nan"), "12,345.60 人"),
        (float("nan"), "个", 38.0, "—"),
    ],
)
def test_a_value_is_written_with_its_unit(value: float, unit: str, required: float, expected: str) -> None:
    assert text.value_text(value, unit, required) == expected


NOT_FOR_PEOPLE = {
    "geodata/csv_text.py",  # cells of a list that are read back
    "geodata/files.py",  # a cell whose digits are lost, as Excel shows it
    "geodata/raster.py",  # ids of cells
    "planner/draws.py",  # the code of what a verdict hangs on
    "planner/network.py",  # a repr
    "planner/plans/emergency.py",  # ids of points of a grid
    "planner/rules.py",  # finds the numbers of the clause's own words
    "planner/siting/best.py",  # a key to compare plans by
    "scenarios/write.py",  # a scenario file
    "scenarios/robust.py",  # a style sheet, and places in it
}
"""Files with numbers that a machine reads."""
FORMAT = re.compile(r"[,%efg]|\.[0-9]|0[0-9]d", re.IGNORECASE)


def _formats(source: str) -> list[int]:
    """Return the lines in which a number is formatted: in an f-string, by str.format or by %."""
    lines = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            if FORMAT.search(ast.unparse(node.format_spec)[2:]):
                lines.add(node.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r"\{\w*:[^{}\s]*[,.%efg0-9][^{}\s]*\}|%[-+ 0-9.]*[dfgeE](?![a-z])", node.value):
                lines.add(node.lineno)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "format":
            lines.add(node.lineno)
    return sorted(lines)


def test_no_number_for_people_is_formatted_elsewhere() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in FILES
        if path.name != "text.py" and "samples" not in path.parts and (lines := _formats(path.read_text("utf-8")))
    }
    assert set(found) == NOT_FOR_PEOPLE, found


def test_workbooks_take_their_number_formats_from_the_table() -> None:
    pattern = re.compile(r"num_format=(?!CELLS\[|code\b)")
    assert [str(path) for path in FILES if pattern.search(path.read_text("utf-8"))] == []


METRES = (0, 0.4, 4.9, 5, 5.1, 1005, 1115, 12_345.678, 1_234_567.8, 999_994.9, 999_995)
MINUTES = (0, 0.001, 0.04, 0.05, 0.25, 1.5, 1.35, 29.95, 30, 1234.56)
NUMBERS = (0, 1, 6.477462933, 6.5, 0.0004, 1500, 1.005, 1.115, 2.675, 1_234_567.891, 0.999, 1e-7)
COUNTED = (0, 0.2, 0.5, 1, 999, 1000, 1_234_567)
SET = (15, 0.3, 7.5, 1234.5, 0.1 + 0.2)


def test_a_page_writes_numbers_as_python_does(browser: Any) -> None:
    """The one place of the pages' scripts (maps/numbers.js) has the rules of planner/text.py."""
    page = browser.new_page()
    page.add_script_tag(content=(ROOT / "maps" / "numbers.js").read_text("utf-8"))
    said = {
        name: page.evaluate("([name, values]) => values.map(mapNumbers()[name])", [name, [*values, None]])
        for name, values in (
            ("kilometres", METRES),
            ("minutes", MINUTES),
            ("number", NUMBERS),
            ("count", COUNTED),
            ("exact", SET),
        )
    }
    page.close()
    assert said == {
        "kilometres": [*(text.amount_text(Fraction(str(one)) * 1000, "mm") for one in METRES), "—"],
        "minutes": [*(text.amount_text(Fraction(str(one)) * 60_000, "ms") for one in MINUTES), "—"],
        "number": [*map(text.number_text, NUMBERS), "—"],
        "count": [*map(text.count_text, COUNTED), "—"],
        "exact": [*map(text.exact_text, SET), "—"],
    }


def test_no_script_of_a_page_formats_numbers_elsewhere() -> None:
    scripts = {path.name: path.read_text("utf-8") for path in (ROOT / "maps").glob("*.js") if path.name != "numbers.js"}
    found = [
        (name, line.strip())
        for name, source in scripts.items()
        for line in source.splitlines()
        if re.search(r"toFixed|toPrecision|toLocaleString|Intl\.", line) and "setProperty" not in line
    ]
    assert found == []


INSTALLERS = re.compile(
    r"\bpip\b|pypi|\bnpm\b|pyvrp|highs|numba|scipy|pandas|numpy|shapely|pyarrow|traceback|complete_registers|service_areas|\bNone\b|\bNaN\b",
    re.IGNORECASE,
)
"""What an installer or a developer says, and no planner."""


def told_in(path: Path) -> str:
    """Return what a file of outputs tells people: the cells of a workbook, the texts of a page's data, a list as it is."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            names = [one for one in book.namelist() if one.startswith("xl/sharedStrings")]
            return " ".join(re.sub(r"<[^>]+>", " ", book.read(one).decode()) for one in names)
    if path.suffix == ".html":
        data = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
        return " ".join(text for one in data for text in _texts(json.loads(one)))
    return path.read_text("utf-8-sig") if path.suffix in {".csv", ".txt"} else ""


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def test_no_words_of_the_outputs_are_an_installers() -> None:
    """No Chinese text of the sources but the terminal's and the messages on files speaks of packages or keys of code."""
    chinese = re.compile(r"[\u4e00-\u9fff]")
    told = ("scenarios/export", "scenarios/plans", "maps")
    found = []
    for path in FILES:
        if not str(path.relative_to(ROOT)).startswith(told):
            continue
        every = list(ast.walk(ast.parse(path.read_text("utf-8"))))
        for_readers = {id(one.value) for one in every if isinstance(one, ast.Expr)}
        for node in every:
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in for_readers:
                continue
            if chinese.search(node.value):
                found += [(path.name, word) for word in INSTALLERS.findall(node.value)]
    assert found == []


READ = {
    # cells, headings and titles of files
    "geodata/columns.py:_either_by_name", "geodata/columns.py:_number", "geodata/columns.py:_parse_number",
    "geodata/columns.py:_without_totals", "geodata/names.py:datums_of_title", "geodata/points.py:_words",
    "geodata/roads_lines.py:_road_of", "geodata/tables.py:_said_by_kind", "planner/hospitals.py:class_of",
    "planner/region.py:ids_of",
    # names of places and facilities
    "planner/plans/emergency.py:_grid_names", "planner/scenario.py:_no_village", "scenarios/plans/subcenters_tables.py:_site_rows",
    # a scenario's and a rules' file
    "planner/keys.py:_unknown", "planner/rules.py:counted", "planner/rules.py:said", "planner/rules.py:stated",
    # options
    "planner/limits.py:limits_of", "scenarios/cli/roads.py:_bbox", "scenarios/options.py:clock", "scenarios/options.py:pairs",
    "scenarios/options.py:people", "scenarios/options.py:read", "scenarios/options.py:words_of",
    "scenarios/questions.py:_numbers", "scenarios/questions.py:_season", "scenarios/questions.py:months_of",
    "scenarios/site.py:names_hospitals", "scenarios/site.py:selected", "scenarios/site_files.py:read_ids",
}  # fmt: skip
"""Functions that read what people wrote: options, cells, names of places and facilities, the words of a rules' file."""
LAID_OUT = {
    "planner/errors.py:without_stop",  # a sentence inside another
    "scenarios/export/workbook.py:_remedy",  # where a narrow cell may break
}
"""Functions that set sentences, whatever they say."""
WORDS = re.compile(r"[\u4e00-\u9fff（）：；，。“”、]")
SEARCHES = {"startswith", "endswith", "split", "rsplit", "partition", "rpartition", "removeprefix", "removesuffix", "replace",
            "index", "find", "count", "strip", "rstrip", "lstrip", "match", "fullmatch", "search", "contains"}  # fmt: skip


def _has_words(node: ast.AST) -> bool:
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, str) and WORDS.search(one.value)
        for one in ast.walk(node)
    )


def _is_read(node: ast.AST) -> bool:
    """Whether the node compares words with words, searches, splits or strips by words, or looks up by them."""
    if isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        return any(isinstance(one, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for one in node.ops) and any(
            map(_has_words, sides)
        )
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SEARCHES and node.args:
        return _has_words(node.args[0])
    return (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.slice, ast.Constant)
        and _has_words(node.slice)
    )


def _is_unit_tag(node: ast.AST) -> bool:
    """Whether the node tells things apart by the word of their unit."""
    if not isinstance(node, ast.Compare):
        return False
    sides = [ast.unparse(one) for one in (node.left, *node.comparators)]
    units = [one for one in sides if re.search(r"""(\bunits?|\[['"]unit['"]\])$""", one)]
    return bool(units) and any(
        WORDS.search(one) or re.search(r"\bUNITS\b|UNIT_LABELS|unit_label|'share'", one) for one in sides
    )


def _functions_with(path: Path, is_wanted: Callable[[ast.AST], bool]) -> set[str]:
    """Return "file:function" of each function (or "file:" of the module) with a node that is wanted."""
    found, name = set(), str(path.relative_to(ROOT))

    def walk(node: ast.AST, function: str) -> None:
        if isinstance(node, ast.FunctionDef):
            function = node.name
        if is_wanted(node):
            found.add(f"{name}:{function}")
        for child in ast.iter_child_nodes(node):
            walk(child, function)

    walk(ast.parse(path.read_text("utf-8")), "")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "note == '符合'",
        "'时间' in label",
        "note.startswith('参数情景')",
        "text.split('；')",
        "re.split('[,，]', text)",
        "row['状态']",
    ],
)
def test_what_reads_a_sentence_is_found(source: str) -> None:
    assert any(map(_is_read, ast.walk(ast.parse(source))))


def test_no_sentence_is_parsed_or_compared() -> None:
    files = [path for path in FILES if "samples" not in path.parts]
    found = set().union(*(_functions_with(path, _is_read) for path in files))
    assert found == READ | LAID_OUT, sorted(found ^ (READ | LAID_OUT))


def test_no_unit_is_a_type_tag() -> None:
    assert any(map(_is_unit_tag, ast.walk(ast.parse("row['unit'] == '个'"))))
    assert any(map(_is_unit_tag, ast.walk(ast.parse("one.unit in {'share', UNITS}"))))
    assert any(map(_is_unit_tag, ast.walk(ast.parse("row['unit'] == 'share'"))))
    found = set().union(*(_functions_with(path, _is_unit_tag) for path in FILES if "samples" not in path.parts))
    assert found == set(), found


def test_many_costs_are_put_as_each_alone() -> None:
    chance = np.random.default_rng(4)
    for unit in ("mm", "ms"):
        edges = np.arange(40)[:, None] * 500 + np.arange(-2, 3)
        costs = np.concatenate(
            [edges.ravel().clip(0), chance.integers(0, 4_000_000_000, 500), chance.integers(0, 200_000, 500)]
        )
        mixed = np.where(np.arange(len(costs)) % 7 == 0, np.nan, costs.astype(float))
        assert text.amount_texts(mixed, unit) == [text.amount_text(one, unit) for one in mixed]
