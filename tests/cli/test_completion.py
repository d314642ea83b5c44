"""Shell completion by click, set up as the README says."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The command under its own name, as installed."""
    file = tmp_path / "bin" / "arkor-report"
    file.parent.mkdir()
    lines = (f"#!{sys.executable}", "from reportgen.cli import main", "main()", "")
    file.write_text("\n".join(lines))
    file.chmod(0o755)
    return file


def run(program: Path, *command: str, **variables: str) -> str:
    environment = {
        "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(CHECKOUT),
        "HOME": str(program.parent),
        **variables,
    }
    done = subprocess.run(
        command or [str(program)],
        env=environment,
        cwd=program.parent,
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(program: Path, shell: str) -> None:
    script = run(program, _ARKOR_REPORT_COMPLETE=f"{shell}_source")
    assert f"_ARKOR_REPORT_COMPLETE={shell}_complete" in script
    if shutil.which(shell):
        run(program, shell, "-n", "-c", script)


@pytest.mark.parametrize(
    ("words", "position", "expected"),
    [
        ("arkor-report ", 1, {"build", "snapshot", "render", "merge", "doctor", "config"}),
        ("arkor-report build --lay", 2, {"--layout"}),
        ("arkor-report build --layout ", 3, {"inline", "linked"}),
        ("arkor-report render --so", 2, {"--source"}),
        ("arkor-report snapshot --sou", 2, {"--source"}),
        ("arkor-report snapshot --sing", 2, set()),
    ],
)
def test_bash_is_offered_what_may_follow(
    program: Path, words: str, position: int, expected: set[str]
) -> None:
    answer = run(
        program,
        _ARKOR_REPORT_COMPLETE="bash_complete",
        COMP_WORDS=words,
        COMP_CWORD=str(position),
    )
    assert {line.partition(",")[2] for line in answer.splitlines() if line} == expected


def test_a_broken_configuration_file_does_not_break_completion(program: Path) -> None:
    (program.parent / "arkor-report.toml").write_text("broken")
    answer = run(
        program,
        _ARKOR_REPORT_COMPLETE="bash_complete",
        COMP_WORDS="arkor-report build --layout ",
        COMP_CWORD="3",
    )
    assert "plain,linked" in answer


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes(program: Path) -> None:
    typed = shlex.quote("arkor-report build --layout l")
    script = (
        'eval "$(_ARKOR_REPORT_COMPLETE=bash_source arkor-report)"\n'
        f"COMP_WORDS=({shlex.split(typed)[0]}); COMP_CWORD=3\n"
        "_arkor_report_completion arkor-report\n"
        'echo "${COMPREPLY[@]}"\n'
    )
    assert run(program, "bash", "-c", script) == "linked\n"
