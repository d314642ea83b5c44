"""The wheel's files: a missing folder builds silently, so they are listed here."""

import subprocess
import sys
import zipfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RECORDING = 400_000
"""Bytes that the demo recording may take in the wheel."""


def test_the_wheel_holds_code_templates_and_recording(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("arkor_report-*-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
        names = set(sizes)
    sources = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "reportgen").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    templates = {
        f"reportgen/{path.relative_to(CHECKOUT).as_posix()}"
        for path in (CHECKOUT / "templates").rglob("*")
        if path.is_file()
    }
    assert "reportgen/templates/scripts/chart_model.mjs" in templates
    assert not any(name.endswith(".py") for name in templates)
    assert {name for name in names if ".dist-info/" not in name} == sources | templates
    recording = {name: size for name, size in sizes.items() if "/recording/" in name}
    assert len(recording) == 25
    assert sum(recording.values()) < RECORDING
    assert any(name.endswith("licenses/LICENSE") for name in names)
