from __future__ import annotations

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
    ("traits", "expected"),
    [
        ({"status": "working"}, "<b>Analyzing A &amp; B</b><br>Tags: working…</p>"),
        (
            {"status": "working", "progress": "Running"},
            "<b>Analyzing A &amp; B</b><br>Tags: working… Status: Running.</p>",
        ),
        (
            {"status": "done", "summary": SUMMARY},
            "<b>Tags: A &amp; B</b><br>2 tags found:</p>",
        ),
        (
            {"status": "failed", "error": "Cannot read '<i>'."},
            "<b>Tags: A &amp; B</b><br>Cannot read &#x27;&lt;i&gt;&#x27;.</p>",
        ),
    ],
)
def test_the_status_is_a_heading_and_a_line(
    refused: VisionClient, traits: dict[str, Any], expected: str
) -> None:
    assert html.status(state(refused, **traits)).endswith(expected)


def test_before_the_first_query_the_status_is_empty(refused: VisionClient) -> None:
    assert html.status(state(refused)) == ""


def test_the_summary_continues_the_status() -> None:
    assert html.summary([]) == ""
    shown = html.summary(SUMMARY)
    assert shown.count("<p ") == 1
    assert shown.endswith(">&lt;cat&gt; (0.50)</p>")


def test_a_figure_has_the_title_and_the_summary_as_its_text(refused: VisionClient) -> None:
    shown = html.figure(state(refused, summary=SUMMARY, drawing=b"PNG"))
    assert 'alt="A &amp; B. 2 tags found: &lt;cat&gt; (0.50)"' in shown
    assert 'src="data:image/png;base64,UE5H"' in shown
    assert html.figure(state(refused)) == ""


def test_a_response_is_json_in_a_box_that_takes_the_focus() -> None:
    assert html.response(None) == ""
    shown = html.response({"name": "<é>"})
    assert 'tabindex="0" role="region" aria-label="Response as JSON"' in shown
    assert "{\n  &quot;name&quot;: &quot;&lt;é&gt;&quot;\n}</pre>" in shown
    assert "returns an image, not JSON" in html.response(Image.new("RGB", (9, 9)))


def test_code_is_shown_in_a_labelled_field_to_copy_from() -> None:
    assert html.code("") == ""
    shown = html.code("tag('a.jpg')")
    assert shown.startswith("<label ")
    assert "<textarea readonly" in shown
    assert shown.endswith("tag(&#x27;a.jpg&#x27;)</textarea></label>")


def test_there_are_no_colors() -> None:
    shown = html.response({}) + html.code("a") + html.summary(SUMMARY)
    assert shown.replace("color: inherit", "").count("color") == 0
