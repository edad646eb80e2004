from typing import Any

import pytest
from PIL import Image

from visionhelpers import VisionClient
from visionhelpers.explorer import html
from visionhelpers.explorer.state import ExplorerState
from visionhelpers.results import Item, SummaryLine

SUMMARY = [SummaryLine((Item("2 tags found:"),)), SummaryLine((Item("<cat>", 0.5),))]


def state(client: VisionClient, **traits: Any) -> ExplorerState:
    return ExplorerState(client, title="A & B", task="Tags", **traits)


@pytest.mark.parametrize(
    ("status", "traits", "heading", "text"),
    [
        ("working", {}, "Analyzing A &amp; B", "Tags: working…"),
        ("working", {"progress": "Run"}, "Analyzing A &amp; B", "Tags: working… Status: Run."),
        ("done", {"summary": SUMMARY}, "Tags: A &amp; B", "2 tags found:"),
        ("failed", {"error": "Cannot read <i>."}, "Tags: A &amp; B", "Cannot read &lt;i&gt;."),
    ],
)
def test_the_status_is_a_heading_and_a_line(refused, status, traits, heading, text):
    shown = html.status(state(refused, status=status, **traits))
    assert shown.endswith(f"><b>{heading}</b><br>{text}</p>")


def test_nothing_is_shown_before_the_first_query(refused):
    empty = state(refused)
    shown = [html.status(empty), html.figure(empty), html.summary([]), html.response(None)]
    assert [*shown, html.code("")] == [""] * 5


def test_a_figure_has_the_title_and_the_summary_as_its_text(refused):
    shown = html.figure(state(refused, summary=SUMMARY, drawing=b"PNG"))
    assert 'alt="A &amp; B. 2 tags found: &lt;cat&gt; (0.50)"' in shown
    assert 'src="data:image/png;base64,UE5H"' in shown


@pytest.mark.parametrize(
    ("shown", "start", "end"),
    [
        pytest.param(html.summary(SUMMARY), "<p ", ">&lt;cat&gt; (0.50)</p>", id="summary"),
        pytest.param(
            html.response({"name": "<é>"}),
            '<pre tabindex="0" role="region" aria-label="Response as JSON"',
            ">{\n  &quot;name&quot;: &quot;&lt;é&gt;&quot;\n}</pre>",
            id="response in a box that takes the focus",
        ),
        pytest.param(
            html.response(Image.new("RGB", (9, 9))), "<p ", " an image, not JSON.</p>", id="image"
        ),
        pytest.param(
            html.code("tag('a.jpg')"), "<label ", ">tag(&#x27;a.jpg&#x27;)</textarea></label>",
            id="code in a labeled field",
        ),
    ],
)  # fmt: skip
def test_a_part_is_one_element_without_colors(shown, start, end):
    assert shown.startswith(start)
    assert shown.endswith(end)
    assert shown.count(start) == 1
    assert "color" not in shown.replace("color: inherit", "")
