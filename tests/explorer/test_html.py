from typing import Any

import pytest
from PIL import Image

from visionhelpers.explorer import html
from visionhelpers.explorer.state import ExplorerState
from visionhelpers.results import Item, SummaryLine

SUMMARY = [SummaryLine((Item("2 tags found:"),)), SummaryLine((Item("<cat>", 0.5),))]


def state(**traits: Any) -> ExplorerState:
    return ExplorerState(None, title="A & B", task="Tags", **traits)


@pytest.mark.parametrize(
    ("status", "traits", "heading", "text"),
    [
        ("working", {}, "Analyzing A &amp; B", "Tags: working…"),
        ("working", {"progress": "Run"}, "Analyzing A &amp; B", "Tags: working… Status: Run."),
        ("done", {"summary": SUMMARY}, "Tags: A &amp; B", "2 tags found:"),
        ("failed", {"error": "Cannot read <i>."}, "Tags: A &amp; B", "Cannot read &lt;i&gt;."),
    ],
)
def test_the_status_is_a_heading_and_a_line(
    status: str, traits: dict[str, Any], heading: str, text: str
) -> None:
    shown = html.status(state(status=status, **traits))
    assert shown.endswith(f"><b>{heading}</b><br>{text}</p>")


def test_nothing_is_shown_before_the_first_query() -> None:
    shown = [html.status(state()), html.figure(state()), html.summary([]), html.response(None)]
    assert [*shown, html.code("")] == [""] * 5


BOX = '<pre tabindex="0" role="region" aria-label="Response as JSON"'
JSON = ">{\n  &quot;name&quot;: &quot;&lt;é&gt;&quot;\n}</pre>"
ALT = '<img alt="A &amp; B. 2 tags found: &lt;cat&gt; (0.50)"'
FIGURE = state(summary=SUMMARY, drawing=b"PNG")
CODE = ">tag(&#x27;a.jpg&#x27;)</textarea></label>"


@pytest.mark.parametrize(
    ("shown", "start", "end"),
    [
        pytest.param(html.summary(SUMMARY), "<p ", ">&lt;cat&gt; (0.50)</p>", id="summary"),
        pytest.param(html.figure(FIGURE), ALT, 'src="data:image/png;base64,UE5H">', id="figure"),
        pytest.param(html.response({"name": "<é>"}), BOX, JSON, id="box that takes the focus"),
        pytest.param(html.response(Image.new("L", (9, 9))), "<p ", ", not JSON.</p>", id="image"),
        pytest.param(html.code("tag('a.jpg')"), "<label ", CODE, id="code in a labeled field"),
    ],
)
def test_a_part_is_one_escaped_element_without_colors(shown: str, start: str, end: str) -> None:
    assert shown.startswith(start)
    assert shown.endswith(end)
    assert shown.count(start) == 1
    assert "color" not in shown.replace("color: inherit", "")
