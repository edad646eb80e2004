"""Words that everything a person reads avoids: the API and the field have others.

`docs/development.md` has the rules of the language. Code, URLs and link targets are not checked.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from functools import partial
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
NEVER = re.compile(r"(?!)")
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


Texts = list[tuple[str, int, str]]
"""Names of files, each with the number of a line in it and the prose that begins there."""


def pages() -> Texts:
    """Return every page and every markdown cell."""
    paths = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for number, cell in enumerate(json.loads(path.read_text(encoding="utf-8"))["cells"]):
            if cell["cell_type"] == "markdown":
                texts[f"{path.name} [{number}]"] = "".join(cell["source"])
    assert texts.keys() >= {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/service.md"}
    return [(name, 1, prose(text)) for name, text in texts.items()]


def docstrings_and_messages(folder: Path) -> Texts:
    """Return every docstring, those of constants included, and every string that is printed."""
    return [
        (str(path.relative_to(ROOT)), node.lineno, prose(node.value))
        for path in sorted(folder.rglob("*.py"))
        for parent in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if is_read_by_a_person(parent)
        for node in ast.walk(parent)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def is_read_by_a_person(node: ast.AST) -> bool:
    """Return True for a docstring, and for the call of a function that prints."""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    function = getattr(node, "func", None)
    return (getattr(function, "id", None) or getattr(function, "attr", "")) in PRINTING


def titles() -> Texts:
    """Return the titles of the samples, and the help of the targets of the Makefile."""
    samples = PACKAGE / "samples" / "credits.json"
    names = [sample["title"] for sample in json.loads(samples.read_text(encoding="utf-8"))]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    names += re.findall(r"^[a-z]+:.*## ([^(\n]+)", makefile, re.MULTILINE)
    return [("titles", number, name) for number, name in enumerate(names)]


def found_in(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text that contain a word to avoid, with their numbers from 0."""
    words = PROSE_WORDS, BRITISH
    lines = enumerate(text.splitlines())
    return [(no, line.strip()) for no, line in lines if any(each.search(line) for each in words)]


@pytest.mark.parametrize(
    ("folder", "words", "allowed"),
    [(PACKAGE, [WORDS], NEVER), (SERVICE, [WORDS, BRITISH], OTHER_WORDS)],
)
def test_code_uses_standard_words(
    folder: Path, words: list[re.Pattern[str]], allowed: re.Pattern[str]
) -> None:
    files = sorted(folder.rglob("*.[pj][ys]"))
    assert len(files) > 30
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if any(each.search(allowed.sub("", line)) for each in words)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("texts", "least", "allowed"),
    [
        pytest.param(pages, 150, NEVER, id="pages and notebooks"),
        pytest.param(partial(docstrings_and_messages, SERVICE), 500, OTHER_WORDS, id="service"),
        pytest.param(partial(docstrings_and_messages, ROOT / "tools"), 120, NEVER, id="tools"),
        pytest.param(titles, 35, NEVER, id="titles of samples and make help"),
    ],
)
def test_texts_use_standard_words(
    texts: Callable[[], Texts], least: int, allowed: re.Pattern[str]
) -> None:
    assert len(texts()) > least
    found = [
        f"{name}:{line + number}: {words}"
        for name, line, text in texts()
        for number, words in found_in(allowed.sub("", text))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "markdown",
    [
        "The option `--pictures` names [figures](notebooks/pictures/01.jpg).",
        "1. Run:\n   ```console\n   ls pictures\n   ```\n",
        "<img src='pictures/a.jpg' width='200'>",
        "Open https://example.com/pictures/ in a browser.",
        "[figures]: pictures/01.jpg",
        "<!-- pictures: tools/write_links.py -->",
        'The caption is "two people posing for a photo".',
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
        "[Pictures](folder/)", '<img src="a.jpg" alt="A picture of a cat">',
        "`x` and a picture and `y`", "```\ncode\n```\nThe caption stands below.\n```\ncode\n```",
        "It ends by itself.", "Four colours", "coloured", "its centre", "off-centre", "in favour",
        "grey", "a licence", "the catalogue", "organised", "recognises", "analyse", "analysed",
        "labelled", "normalisation", "favourite", "dialogue", "kilometres", "unrecognised",
    ],
)  # fmt: skip
def test_words_to_avoid_are_found(markdown: str) -> None:
    assert found_in(prose(markdown))
