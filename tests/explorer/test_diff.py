from __future__ import annotations

from typing import TypeAlias

from PIL import Image

from visionhelpers.explorer.diff import DiffLine, TaskDiff, diff_task, to_html, to_text
from visionhelpers.explorer.query import QueryResult
from visionhelpers.results import Item, SummaryLine

Given: TypeAlias = str | Item | SummaryLine
"""A line: a text, a text with a confidence, or several items."""

CAT = Item("cat", 0.90)


def line(given: Given) -> SummaryLine:
    if isinstance(given, SummaryLine):
        return given
    return SummaryLine((given if isinstance(given, Item) else Item(given),))


def diff(**results: tuple[Given, ...] | str) -> TaskDiff:
    """Compare the lines of each service, or its error."""
    found = {
        name: QueryResult(error=given)
        if isinstance(given, str)
        else QueryResult({}, tuple(map(line, given)))
        for name, given in results.items()
    }
    return diff_task("Tags", found)


def tags(*names: str) -> SummaryLine:
    return SummaryLine(tuple(map(Item, names)), "Tags: ")


def marks(task: TaskDiff) -> dict[str, list[str]]:
    return {name: [line.mark for line in lines] for name, lines in task.columns.items()}


def test_equal_items_are_not_marked_in_any_order() -> None:
    both = diff(local=(CAT, "sofa"), cloud=("sofa", CAT))
    assert marks(both) == {"local": ["", ""], "cloud": ["", ""]}
    assert not both.differs


def test_an_item_of_one_service_is_marked_in_its_column_only() -> None:
    one = diff(local=(CAT,), cloud=(CAT, Item("dog", 0.90)))
    assert marks(one) == {"local": [""], "cloud": ["", "≠"]}
    assert one.differs


def test_confidences_up_to_the_tolerance_are_equal_and_others_are_marked_and_do_not_count() -> None:
    near = diff(local=(CAT,), cloud=(Item("cat", 0.85),))
    far = diff(local=(CAT,), cloud=(Item("cat", 0.84),))
    assert marks(near) == {"local": [""], "cloud": [""]}
    assert marks(far) == {"local": ["±"], "cloud": ["±"]}
    assert far.columns["cloud"] == (DiffLine("cat (0.84)", "±"),)
    assert not near.differs
    assert not far.differs


def test_a_confidence_that_only_one_service_returns_is_not_marked() -> None:
    assert not diff(local=(CAT,), cloud=("cat",)).marks


def test_numbers_in_a_text_are_no_confidences() -> None:
    for one, other in (("30, Female", "31, Female"), ("Tea (1.00)", "Tea (1.04)")):
        assert marks(diff(local=(one,), cloud=(other,))) == {"local": ["≠"], "cloud": ["≠"]}


def test_a_comma_in_a_name_does_not_divide_it() -> None:
    names = SummaryLine((Item("Washington, D.C."), Item("Paris")), "Names: ")
    assert diff(local=(names,), cloud=(SummaryLine((Item("Paris"),), "Names: "),)).columns == {
        "local": (DiffLine("Names: Paris"), DiffLine("Names: Washington, D.C.", "≠")),
        "cloud": (DiffLine("Names: Paris"),),
    }


def test_a_list_is_divided_by_the_marks_of_its_items() -> None:
    lists = diff(local=(tags("indoor", "cat", "sofa"),), cloud=(tags("sofa", "cat", "rug"),))
    assert to_text([lists]).splitlines()[:7] == [
        "Tags: different",
        "  local",
        "    Tags: cat, sofa",
        "  ≠ Tags: indoor",
        "  cloud",
        "    Tags: sofa, cat",
        "  ≠ Tags: rug",
    ]
    assert not diff(local=(tags("cat", "sofa"),), cloud=(tags("sofa", "cat"),)).differs


def test_a_caption_is_not_equal_to_a_tag() -> None:
    assert diff(local=("cat",), cloud=(tags("cat"),)).differs


def test_thumbnails_are_equal_if_their_pixels_are() -> None:
    def thumbnail(color: str) -> QueryResult:
        return QueryResult(Image.new("RGB", (9, 9), color), (line("A thumbnail."),))

    assert not diff_task("Thumbnail", {"a": thumbnail("red"), "b": thumbnail("red")}).differs
    assert diff_task("Thumbnail", {"a": thumbnail("red"), "b": thumbnail("blue")}).differs


def test_the_second_of_two_equal_items_needs_a_second_in_the_other_result() -> None:
    faces = diff(local=("a face", "a face"), cloud=("a face",))
    assert marks(faces) == {"local": ["", "≠"], "cloud": [""]}


def test_of_three_services_an_item_of_two_is_not_in_all() -> None:
    three = diff(a=("cat", "sofa"), b=("cat", "sofa"), c=("cat",))
    assert marks(three) == {"a": ["", "≠"], "b": ["", "≠"], "c": [""]}


def test_an_error_differs_and_the_other_results_remain_comparable() -> None:
    failed = diff(a=("cat",), b="403: No.", c=("cat", "sofa"))
    assert marks(failed) == {"a": [""], "b": ["≠"], "c": ["", "≠"]}
    assert marks(diff(a=("cat",), b="403: No.")) == {"a": [""], "b": ["≠"]}
    assert diff(a=("cat",), b="403: No.").differs


def test_equal_errors_do_not_differ() -> None:
    assert not diff(a="403: No.", b="403: No.").differs
    assert diff(a="403: No.", b="500: Error.").differs


def test_the_text_contains_equal_results_once() -> None:
    same = diff(local=("No cat.",), cloud=("No cat.",))
    different = diff(local=(CAT, "sofa"), cloud=(Item("cat", 0.5),))
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


def test_one_service_is_not_compared() -> None:
    assert to_text([diff(local=(CAT,))]) == "Tags\n  local\n    cat (0.90)"


def test_the_table_has_headings_marks_and_a_legend_and_no_colors() -> None:
    table = to_html([diff(local=("cat", "sofa"), cloud=("cat",))])
    assert table.count('scope="col"') == 2
    assert table.count('scope="row"') == 1
    assert "cat<br><b>≠ sofa</b></td>" in table
    assert table.endswith("<p>≠ not in all results</p>")
    assert "color" not in table


def test_jupyterlab_does_not_render_prices_in_the_table_as_mathematics() -> None:
    assert "mathjax_ignore" in to_html([diff(local=("Tea $1.50 Coffee $2.75",))])


def test_the_table_escapes_texts() -> None:
    table = to_html([diff(**{"<i>": ("<script>",), "b": "<b>no</b>"})])
    assert "&lt;script&gt;" in table
    assert "&lt;b&gt;no" in table
    assert "&lt;i&gt;" in table
