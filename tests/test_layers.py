"""The packages of `reportgen` are layers: each imports only from itself and from those below."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import reportgen

PACKAGE = Path(reportgen.__file__).parent

LAYERS = (
    "__main__",
    "cli",
    "build",
    "console",
    "following",
    "rendering",
    "sources",
    "settings",
    "pages",
    "exports",
    "report",
    "charts",
    "snapshot",
    "model",
    "events",
    "text",
    "files",
    "errors",
)
"""From the top down; the package itself, which holds the version, is below all of them."""


def layer_of(module: str) -> int:
    return LAYERS.index(module.split(".")[1])


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted names of the modules of ours that a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.startswith("reportgen."))
        elif isinstance(node, ast.ImportFrom) and node.module == "reportgen":
            yield from (f"reportgen.{name.name}" for name in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("reportgen."):
            yield node.module or ""


def name_of(path: Path) -> str:
    return ".".join(("reportgen", *path.relative_to(PACKAGE).with_suffix("").parts))


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=name_of)
def test_imports_run_downwards_only(path: Path) -> None:
    if path.parent == PACKAGE and path.name == "__init__.py":
        assert not list(imported(path))
        return
    own = layer_of(name_of(path))
    upwards = [
        module
        for module in imported(path)
        if module != "reportgen.__version__" and layer_of(module) < own
    ]
    assert not upwards


def test_every_entry_is_a_layer() -> None:
    entries = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert entries - {"__init__", "__pycache__", "templates"} == set(LAYERS)
