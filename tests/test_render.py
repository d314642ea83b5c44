"""`render` and what is rendered again: no network, the same bytes, and no more work than news."""

import os
import socket
import time
from pathlib import Path

import pytest

from reportgen import build, settings
from tests.command import Command
from tests.standin import StandIn, completed, failed, job, training

EPOCH = "1777600000"


def test_no_socket_is_opened(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(job("a", events=training(5, "a"))) as studio:
        built = command.build(studio)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("render opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    options = settings.Settings(
        out=command.directory / "again", snapshot_dir=command.directory / ".arkor-report"
    )
    build.render_only(options, None, None, lambda _: None)
    for name in ("index.html", "jobs/a.html", "report.json"):
        assert (options.out / name).read_bytes() == (built.out / name).read_bytes()


def test_the_same_bytes_wherever_it_is_rendered(command: Command) -> None:
    with StandIn(
        job("a", events=training(30, "a"), name="é <b>"),
        job("b", "queued"),
        job("A", "failed", events=[failed("no")]),
    ) as studio:
        command.build(studio, "--max-wait", "0", "--settle", "0.2s")
    worlds = [
        {"LC_ALL": "C", "TZ": "UTC", "PYTHONHASHSEED": "1"},
        {"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Kolkata", "PYTHONHASHSEED": "2", "PYTHONTZPATH": ""},
    ]
    rendered = []
    for number, world in enumerate(worlds):
        out = f"out-{number}"
        result = command.run("render", "-o", out, "--timezone", "Europe/Berlin", **world)
        assert result.code == 0, result.stderr
        folder = command.directory / out
        rendered.append({
            path.relative_to(folder): path.read_bytes()
            for path in folder.rglob("*") if path.is_file()
        })  # fmt: skip
    assert rendered[0] == rendered[1]
    assert any(b"CEST" in data for data in rendered[0].values())


def test_it_shows_what_was_selected_narrowed_by_what_the_pages_show(command: Command) -> None:
    with StandIn(
        job("a", "running", events=[failed("x")], name="bot-a"),
        job("b", events=[completed()], name="bot-b"),
        job("c", events=[completed()], name="other"),
    ) as studio:
        command.build(studio, "--name", "bot-*")

    def shown(*options: str) -> list[str]:
        result = command.run("render", *options)
        assert result.code == 0, result.stderr
        return [told["id"] for told in result.report["jobs"]]

    assert shown() == ["a", "b"]
    assert shown("--status", "failed") == ["a"]  # the list says running, the page says failed
    assert shown("--limit", "1") == ["a"]
    assert shown("--job", "b") == ["b"]
    assert shown("--job", "c") == []
    assert command.run("render", "--job", "nobody").code == 3


def test_the_source_fetched_last_unless_another_is_named(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        command.build(studio)
        url = studio.url
    command.run("build", "--source", "demo")
    assert len(command.run("render").report["jobs"]) == 8
    assert len(command.run("render", "--source", "studio").report["jobs"]) == 1
    assert len(command.run("render", "--url", url).report["jobs"]) == 1
    assert command.run("render", "--source", "cloud").code == 1


def test_beside_a_running_build(command: Command) -> None:
    running = job("r", "running", events=training(4, "r", complete=False))
    with StandIn(running) as studio:
        process = command.start("build", *command.options(studio))
        studio.wait_for_opening("r")
        time.sleep(0.3)
        result = command.run("render")
        process.kill()
        process.communicate()
    assert result.code == 0, result.stderr
    assert result.job("r")["stream"]["state"] == "interrupted"


# --- Only what changed ---------------------------------------------------------------------------


def stamps(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / "jobs").iterdir()}


def test_nothing_new_renders_nothing(command: Command) -> None:
    jobs = [job(f"j{i}", events=training(20, f"j{i}")) for i in range(5)]
    with StandIn(*jobs) as studio:
        first = command.build(studio)
        before = stamps(first.out)
        for kept in (command.directory / ".arkor-report").rglob("*.log"):
            os.utime(kept, ns=(0, 0))
        asked = len(studio.requests)
        second = command.build(studio)
        assert sorted(request.path for request in studio.requests[asked:]) == [
            "/api/credentials", "/api/jobs", "/api/manifest",
        ]  # fmt: skip
    assert stamps(second.out) == before
    assert second.report["jobs"] == first.report["jobs"]


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ("entry", []), ("none", ["--title", "other"]), ("none", ["--log-lines", "7"]),
        ("none", ["--theme", "dark"]), ("page", []), ("csv", []), ("list", []),
    ],
)  # fmt: skip
def test_in_doubt_it_is_rendered_again(command: Command, change: str, options: list[str]) -> None:
    with StandIn(job("a", events=training(60, "a")), job("b", events=training(3, "b"))) as studio:
        first = command.build(studio)
        page = first.out / "jobs" / "a.html"
        before = page.read_bytes()
        match change:
            case "entry":
                studio.jobs.update("a", name="another")
            case "page":
                page.unlink()
            case "csv":
                (first.out / "jobs" / "a.csv").unlink()
            case "list":
                ours = first.out / ".arkor-report.json"
                ours.write_text(ours.read_text().replace('"key"', '"yek"'))
        second = command.build(studio, *options)
    assert second.code == 0, second.stderr
    assert (second.out / "jobs" / "a.csv").exists()
    assert (page.read_bytes() == before) == (change in {"page", "csv", "list"})
