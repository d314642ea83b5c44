"""The pages' scripts without a browser: their models in Node, and how they are joined.

If Node is missing or too old, its tests are skipped and say why; in CI they fail instead.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from reportgen.pages import SCRIPTS
from reportgen.pages.template import joined

HERE: Final = Path(__file__).parent
TESTS: Final = sorted(HERE.glob("*.test.mjs"))
MODULES: Final = HERE.parents[1] / "templates" / "scripts"
OLDEST: Final = 18
"""The first version of Node with a test runner."""
PATIENCE: Final = 300.0
"""Seconds until a test that hangs fails; all take a few."""

IMPORT: Final = re.compile(r'^import \{ [\w, ]+ \} from "\./(\w+)\.mjs";$', re.MULTILINE)
DOM: Final = re.compile(r"\b(document|window|location|history|navigator)\b")


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    version = _version(found) if found else 0
    if found and version >= OLDEST:
        return found
    reason = f"script tests need Node {OLDEST} or later; there is {version or 'none'}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _version(node: str) -> int:
    return int(_run(node, "--version").stdout.removeprefix("v").split(".")[0])


def _modules() -> Iterator[tuple[str, str]]:
    """Yield each module's name and text in the order in which pages join them."""
    for names in SCRIPTS.values():
        for name in names:
            yield name, (MODULES / f"{name}.mjs").read_text("utf-8")


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, check=False, encoding="utf-8", timeout=PATIENCE
    )


def test_models_in_node(node: str) -> None:
    process = _run(node, "--test", *map(str, TESTS))
    assert process.returncode == 0, process.stdout + process.stderr
    assert re.search(r"^. pass [1-9]", process.stdout, re.MULTILINE)


def test_all_scripts_joined_are_one_that_node_can_parse(node: str, tmp_path: Path) -> None:
    """Two modules that declare the same name would not parse, nor would a leftover import."""
    path = tmp_path / "report.js"
    path.write_text(joined(text for _, text in _modules()), "utf-8")
    process = _run(node, "--check", str(path))
    assert process.returncode == 0, process.stderr


def test_every_module_is_joined_after_those_that_it_imports() -> None:
    before: set[str] = set()
    for name, text in _modules():
        imports = IMPORT.findall(text)
        assert text.count("import ") == len(imports), name
        assert set(imports) <= before, name
        before.add(name)
    assert before == {path.stem for path in MODULES.iterdir()}


def test_every_model_is_tested_and_knows_no_page() -> None:
    models = {name: text for name, text in _modules() if name.endswith("_model")}
    tested = {path.name.removesuffix(".test.mjs") for path in TESTS}
    assert tested == set(models)
    for name, text in models.items():
        assert not DOM.search(text), name
        assert all(module.endswith("_model") for module in IMPORT.findall(text)), name
