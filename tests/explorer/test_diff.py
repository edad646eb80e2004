from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest
from PIL import Image

from visionhelpers.explorer.diff import DiffLine, TaskDiff, diff_task, to_html, to_text
from visionhelpers.explorer.query import QueryResult
from visionhelpers.results import Item, SummaryLine

Given: TypeAlias = str | tuple[str | Item | SummaryLine, ...]
"""An error, or lines: a text, a text with a confidence, or several items."""

CAT, NEAR, FAR = (Item("cat", confidence) for confidence in (0.90, 0.85, 0.84))


def diff(results: Mapping[str, Given]) -> TaskDiff:
    """Compare the lines of each service, or its error."""

    def line(given: str | Item | SummaryLine) -> SummaryLine:
        if isinstance(given, SummaryLine):
            return given
        return SummaryLine((given if isinstance(given, Item) else Item(given),))

    found = {
        name: QueryResult(error=given)
        if isinstance(given, str)
        else QueryResult({}, tuple(map(line, given)))
        for name, given in results.items()
    }
    return diff_task("Tags", found)


def tags(*names: str) -> SummaryLine:
    return SummaryLine(tuple(map(Item, names)), "Tags: ")


@pytest.mark.parametrize(
    ("results", "marks"),
    [
        pytest.param([(CAT, "sofa"), ("sofa", CAT)], [["", ""], ["", ""]], id="another order"),
        pytest.param([(CAT,), (CAT, "dog")], [[""], ["", "≠"]], id="an item of one service"),
        pytest.param([(CAT,), (NEAR,)], [[""], [""]], id="confidences within the tolerance"),
        pytest.param([(CAT,), (FAR,)], [["±"], ["±"]], id="confidences beyond the tolerance"),
        pytest.param([(CAT,), ("cat",)], [[""], [""]], id="a confidence of one service only"),
        pytest.param([("30, Male",), ("31, Male",)], [["≠"], ["≠"]], id="a number in a text"),
        pytest.param([("1 (1.00)",), ("1 (1.04)",)], [["≠"], ["≠"]], id="a price in brackets"),
        pytest.param([("cat",), (tags("cat"),)], [["≠"], ["≠"]], id="a caption equal to a tag"),
        pytest.param([("a", "a"), ("a",)], [["", "≠"], [""]], id="an item twice and once"),
        pytest.param(
            [("a", "b"), ("a", "b"), ("a",)], [["", "≠"], ["", "≠"], [""]], id="an item in 2 of 3"
        ),
        pytest.param(
            [("a",), "403: No.", ("a", "b")], [[""], ["≠"], ["", "≠"]], id="an error beside results"
        ),
        pytest.param([("a",), "403: No."], [[""], ["≠"]], id="an error beside one result"),
        pytest.param(["403: No.", "403: No."], [[""], [""]], id="equal errors"),
        pytest.param(["403: No.", "500: No."], [["≠"], ["≠"]], id="different errors"),
    ],
)
def test_what_is_not_in_all_results_is_marked_and_confidences_do_not_count(
    results: list[Any], marks: list[Any]
) -> None:
    found = diff(dict(zip("abc", results, strict=False)))
    assert [[line.mark for line in lines] for lines in found.columns.values()] == marks
    assert found.differs == any("≠" in column for column in marks)


def test_thumbnails_are_equal_if_their_pixels_are() -> None:
    red, equal, blue = (
        QueryResult(Image.new("RGB", (9, 9), color), (SummaryLine((Item("A thumbnail."),)),))
        for color in ("red", "red", "blue")
    )
    assert not diff_task("Thumbnail", {"a": red, "b": equal}).differs
    assert diff_task("Thumbnail", {"a": red, "b": blue}).differs


def test_a_list_is_divided_by_the_marks_of_its_items_and_not_at_a_comma_in_a_name() -> None:
    a, b = (tags("indoor", "Washington, D.C.", "Paris", "cat"),), (tags("cat", "rug", "Paris"),)
    assert diff({"a": a, "b": b}).columns == {
        "a": (DiffLine("Tags: Paris, cat"), DiffLine("Tags: indoor, Washington, D.C.", "≠")),
        "b": (DiffLine("Tags: cat, Paris"), DiffLine("Tags: rug", "≠")),
    }


def test_the_text_contains_equal_results_once_and_does_not_compare_one_service() -> None:
    same = diff({"local": ("No cat.",), "cloud": ("No cat.",)})
    different = diff({"local": (CAT, "sofa"), "cloud": (Item("cat", 0.5),)})
    assert to_text([same, different]).splitlines() == [
        "Tags: the same",
        "  local, cloud",
        "    No cat.",
        "",
        "Tags: different",
        "  local",
        "  ± cat (0.90)",
        "  ≠ sofa",
        "  cloud",
        "  ± cat (0.50)",
        "",
        "≠ not in all results",
        "± in all, with another confidence",
    ]
    assert to_text([diff({"local": (CAT,)})]) == "Tags\n  local\n    cat (0.90)"


def test_the_table_has_headings_marks_a_legend_and_escaped_texts() -> None:
    table = to_html([diff({"<i>": ("<b>", "sofa $1"), "cloud": ("<b>",)})])
    assert table.count('scope="col"') == 2
    assert table.count('scope="row"') == 1
    assert ">&lt;i&gt;</th>" in table
    assert "&lt;b&gt;<br><b>≠ sofa $1</b></td>" in table
    assert table.endswith("<p>≠ not in all results</p>")
    assert "color" not in table
    assert "mathjax_ignore" in table, "prices are not a formula"
