"""Settings of the site, which `make site` builds into build/site.

The source folder is the root of the repository, so that one relative link between the pages in
docs/ and the notebooks works on GitHub and on the site. Sphinx shows the outputs that are stored in
the notebooks and runs nothing.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).with_name("_ext")))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = str(PROJECT["name"])
release = version = str(PROJECT["version"])
author = f"The {project} contributors"
project_copyright = f"{author}, {PROJECT['license']} license"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "repository_links",
    "type_aliases",
]
root_doc = "docs/index"
include_patterns = ["docs/*.md", "docs/*.rst", "notebooks/*.ipynb", "CHANGELOG.md"]
exclude_patterns = [".*", "build", "dist", "tests", "visionhelpers", "visionservice"]
repository_url = str(PROJECT["urls"]["Repository"])

nb_execution_mode = "off"
nb_ipywidgets_js: dict[str, dict[str, str]] = {}  # by default two scripts from other hosts
myst_heading_anchors = 4

OTHER_PACKAGES = (
    "Axes", "PIL", "collections", "concurrent", "ipywidgets", "matplotlib", "os", "pandas",
    "pathlib", "pd", "requests", "t",
)  # fmt: skip
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", rf"({'|'.join(OTHER_PACKAGES)})\b.*"),
    (
        r"py:class",
        r"(visionhelpers\.explorer\.query\.QueryResult|visionservice\.gallery\.gallery\.Gallery)",
    ),
    (r"py:class", r"tuple\[str"),  # of tuple[str, ...]
    (r"py:obj", r".*"),  # `…` in a docstring links to a name that the reference contains
]
default_role = "py:obj"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_type_aliases = {
    "ImageInput": "visionhelpers.ImageInput",
    "Input": "visionhelpers.ImageInput",
    "Result": "visionhelpers.results.Result",
}
python_use_unqualified_type_names = True
add_module_names = False
toc_object_entries_show_parents = "hide"
smartquotes = False  # docstrings quote values, such as "20/minute"

templates_path: list[str] = []
html_theme = "sphinx_book_theme"
html_title = project
html_extra_path = ["_root"]
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
html_theme_options = {
    "repository_url": repository_url,
    "repository_branch": "HEAD",
    "path_to_docs": "",
    "use_repository_button": True,
    "use_source_button": True,
    "launch_buttons": {
        "binderhub_url": "https://mybinder.org",
        "notebook_interface": "jupyterlab",
    },
    "footer_content_items": ["copyright.html"],
    "home_page_in_toc": True,
    "navbar_persistent": [],  # the search field is in the sidebar
    "show_toc_level": 2,
    "show_navbar_depth": 2,
}
html_context = {"default_mode": "auto"}  # light or dark, as the browser asks
copybutton_exclude = ".linenos, .gp, .go"
