"""Check the pages of a built site: links, hosts, alternative texts and titles.

`make site` runs it on build/site. It prints each problem on a line, and fails if there is one.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).parents[1]
SITE = ROOT / "build" / "site"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
IN_REPOSITORY = re.compile(
    re.escape(PROJECT["urls"]["Repository"]) + r"/(?:blob|tree)/HEAD/([^?#]*)"
)
LOADED = {"img", "script", "iframe", "source", "video", "audio", "embed", "track"}
LOADED_RELATIONS = {"stylesheet", "icon", "preload", "modulepreload", "prefetch", "preconnect"}
CSS_LINK = re.compile(r"(?:url\(|@import)\s*['\"]?(https?:|//)([^'\")\s]+)")
FILE_NAME = re.compile(r"\S+\.(?:jpe?g|png|svg|gif)")


class Site:
    """The pages of a folder, each parsed once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        paths = [path for path in self.folder.rglob("*.html") if "_static" not in path.parts]
        texts = {path: path.read_text(encoding="utf-8") for path in paths}
        self.pages = {path: BeautifulSoup(text, "html.parser") for path, text in texts.items()}
        self.anchors = {
            path: {
                tag[name] for name in ("id", "name") for tag in page.find_all(attrs={name: True})
            }
            for path, page in self.pages.items()
        }
        self.links = 0

    def problems(self) -> list[str]:
        """Return the problems of all pages and styles, each as a line."""
        found = [
            f"{path.relative_to(self.folder)}: {problem}"
            for path, page in sorted(self.pages.items())
            for problem in [
                *self._broken_links(path, page),
                *loads_from_other_hosts(page),
                *without_alternative_text(page),
                *without_title(page),
            ]
        ]
        for path in sorted(self.folder.rglob("*.css")):
            for scheme, rest in CSS_LINK.findall(path.read_text(encoding="utf-8")):
                found.append(f"{path.relative_to(self.folder)}: loads {scheme}{rest}")
        return found

    def _broken_links(self, path: Path, page: BeautifulSoup) -> list[str]:
        addresses = [str(link["href"]) for link in page.find_all("a", href=True)]
        addresses += [str(tag["src"]) for tag in page.find_all(src=True)]
        self.links += len(addresses)
        return [f"broken link {each}" for each in addresses if not self._resolves(path, each)]

    def _resolves(self, path: Path, address: str) -> bool:
        if in_repository := IN_REPOSITORY.match(address):
            return (ROOT / unquote(in_repository[1])).exists()
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            return True
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file() or not target.is_relative_to(self.folder):
            return False
        anchor = unquote(parts.fragment)
        return not anchor or target not in self.anchors or anchor in self.anchors[target]


def loads_from_other_hosts(page: BeautifulSoup) -> list[str]:
    """Return what a page loads from other hosts when it is opened."""
    addresses = [str(tag["src"]) for tag in page.find_all(LOADED, src=True)]
    addresses += [
        part.split()[0]
        for tag in page.find_all(srcset=True)
        for part in str(tag["srcset"]).split(",")
    ]
    addresses += [str(tag["href"]) for tag in page.find_all("link", href=True) if is_loaded(tag)]
    addresses += [
        scheme + rest
        for style in page.find_all("style")
        for scheme, rest in CSS_LINK.findall(style.get_text())
    ]
    return [f"loads {address}" for address in addresses if urlsplit(address).netloc]


def is_loaded(link: Tag) -> bool:
    """Return True if a browser loads the target of a <link>."""
    return bool(LOADED_RELATIONS & {relation.lower() for relation in link.get("rel") or []})


def without_alternative_text(page: BeautifulSoup) -> list[str]:
    """Return the images that have no alternative text, or only the name of their file."""
    return [
        f"no alternative text: {image.get('src', '')[:80]}"
        for image in page.find_all("img")
        if not (text := str(image.get("alt", "")).strip()) or FILE_NAME.fullmatch(text)
    ]


def without_title(page: BeautifulSoup) -> list[str]:
    """Return a problem if a page has no title, or a notebook or document not one main heading."""
    title = page.title.get_text().strip() if page.title else ""
    headings = len(page.select("article h1"))
    problems = [] if title and "<no title>" not in title else ["no title"]
    if page.select("article") and headings != 1:
        problems.append(f"{headings} headings of the first level")
    return problems


def main() -> int:
    site = Site(Path(sys.argv[1]) if len(sys.argv) > 1 else SITE)
    problems = site.problems()
    print("\n".join(problems[:100]))
    print(f"{len(site.pages)} pages, {site.links} links and images, {len(problems)} problems")
    if not site.pages:
        print(f"{site.folder} has no pages: run make site")
    return 1 if problems or not site.pages else 0


if __name__ == "__main__":
    sys.exit(main())
