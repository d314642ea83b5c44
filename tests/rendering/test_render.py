"""`render`, and rendering again: no network, the same bytes, and only the work that news needs."""

import os
import socket
import time
from pathlib import Path

import pytest

from reportgen import build
from reportgen.model.selection import Selection
from reportgen.rendering import render
from reportgen.snapshot.retention import Retention
from reportgen.text.secrets import Secrets
from tests import samples
from tests.command import Command
from tests.standin import StandIn, completed, failed, job, training
from tests.standin.events import Event

EPOCH = "1777600000"


def test_no_socket_is_opened(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(job("a", events=training(5, "a"))) as studio:
        built = command.build(studio)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("render opened a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    output = samples.output(command.directory / "again")
    build.render_only(
        command.directory / ".arkor-report",
        (None, None),
        Selection(),
        Retention(),
        output,
        warn=lambda _: None,
        secrets=Secrets(),
    )
    for name in ("index.html", "jobs/a.html", "report.json"):
        assert (output.out / name).read_bytes() == (built.out / name).read_bytes()


def test_the_same_bytes_wherever_it_is_rendered(command: Command) -> None:
    with StandIn(
        job("a", events=training(30, "a"), name="é <b>"),
        job("b", "queued"),
        job("A", "failed", events=[failed("no")]),
    ) as studio:
        command.build(studio, "--max-wait", "0", "--settle", "0.5s")
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


@pytest.mark.thorough
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
        return [entry["id"] for entry in result.report["jobs"]]

    assert shown() == ["a", "b"]
    # running according to the list, failed according to its page
    assert shown("--status", "failed") == ["a"]
    assert shown("--limit", "1") == ["a"]
    assert shown("--job", "b") == ["b"]
    assert shown("--job", "c") == []
    assert command.run("render", "--job", "nobody").code == 3


def test_the_source_fetched_last_unless_another_is_named(command: Command) -> None:
    with StandIn(job("a", events=training(3, "a"))) as studio:
        command.build(studio)
    command.run("snapshot", "--source", "demo", "--limit", "2")
    assert len(command.run("render").report["jobs"]) == 2
    assert len(command.run("render", "--url", studio.url).report["jobs"]) == 1


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
        ("none", ["--theme", "dark"]), ("page", []), ("csv", []), ("list", []), ("records", []),
    ],
)  # fmt: skip
@pytest.mark.thorough
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
                ours.write_text(ours.read_text().replace('"madeFrom"', '"elsewhere"'))
            case "records":
                (records,) = (command.directory / ".arkor-report").rglob("rendered.jsonl")
                records.write_bytes(records.read_bytes()[: -records.stat().st_size // 2])
        second = command.build(studio, *options)
    assert second.code == 0, second.stderr
    assert (second.out / "jobs" / "a.csv").exists()
    assert (page.read_bytes() == before) == (change in {"page", "csv", "list", "records"})


@pytest.mark.thorough
def test_reports_of_one_snapshot_share_what_was_rendered(command: Command) -> None:
    with StandIn(*(job(f"j{n}", events=training(9, f"j{n}")) for n in range(2))) as studio:
        light = command.build(studio)
    dark = command.run("render", "-o", "dark", "--theme", "dark")
    before = stamps(light.out), stamps(dark.out)
    again = command.run("render", "-o", "dark", "--theme", "dark")
    assert (stamps(command.run("render").out), stamps(again.out)) == before
    # What is stored of the light pages does not mean that they are in the other directory.
    other = command.run("render", "-o", "dark")
    assert [(other.out / "jobs" / f"j{n}.html").read_bytes() for n in range(2)] == [
        (light.out / "jobs" / f"j{n}.html").read_bytes() for n in range(2)
    ]


@pytest.mark.thorough
def test_nothing_is_stored_of_a_job_that_is_dropped(command: Command) -> None:
    jobs = [
        job(f"j{n}", events=training(3, f"j{n}"), completedAt=f"2026-05-0{n + 1}T00:00:00Z")
        for n in range(2)
    ]
    with StandIn(*jobs) as studio:
        command.build(studio)
        (records,) = (command.directory / ".arkor-report").rglob("rendered.jsonl")
        assert b'"j0"' in records.read_bytes()
        command.build(studio, "--keep-last", "1")
    assert b'"j0"' not in records.read_bytes()
    assert b'"j1"' in records.read_bytes()


# --- What is about all jobs ----------------------------------------------------------------------


def names(out: Path) -> set[str]:
    return {path.name for path in out.iterdir() if path.is_file()}


def linking(out: Path) -> set[str]:
    """Return the slugs of the jobs whose pages link to the comparison."""
    return {
        page.stem
        for page in (out / "jobs").glob("*.html")
        if f'href="../compare.html#jobs={page.stem}"' in page.read_text("utf-8")
    }


def test_there_is_a_comparison_from_two_jobs_with_points_on(command: Command) -> None:
    with StandIn(job("a", events=training(9, "a")), job("b", "queued")) as studio:
        first = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        assert "compare.html" not in names(first.out)
        assert 'href="compare.html"' not in (first.out / "index.html").read_text("utf-8")
        assert linking(first.out) == set()
        studio.jobs.add(job("c", events=training(9, "c")))
        second = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        text = (second.out / "compare.html").read_text("utf-8")
        assert 'data-job="a"' in text
        assert 'data-job="c"' in text
        assert 'data-job="b"' not in text
        assert 'href="compare.html"' in (second.out / "index.html").read_text("utf-8")
        assert linking(second.out) == {"a", "c"}
        before = stamps(second.out)
        third = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        assert linking(third.out) == {"a", "c"}
        pages = {name for name in before if name.endswith(("a.html", "c.html"))}
        assert {name: stamps(third.out)[name] for name in pages} == {
            name: before[name] for name in pages
        }


def test_the_comparison_of_known_jobs_reads_no_log(command: Command) -> None:
    with StandIn(*(job(f"j{n}", events=training(30, f"j{n}")) for n in range(3))) as studio:
        first = command.build(studio, SOURCE_DATE_EPOCH="1777600000")
        before = (first.out / "compare.html").read_bytes()
        for log in (command.directory / ".arkor-report").rglob("*.log"):
            stamp = log.stat().st_mtime_ns
            log.write_bytes(b"?" * log.stat().st_size)
            os.utime(log, ns=(stamp, stamp))
        second = command.build(studio, SOURCE_DATE_EPOCH="1777600000")
    assert second.code == 0, second.stderr
    assert second.stderr.count("damaged") == 0
    assert (second.out / "compare.html").read_bytes() == before


def test_a_log_has_a_byte_order_mark_if_it_is_not_plain_ascii(command: Command) -> None:
    plain = training(3, "plain")
    other = [*training(3, "other"), Event("training.failed", '{"error":"メモリ不足"}')]
    with StandIn(job("plain", events=plain), job("other", "failed", events=other)) as studio:
        built = command.build(studio)
    jobs = built.out / "jobs"
    assert (jobs / "plain.log.txt").read_bytes().startswith(b"[")
    text = (jobs / "other.log.txt").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf[")
    assert text.count(b"\xef\xbb\xbf") == 1
    assert "メモリ不足" in text.decode()


def test_layouts_come_and_go_whole(command: Command) -> None:
    with StandIn(*(job(f"j{n}", events=training(9, f"j{n}")) for n in range(2))) as studio:
        plain = command.build(studio)
        expected = names(plain.out)
        inline = (plain.out / "jobs" / "j0.html").read_bytes()
        linked = command.run("render", "--layout", "linked", "--single-file")
        assert names(linked.out) == expected | {"report.css", "report.js", "report.html"}
        assert b"../report.css" in (linked.out / "jobs" / "j0.html").read_bytes()
        assert b"report.css" not in (linked.out / "report.html").read_bytes()
        again = command.run("render")
    assert names(again.out) == expected
    assert (again.out / "jobs" / "j0.html").read_bytes() == inline


def test_a_large_single_file_causes_a_warning() -> None:
    assert render.size_warning(25_000_000) is None
    assert "30 MB" in str(render.size_warning(30_000_000))


def test_render_drops_jobs_from_the_pages_only(command: Command) -> None:
    ended = [
        job(f"j{n}", events=training(3, f"j{n}"), completedAt=f"2026-05-0{n + 1}T00:00:00Z")
        for n in range(3)
    ]
    with StandIn(*ended) as studio:
        command.build(studio)
    few = command.run("render", "--keep-last", "1")
    assert [entry["id"] for entry in few.report["jobs"]] == ["j2"]
    assert not (few.out / "jobs" / "j0.html").exists()
    assert len(command.run("render").report["jobs"]) == 3


@pytest.mark.thorough
def test_shards_of_one_render_have_no_job_in_common(command: Command) -> None:
    with StandIn(*(job(f"j{n}", events=training(3, f"j{n}")) for n in range(9))) as studio:
        command.build(studio)
    shards = [
        [entry["id"] for entry in command.run("render", "--shard", f"{n}/2").report["jobs"]]
        for n in (1, 2)
    ]
    assert sorted(shards[0] + shards[1]) == [f"j{n}" for n in range(9)]


def test_what_changed_is_marked_and_rendering_changes_nothing(command: Command) -> None:
    running = job("r", "running", events=training(3, "r", complete=False))
    with StandIn(job("a", events=training(3, "a")), running) as studio:
        first = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        assert "<em>" not in (first.out / "index.html").read_text("utf-8")
        studio.jobs.add(job("n", events=training(3, "n")))
        studio.jobs.update("r", status="cancelled")
        second = command.build(studio, "--max-wait", "0", "--settle", "0.5s")
        text = (second.out / "index.html").read_text("utf-8")
    assert "Since the previous snapshot: 1 ended, 1 new" in text
    assert text.count("<em>ended</em>") == text.count("<em>new</em>") == 1
    command.run("render", "-o", "again")
    assert (command.directory / "again" / "index.html").read_text("utf-8") == text
