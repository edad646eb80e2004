"""Words that everything a person reads avoids: the API and the field have others.

`docs/development.md` has the rules of the language. Code, URLs and link targets are not checked.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, SERVICE = ROOT / "visionhelpers", ROOT / "visionservice"
COMMON = (
    "pictures?|photographs?|answers?|whoever|anew|seldom|lest|askew|otherwise|of late|so many"
    "|under way|of its own|by itself|as a rule|to be had|tell whether"
)
WORDS = re.compile(rf"\b({COMMON})\b", re.IGNORECASE)
"""Words to avoid in code of the client half, comments and names included."""
PROSE_WORDS = re.compile(
    rf"\b({COMMON}|answer(?:ed|ing)|(?<!posing for a )photos?|aslant|of their own|by themselves"
    r"|tells whether|unlike '|stands|stood|lies|says|said|speaks)\b",
    re.IGNORECASE,
)
"""Words to avoid in text; captions may contain "posing for a photo"."""
OTHER_WORDS = re.compile(
    r'photographs?|motion photos?|"Grey"|cancelled\(|(?:art|white|}) picture"|picture\|'
)
"""Words of the service: photographs are not drawings, and the API and captions have words too."""
VERBS = (
    "apolog|author|capital|categor|custom|emphas|equal|final|general|initial|local|maxim|memor|minim"
    "|modern|normal|optim|organ|patron|prior|real|recogn|sanit|serial|special|stabil|standard|summar"
    "|synchron|token|util|visual"
)
BRITISH = re.compile(
    rf"\b(re|un)?({VERBS})is(e[drs]?|ing|ations?)\b"
    r"|\b(un)?(colou?r|favou?r|behaviou?r|neighbou?r|honou?r|labou?r|harbou?r|flavou?r|rumou?r)"
    r"(?<=our)(s|ed|ing|ings|able|ful|less|ite|ites|hood|al|ly)?\b"
    r"|\b(off-?)?(centre|metre|litre|theatre|fibre|calibre)[ds]?\b|\b(kilo|milli|centi)metres?\b"
    r"|\b(grey(s|ed|er|ish|scale)?|licen[cs]e(?<=ce)[ds]?|catalogue[ds]?|dialogues?|analogues?)\b"
    r"|\b(un)?analys(e|ed|er|ers|ing)\b|\b(cancel|label|model|travel|signal|marshal)l(ed|ing|er)\b"
    r"|\b(defence|offence|pretence|artefact|cheque|programme|storey|tyre|plough|mould|aeroplane)s?\b"
    r"|\b(judgement|acknowledgement|ageing|enrol|fulfil|skilful|instalment|practis(e[ds]?|ing))\b"
    r"|\b(whilst|amongst|learnt|spelt|sceptical|jewellery|moustache|maths|cosy)\b",
    re.IGNORECASE,
)
"""British spellings; the project uses the American ones, as the API does."""
PRINTING = {"print", "write", "exit", "SystemExit", "ArgumentParser", "add_argument", "add_parser"}
"""Functions whose strings a person reads in a terminal."""


def prose(markdown: str) -> str:
    """Return what a reader sees of Markdown, without code and URLs; line numbers stay the same."""

    def blank(found: re.Match[str]) -> str:
        return "\n" * found[0].count("\n")

    text = re.sub(r"^( *)(`{3,}|~{3,}).*?^\1\2", blank, markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<!--.*?-->", blank, text, flags=re.DOTALL)
    text = re.sub(r"(`+).+?\1", blank, text, flags=re.DOTALL)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    text = re.sub(r"^ *\[[^\]]+\]: .*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"<[^<>]*?\balt=\"([^\"]*)\"[^<>]*>", r"\1", text)
    text = re.sub(r"</?[a-z][^<>]*>", blank, text, flags=re.IGNORECASE)
    return re.sub(r"\b[a-z]+://\S+", "", text)


def pages() -> Iterator[tuple[str, str]]:
    """Give the name and the prose of every page and of every markdown cell."""
    paths = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    for path in sorted(paths):
        yield str(path.relative_to(ROOT)), prose(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for number, cell in enumerate(cells):
            if cell["cell_type"] == "markdown":
                yield f"{path.name} [{number}]", prose("".join(cell["source"]))


def printed(path: Path) -> Iterator[tuple[int, str]]:
    """Give the line and the text of every string that a module prints."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", "")
        if name in PRINTING:
            for below in ast.walk(node):
                if isinstance(below, ast.Constant) and isinstance(below.value, str):
                    yield below.lineno, prose(below.value)


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Give the line and the text of every docstring of a module, those of constants included."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = getattr(node.value, "value", None) if isinstance(node, ast.Expr) else None
        if isinstance(text, str):
            yield node.lineno, prose(text)


def found_in(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text that contain a word to avoid, with their numbers."""
    lines = enumerate(text.splitlines(), 1)
    words = PROSE_WORDS, BRITISH
    return [(no, line.strip()) for no, line in lines if any(each.search(line) for each in words)]


@pytest.mark.parametrize(
    ("folder", "words", "allowed"),
    [(PACKAGE, (WORDS,), None), (SERVICE, (WORDS, BRITISH), OTHER_WORDS)],
)
def test_code_uses_standard_words(
    folder: Path, words: tuple[re.Pattern[str], ...], allowed: re.Pattern[str] | None
) -> None:
    files = sorted(folder.rglob("*.[pj][ys]"))
    assert len(files) > 30
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(each.search(allowed.sub("", line) if allowed else line) for each in words)
    ]
    assert not found, "\n".join(found)


def test_docstrings_of_the_service_use_standard_words() -> None:
    texts = [
        (path, line, OTHER_WORDS.sub("", text))
        for path in sorted(SERVICE.rglob("*.py"))
        for line, text in [*docstrings(path), *printed(path)]
    ]
    assert len(texts) > 500
    found = [
        f"{path.relative_to(ROOT)}:{line + number - 1}: {words}"
        for path, line, text in texts
        for number, words in found_in(text)
    ]
    assert not found, "\n".join(found)


def test_pages_and_notebooks_use_standard_words() -> None:
    texts = list(pages())
    names = {name.split(" ")[0] for name, _ in texts}
    assert names >= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/service.md"}
    assert len([name for name in names if name.endswith(".ipynb")]) >= 10
    found = [f"{name}:{number}: {line}" for name, text in texts for number, line in found_in(text)]
    assert not found, "\n".join(found)


def test_tools_print_standard_words() -> None:
    files = sorted((ROOT / "tools").glob("*.py"))
    texts = [(path, line, text) for path in files for line, text in printed(path)]
    assert len(texts) > 20
    found = [f"{path.name}:{line}: {text.strip()}" for path, line, text in texts if found_in(text)]
    assert not found, "\n".join(found)


def test_docstrings_of_tools_use_standard_words() -> None:
    files = sorted((ROOT / "tools").glob("*.py"))
    texts = [(path, line, text) for path in files for line, text in docstrings(path)]
    assert len(texts) > 100
    found = [
        f"{path.name}:{line + number - 1}: {words}"
        for path, line, text in texts
        for number, words in found_in(text)
    ]
    assert not found, "\n".join(found)


def test_titles_of_samples_use_standard_words() -> None:
    samples = json.loads((PACKAGE / "samples" / "credits.json").read_text(encoding="utf-8"))
    titles = [sample["title"] for sample in samples]
    assert len(titles) > 20
    assert not [title for title in titles if found_in(title)]


def test_make_help_uses_standard_words() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = re.findall(r"^[a-z]+:.*## ([^(\n]+)", makefile, re.MULTILINE)
    assert len(lines) > 15
    assert not [line for line in lines if found_in(line)]


@pytest.mark.parametrize(
    "markdown",
    [
        "The option `--images` names a folder.",
        "See [the figures](notebooks/pictures/01.jpg).",
        "```python\npicture = 1\n```",
        "1. Run:\n   ```console\n   ls pictures\n   ```\n",
        "<img src='pictures/a.jpg' width='200'>",
        "Open https://example.com/pictures/ in a browser.",
        "[figures]: pictures/01.jpg",
        "<!-- pictures: tools/write_links.py -->",
        'The caption is "two people posing for a photo".',
        "The API's word is `Grey`.",
        "Open `dahlia_off_centre.jpg`.",
        "[the license](https://example.com/licence)",
        "Analyses of four colors; our color; an hour; it recognizes an organized catalog.",
        "A size, a noise, a promise, a practice; models, labels; gray; centered; behavior.",
        "Four license files, an analysis, a real raise, a local rise, precise.",
    ],
)
def test_code_and_addresses_are_not_prose(markdown: str) -> None:
    assert not found_in(prose(markdown))


@pytest.mark.parametrize(
    "markdown",
    [
        "A picture of a cat.",
        "[Pictures](folder/)",
        '<img src="a.jpg" alt="A picture of a cat">',
        "`x` and a picture and `y`",
        "```\ncode\n```\nThe caption stands below.\n```\ncode\n```",
        "It ends by itself.",
        *("Four colours", "coloured", "its centre", "off-centre", "in favour", "grey", "a licence"),
        *(
            "the catalogue",
            "behaviour",
            "organised",
            "recognises",
            "analyse",
            "analysed",
            "labelled",
        ),
        *("normalisation", "favourite", "neighbouring", "dialogue", "kilometres", "unrecognised"),
    ],
)
def test_words_to_avoid_are_found(markdown: str) -> None:
    assert found_in(prose(markdown))
