"""The same command however Python is started and whatever it is installed with."""

import codecs
from pathlib import Path

import httpx
import pytest

from tests.command import Command
from tests.standin import StandIn, job, reply, training

pytestmark = pytest.mark.thorough

JOB = job("job_done", events=training(5))


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error"},
        {"PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1", "LC_ALL": "C", "TZ": "Nowhere"},
    ],
    ids=str,
)
def test_a_report_is_the_same_under_every_option_of_python(
    command: Command, variables: dict[str, str]
) -> None:
    with StandIn(JOB) as studio:
        epoch = {"SOURCE_DATE_EPOCH": "1777600000"}
        usual = command.build(studio, "-q", **epoch)
        assert (usual.code, usual.stderr) == (0, "")
        pages = {file: file.read_bytes() for file in usual.out.rglob("*.*") if file.is_file()}
        again = command.build(
            studio, "-q", "--refresh", SOURCE_DATE_EPOCH="1777600000", **variables
        )
    assert (again.code, again.stderr) == (0, "")
    assert {file: file.read_bytes() for file in pages} == pages


def test_help_is_the_same_without_docstrings(command: Command) -> None:
    for name in ("", "build", "snapshot", "render", "merge", "doctor", "config"):
        arguments = (*name.split(), "--help")
        assert command.run(*arguments, PYTHONOPTIMIZE="2") == command.run(*arguments)


def test_a_missing_time_zone_package_is_named(command: Command) -> None:
    shadow = command.directory / "shadow" / "tzdata"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").touch()
    checkout = Path(__file__).resolve().parents[2]
    built = command.run("build", "--source", "demo", PYTHONPATH=f"{shadow.parent}:{checkout}")
    assert (built.code, built.stdout) == (1, "")
    assert "tzdata" in built.stderr
    assert len(built.stderr.splitlines()) == 1


@pytest.mark.parametrize("name", ["jobs", "credentials", "manifest"])
def test_an_answer_may_begin_with_a_byte_order_mark(command: Command, name: str) -> None:
    with StandIn(JOB) as studio:
        usual = command.build(studio, SOURCE_DATE_EPOCH="1777600000").report
        url, headers = f"{studio.url}/api/{name}", {"X-Arkor-Studio-Token": studio.token}
        body = httpx.get(url, headers=headers).content
        studio.answers.overrides[name] = reply(200, codecs.BOM_UTF8 + body)
        marked = command.build(studio, SOURCE_DATE_EPOCH="1777600000")
    assert (marked.code, marked.report) == (0, usual), marked.stderr


def test_a_token_file_may_begin_with_a_byte_order_mark(command: Command) -> None:
    with StandIn(JOB) as studio:
        file = command.directory / "marked"
        file.write_bytes(codecs.BOM_UTF8 + studio.token.encode() + b"\r\n")
        built = command.run("build", "--url", studio.url, "--token-file", str(file))
    assert built.code == 0, built.stderr
