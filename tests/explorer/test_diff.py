from __future__ import annotations

import pytest
from PIL import Image

from visionhelpers.explorer.diff import Row, as_table, in_words, marked
from visionhelpers.explorer.query import Finding


def row(**said: tuple[str, ...] | str) -> Row:
    """What each says, a tuple of facts, or that it refused, in a sentence."""
    findings = {
        name: Finding(error=what) if isinstance(what, str) else Finding(facts=what)
        for name, what in said.items()
    }
    return marked("Tags", findings)


def marks(row: Row) -> dict[str, list[str]]:
    return {name: [line.mark for line in lines] for name, lines in row.columns.items()}


def test_what_both_say_is_not_marked_in_any_order() -> None:
    both = row(local=("cat (0.90)", "sofa"), cloud=("sofa", "cat (0.90)"))
    assert marks(both) == {"local": ["", ""], "cloud": ["", ""]}
    assert not both.differs


def test_what_one_alone_says_is_marked_in_its_column_alone() -> None:
    one = row(local=("cat (0.90)",), cloud=("cat (0.90)", "dog (0.90)"))
    assert marks(one) == {"local": [""], "cloud": ["", "≠"]}
    assert one.differs


def test_confidences_a_little_apart_are_the_same_and_others_are_marked_yet_no_difference() -> None:
    near = row(local=("cat (0.90)",), cloud=("cat (0.85)",))
    far = row(local=("cat (0.90)",), cloud=("cat (0.84)",))
    assert marks(near) == {"local": [""], "cloud": [""]}
    assert marks(far) == {"local": ["±"], "cloud": ["±"]}
    assert not near.differs
    assert not far.differs


def test_a_number_that_is_no_confidence_is_part_of_what_is_said() -> None:
    assert marks(row(local=("30, Female",), cloud=("31, Female",))) == {
        "local": ["≠"],
        "cloud": ["≠"],
    }


@pytest.mark.parametrize("task", ["Print", "Handwriting"])
def test_a_price_that_was_read_is_no_confidence(task: str) -> None:
    findings = {"local": Finding(facts=("Tea (1.00)",)), "cloud": Finding(facts=("Tea (1.04)",))}
    assert marks(marked(task, findings)) == {"local": ["≠"], "cloud": ["≠"]}


def test_of_a_list_what_all_name_stands_apart_from_what_one_names() -> None:
    lists = row(local=("Tags: cat, sofa, indoor",), cloud=("Tags: sofa, cat, rug",))
    assert in_words([lists]).splitlines()[:7] == [
        "Tags: they differ",
        "  local",
        "    Tags: cat, sofa",
        "  ≠ Tags: indoor",
        "  cloud",
        "    Tags: sofa, cat",
        "  ≠ Tags: rug",
    ]
    assert not row(local=("Tags: cat, sofa",), cloud=("Tags: sofa, cat",)).differs


def test_pictures_are_the_same_when_their_pixels_are() -> None:
    def crop(colour: str) -> Finding:
        return Finding(Image.new("RGB", (9, 9), colour), ("A thumbnail of 9 x 9 pixels.",))

    assert not marked("Thumbnail", {"a": crop("red"), "b": crop("red")}).differs
    assert marked("Thumbnail", {"a": crop("red"), "b": crop("blue")}).differs


def test_the_second_of_two_alike_needs_a_second_elsewhere() -> None:
    faces = row(local=("a face", "a face"), cloud=("a face",))
    assert marks(faces) == {"local": ["", "≠"], "cloud": [""]}


def test_of_three_what_two_say_is_not_said_by_all() -> None:
    three = row(a=("cat", "sofa"), b=("cat", "sofa"), c=("cat",))
    assert marks(three) == {"a": ["", "≠"], "b": ["", "≠"], "c": [""]}


def test_a_refusal_differs_and_leaves_the_others_comparable() -> None:
    refused = row(a=("cat",), b="403: No.", c=("cat", "sofa"))
    assert marks(refused) == {"a": [""], "b": ["≠"], "c": ["", "≠"]}
    assert marks(row(a=("cat",), b="403: No.")) == {"a": [""], "b": ["≠"]}
    assert row(a=("cat",), b="403: No.").differs


def test_refusals_that_are_alike_do_not_differ() -> None:
    assert not row(a="403: No.", b="403: No.").differs
    assert row(a="403: No.", b="500: Ill.").differs


def test_in_words_those_that_say_the_same_stand_together() -> None:
    same = row(local=("No cat.",), cloud=("No cat.",))
    differ = row(local=("cat (0.90)", "sofa"), cloud=("cat (0.50)",))
    assert in_words([same, differ]).splitlines() == [
        "Tags: the same",
        "  local, cloud",
        "    No cat.",
        "",
        "Tags: they differ",
        "  local",
        "  ± cat (0.90)",
        "  ≠ sofa",
        "  cloud",
        "  ± cat (0.50)",
        "",
        "≠ not said by all",
        "± said by all, with another confidence",
    ]


def test_one_service_alone_is_not_compared() -> None:
    assert in_words([row(local=("cat (0.90)",))]) == "Tags\n  local\n    cat (0.90)"


def test_the_table_has_its_headings_marks_and_legend_and_no_colours() -> None:
    table = as_table([row(local=("cat", "sofa"), cloud=("cat",))])
    assert table.count('scope="col"') == 2
    assert table.count('scope="row"') == 1
    assert "cat<br><b>≠ sofa</b></td>" in table
    assert table.endswith("<p>≠ not said by all</p>")
    assert "color" not in table


def test_jupyterlab_does_not_take_prices_in_the_table_for_mathematics() -> None:
    assert "mathjax_ignore" in as_table([row(local=("Tea $1.50 Coffee $2.75",))])


def test_the_table_shows_what_is_said_as_text() -> None:
    table = as_table([row(**{"<i>": ("<script>",), "b": "<b>no</b>"})])
    assert "&lt;script&gt;" in table
    assert "&lt;b&gt;no" in table
    assert "&lt;i&gt;" in table
