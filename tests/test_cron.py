"""A week of cron: a build every noon, on jobs that appear, run on, end, fail, stop and vanish."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from tests import wellformed
from tests.command import Command, Result
from tests.standin import (
    Close,
    Event,
    Replay,
    StandIn,
    completed,
    failed,
    job,
    log,
    started,
    training,
)

pytestmark = pytest.mark.thorough

C, F, X, R, Q = "completed", "failed", "cancelled", "running", "queued"
READ = frozenset({C, F, X})


def at(day: int, hour: int = 0) -> str:
    return f"2026-05-{10 + day:02}T{hour:02}:00:00.000Z"


def noon(day: int) -> str:
    return str(int(datetime(2026, 5, 10 + day, 12, tzinfo=UTC).timestamp()))


# --- The events of each day ----------------------------------------------------------------------


def logs(job_id: str, day: int, steps: Iterable[int]) -> list[Event]:
    """Return what a job logs on a day, with an id for each event."""
    logged = [(step, log(step, round(0.4 + 2 / step, 4), job_id, at(day))) for step in steps]
    return [Event(event.name, event.data, f"{job_id}-{step}") for step, event in logged]


def begun(job_id: str, day: int, steps: Iterable[int]) -> list[Event]:
    first = started(job_id, at(day))
    return [Event(first.name, first.data, f"{job_id}-0"), *logs(job_id, day, steps)]


def without_ids(events: Iterable[Event]) -> list[Event]:
    return [Event(event.name, event.data) for event in events]


def first_day(studio: StandIn) -> None:
    for job_id, steps in (("old", 20), ("leaves", 4)):
        events = training(steps, job_id)
        studio.jobs.add(job(job_id, C, events=events, createdAt=at(0, 1), completedAt=at(0, 2)))
    studio.jobs.add(job("runner", R, events=begun("runner", 1, range(1, 6)), createdAt=at(0, 3)))
    studio.jobs.add(job("ends", Q, script=Replay("ignore"), createdAt=at(0, 4)))
    studio.jobs.add(job("lost", R, events=begun("lost", 1, [1, 2]), createdAt=at(0, 5)))


def second_day(studio: StandIn) -> None:
    studio.jobs.send("runner", *logs("runner", 2, range(6, 10)))
    studio.jobs.update("ends", status=R, startedAt=at(2))
    studio.jobs.send("ends", *begun("ends", 2, [1, 2, 3]))
    # Events without ids, two of them alike: each counts.
    events = without_ids(begun("fails", 2, [1, 2, 2, 3]))
    fails = job("fails", R, events=events, script=Replay("ignore"), createdAt=at(2, 1))
    studio.jobs.add(fails, first=True)
    events = begun("stops", 2, range(1, 7))
    stops = job("stops", R, events=events, script=Replay("ignore"), createdAt=at(2, 2))
    studio.jobs.add(stops, first=True)


def third_day(studio: StandIn) -> None:
    studio.jobs.send("runner", *logs("runner", 3, range(10, 14)))
    studio.jobs.send("ends", *logs("ends", 3, [4, 5, 6]))
    studio.jobs.send("stops", *logs("stops", 3, [7, 8]))
    studio.jobs.send("lost", *logs("lost", 3, [3, 4]))
    studio.jobs.send("fails", *without_ids(logs("fails", 3, [3, 4])))
    studio.jobs.send("fails", failed("CUDA out of memory", "fails", at(3, 3)))
    studio.jobs.update("fails", status=F, completedAt=at(3, 3), error="CUDA out of memory")
    studio.jobs.finish("fails", Close())
    studio.jobs.remove("leaves")


def fourth_day(studio: StandIn) -> None:
    studio.jobs.send("runner", *logs("runner", 4, range(14, 18)))
    studio.jobs.send("ends", *logs("ends", 4, [7, 8]))
    last = completed([{"name": "adapter"}], "ends", at(4, 4))
    studio.jobs.send("ends", Event(last.name, last.data, "ends-9"))
    studio.jobs.update("ends", status=C, completedAt=at(4, 4))
    studio.jobs.finish("ends", Close())
    studio.jobs.remove("lost")


def fifth_day(studio: StandIn) -> None:
    studio.jobs.send("runner", *logs("runner", 5, [18, 19, 20]))
    # Only the list reports the end of this one; its stream stays open.
    studio.jobs.send("stops", *logs("stops", 5, [9]))
    studio.cancel("stops", at(5, 1))
    young = job("young", C, events=training(10, "young"), createdAt=at(4, 20),
                startedAt=at(4, 20), completedAt=at(5, 2))  # fmt: skip
    studio.jobs.add(young, first=True)


def sixth_day(studio: StandIn) -> None:
    """Change nothing."""


def seventh_day(studio: StandIn) -> None:
    studio.jobs.send("runner", *logs("runner", 7, range(21, 31)))
    events = [*begun("late", 7, [1]), failed("no such dataset", "late", at(7, 1))]
    late = job("late", F, events=events, createdAt=at(6, 20), startedAt=at(7), completedAt=at(7, 1),
               error="no such dataset")  # fmt: skip
    studio.jobs.add(late, first=True)


WEEK: Final[tuple[Callable[[StandIn], None], ...]] = (
    first_day, second_day, third_day, fourth_day, fifth_day, sixth_day, seventh_day,
)  # fmt: skip

# --- The expected reports ------------------------------------------------------------------------

Row = tuple[str, int, bool]
"""A job's status, how many events it has, and whether it is listed."""

ROWS: Final[tuple[dict[str, Row], ...]] = (
    {
        "old": (C, 23, True), "leaves": (C, 7, True), "runner": (R, 6, True),
        "ends": (Q, 0, True), "lost": (R, 3, True),
    },
    {
        "stops": (R, 7, True), "fails": (R, 5, True), "old": (C, 23, True), "leaves": (C, 7, True),
        "runner": (R, 10, True), "ends": (R, 4, True), "lost": (R, 3, True),
    },
    {
        "stops": (R, 9, True), "fails": (F, 8, True), "old": (C, 23, True),
        "runner": (R, 14, True), "ends": (R, 7, True), "lost": (R, 5, True),
        "leaves": (C, 7, False),
    },
    {
        "stops": (R, 9, True), "fails": (F, 8, True), "old": (C, 23, True),
        "runner": (R, 18, True), "ends": (C, 10, True),
        "lost": (R, 5, False), "leaves": (C, 7, False),
    },
    {
        "young": (C, 13, True), "stops": (X, 10, True), "fails": (F, 8, True),
        "old": (C, 23, True), "runner": (R, 21, True), "ends": (C, 10, True),
        "lost": (R, 5, False), "leaves": (C, 7, False),
    },
    {
        "young": (C, 13, True), "stops": (X, 10, True), "fails": (F, 8, True),
        "old": (C, 23, True), "runner": (R, 21, True), "ends": (C, 10, True),
        "lost": (R, 5, False), "leaves": (C, 7, False),
    },
    {
        "late": (F, 3, True), "young": (C, 13, True), "stops": (X, 10, True),
        "runner": (R, 31, True),
    },
)  # fmt: skip

MARKS: Final[tuple[dict[str, str], ...]] = (
    {},
    {"stops": "new", "fails": "new"},
    {"fails": "failed"},
    {"ends": "ended"},
    {"young": "new", "stops": "ended"},
    {},
    {"late": "new"},
)

NEWS: Final = ("", "2 new", "1 failed", "1 ended", "1 ended, 1 new", "", "1 new")

OPENED: Final = (
    ["ends", "leaves", "lost", "old", "runner"],
    ["ends", "fails", "lost", "runner", "stops"],
    ["ends", "fails", "lost", "runner", "stops"],
    ["ends", "runner", "stops"],
    ["runner", "stops", "young"],
    ["runner"],
    ["late", "runner"],
)

STEPS: Final = {
    "old": [*range(1, 21)],
    "leaves": [1, 2, 3, 4],
    "lost": [1, 2, 3, 4],
    "ends": [*range(1, 9)],
    "fails": [1, 2, 2, 3, 3, 4],
    "stops": [*range(1, 10)],
    "young": [*range(1, 11)],
    "runner": [*range(1, 31)],
    "late": [1],
}
"""Every step that a job logs, in the order in which it does."""


# --- The week ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class File:
    """A file, with what distinguishes it from another one in its place."""

    data: bytes
    inode: int
    written: int

    def is_untouched(self, later: "File") -> bool:
        return (self.inode, self.written) == (later.inode, later.written)


@dataclass(frozen=True)
class Day:
    """What a build left behind, and which streams it opened."""

    result: Result
    files: dict[str, File]
    opened: list[str]

    @property
    def report(self) -> Any:
        return json.loads(self.files["report.json"].data)

    def text(self, name: str) -> str:
        return self.files[name].data.decode()


def files_of(out: Path) -> dict[str, File]:
    """Return all files of a report except the tool's own."""
    return {
        path.relative_to(out).as_posix(): File(
            path.read_bytes(), path.stat().st_ino, path.stat().st_mtime_ns
        )
        for path in out.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def play(command: Command, studio: StandIn) -> Iterator[Day]:
    """Build on each day, after that day's events; the last build keeps only some jobs.

    On the quiet day, also render the same snapshot into an empty directory.
    """
    for number, happen in enumerate(WEEK, 1):
        happen(studio)
        asked = len(studio.requests)
        keep = ["--keep-last", "3"] if number == len(WEEK) else []
        result = command.build(
            studio, "--max-wait", "0", "--settle", "1s", *keep, SOURCE_DATE_EPOCH=noon(number)
        )
        if number == 6:
            fresh = command.run("render", "--out", "fresh")
            assert fresh.code == 0, fresh.stderr
        opened = [request.job_id for request in studio.requests[asked:] if request.job_id]
        yield Day(result, files_of(result.out), sorted(opened))


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> tuple[Day, ...]:
    with StandIn() as studio:
        return tuple(play(Command(tmp_path_factory.mktemp("week")), studio))


def test_each_build_succeeds_and_prints_the_reports_path(week: tuple[Day, ...]) -> None:
    for day in week:
        assert (day.result.code, day.result.stdout) == (0, "out/index.html\n"), day.result.stderr


@pytest.mark.parametrize("number", range(len(WEEK)))
def test_report_json_has_every_job_as_of_that_day(week: tuple[Day, ...], number: int) -> None:
    report = week[number].report
    rows = {
        job["id"]: (job["status"], job["stream"]["events"], job["listed"]) for job in report["jobs"]
    }
    assert list(rows.items()) == list(ROWS[number].items())
    assert report["snapshotAt"] == at(number + 1, 12).replace(".000", "")
    for entry in report["jobs"]:
        state = "complete" if entry["status"] in READ else "caught-up"
        assert entry["stream"]["state"] == state, entry
        assert entry["stream"]["reconnects"] == entry["stream"]["skipped"] == 0
    statuses = [status for status, _, _ in ROWS[number].values()]
    assert report["counts"] == {each: statuses.count(each) for each in (Q, R, C, F, X)}


@pytest.mark.parametrize("number", range(len(WEEK)))
def test_the_home_page_marks_what_is_new_ended_or_failed(
    week: tuple[Day, ...], number: int
) -> None:
    home = week[number].text("index.html")
    rows = re.findall(r'<a href="jobs/([a-z]+)\.html">[^\n]*', home)
    marks = re.findall(r'href="jobs/([a-z]+)\.html"><bdi>[a-z]+</bdi></a> <em>(\w+)<', home)
    assert rows == list(ROWS[number])
    assert dict(marks) == MARKS[number]
    assert re.findall("Since the previous snapshot: ([^<]*)<", home) == [
        *filter(None, [NEWS[number]])
    ]


def test_every_event_counts_once_and_none_is_lost(week: tuple[Day, ...]) -> None:
    """Whether a server resumes after the last event or replays everything, with ids or without."""
    for job_id, steps in STEPS.items():
        last = next(day for day in reversed(week) if f"jobs/{job_id}.csv" in day.files)
        table = list(csv.DictReader(last.text(f"jobs/{job_id}.csv").splitlines()))
        assert [int(row["step"]) for row in table] == steps
        log_steps = re.findall(
            r"^\[log\] step=(\d+)", last.text(f"jobs/{job_id}.log.txt"), re.MULTILINE
        )
        assert [int(step) for step in log_steps] == steps


@pytest.mark.parametrize("number", range(len(WEEK)))
def test_only_streams_that_are_not_drained_are_opened(week: tuple[Day, ...], number: int) -> None:
    assert week[number].opened == OPENED[number]


# --- What is rewritten ---------------------------------------------------------------------------


def is_read(row: Row) -> bool:
    return row[0] in READ


def days_and_the_ones_before(week: tuple[Day, ...]) -> list[tuple[int, Day, Day]]:
    return [(number, week[number - 1], week[number]) for number in range(1, len(week))]


def test_a_finished_jobs_files_never_change(week: tuple[Day, ...]) -> None:
    """Neither bytes nor times change, except for the page of a job that is no longer listed."""
    compared = 0
    for number, before, day in days_and_the_ones_before(week):
        for job_id, row in ROWS[number].items():
            then = ROWS[number - 1].get(job_id)
            if then is None or not is_read(then):
                continue
            names = [f"jobs/{job_id}.csv", f"jobs/{job_id}.log.txt"]
            names += [f"jobs/{job_id}.html"] if then == row else []
            for name in names:
                assert before.files[name] == day.files[name], (number, name)
                compared += 1
    assert (
        compared == 3 * (2 + 2 + 3 + 4 + 6 + 2) - 1
    )  # `leaves` is no longer listed on the third day


def test_only_what_has_news_is_rewritten(week: tuple[Day, ...]) -> None:
    for number, before, day in days_and_the_ones_before(week):
        for name in before.files.keys() & day.files.keys():
            untouched = before.files[name].is_untouched(day.files[name])
            assert untouched == (before.files[name].data == day.files[name].data), (number, name)


def test_files_left_unchanged_equal_those_of_a_fresh_render(week: tuple[Day, ...]) -> None:
    day = week[5]
    fresh = files_of(day.result.directory / "fresh")
    assert {name: file.data for name, file in fresh.items()} == {
        name: file.data for name, file in day.files.items()
    }


def rewritten(before: Day, day: Day) -> set[str]:
    return {
        name
        for name in before.files.keys() & day.files.keys()
        if not before.files[name].is_untouched(day.files[name])
    }


def job_files_with_news(number: int) -> set[str]:
    """Return the files of known jobs that have news: events, or a page of an open job."""
    names = set()
    for job_id, row in ROWS[number].items():
        then = ROWS[number - 1].get(job_id)
        if then is None:
            continue
        if then[1] != row[1]:
            names |= {f"jobs/{job_id}.csv", f"jobs/{job_id}.log.txt"}
        if then != row or not is_read(row):  # the page of an open job shows its time
            names.add(f"jobs/{job_id}.html")
    return names


def test_exactly_the_files_with_news_change(week: tuple[Day, ...]) -> None:
    for number, before, day in days_and_the_ones_before(week):
        changed = rewritten(before, day)
        assert {name for name in changed if "/" in name} == job_files_with_news(number), number
        common = {"index.html", "report.json", "summary.md", "junit.xml", "compare.html"}
        assert {name for name in changed if "/" not in name} - {"badge.svg"} == common
    # The badge counts passed and failed jobs, and neither changed on the sixth day.
    assert "badge.svg" not in rewritten(week[4], week[5])
    assert "badge.svg" in rewritten(week[2], week[3])


def test_files_come_and_go_with_their_jobs(week: tuple[Day, ...]) -> None:
    common = {"index.html", "report.json", "summary.md", "junit.xml", "badge.svg", "compare.html"}
    for number, day in enumerate(week):
        of_jobs = {
            f"jobs/{job_id}.{kind}"
            for job_id in ROWS[number]
            for kind in ("html", "csv", "log.txt")
        }
        assert day.files.keys() == common | of_jobs


def test_a_jobs_line_keeps_its_colour(week: tuple[Day, ...]) -> None:
    row = re.compile(
        r'<tr data-job="(\w+)"[^>]*><th scope="row"><svg[^>]*><path class="(k\d)"[^>]*?'
        r'( stroke-dasharray="[\d ]+")?/>'
    )
    seen: dict[str, set[tuple[str, str]]] = {}
    for number, day in enumerate(week):
        found = row.findall(day.text("compare.html"))
        assert {job_id for job_id, _, _ in found} == {
            job_id for job_id, (status, _, _) in ROWS[number].items() if status != Q
        }
        for job_id, colour, dash in found:
            seen.setdefault(job_id, set()).add((colour, dash))
    assert seen.keys() == STEPS.keys()
    assert {job_id: len(looks) for job_id, looks in seen.items()} == dict.fromkeys(seen, 1)
    # Nine jobs in eight colours: a dash marks the ninth.
    assert len({look for looks in seen.values() for look in looks}) == len(seen)


# --- Retention -----------------------------------------------------------------------------------


def test_dropped_jobs_are_reported_and_removed(week: tuple[Day, ...]) -> None:
    *earlier, last = week
    assert not any("--keep-last" in day.result.stderr for day in earlier)
    (line,) = [line for line in last.result.stderr.splitlines() if "--keep-last 3" in line]
    assert "5 jobs are dropped" in line
    kept = {path.name for path in last.result.directory.glob(".arkor-report/*/events/*")}
    assert {name.partition("-")[0] for name in kept} == ROWS[-1].keys()
    for name, file in last.files.items():
        for gone in ("leaves", "lost", "fails", "ends"):
            assert f"jobs/{gone}.".encode() not in file.data, (name, gone)


@pytest.mark.parametrize("number", range(len(WEEK)))
def test_everything_is_well_formed(week: tuple[Day, ...], number: int) -> None:
    files = {name: file.data for name, file in week[number].files.items()}
    wellformed.check(files)
    rows = {row[0]: row[1] for row in wellformed.rows_of(files["summary.md"].decode())}
    assert rows == {
        f"{job_id} ({job_id})": status for job_id, (status, _, _) in ROWS[number].items()
    }


# --- Between builds ------------------------------------------------------------------------------


def test_render_changes_nothing_between_two_builds(command: Command) -> None:
    """It keeps the marks of the last build, and the next build compares with that one."""
    with StandIn(job("a", events=training(3, "a")), job("b", events=training(3, "b"))) as studio:
        command.build(studio, SOURCE_DATE_EPOCH=noon(1))
        studio.jobs.add(job("c", events=training(3, "c")))
        built = files_of(command.build(studio, SOURCE_DATE_EPOCH=noon(2)).out)
        result = command.run("render", SOURCE_DATE_EPOCH=noon(5))
        assert (result.code, files_of(result.out)) == (0, built), result.stderr
        assert b"</a> <em>new" in built["index.html"].data
        again = command.build(studio, SOURCE_DATE_EPOCH=noon(3))
    assert "</a> <em>" not in (again.out / "index.html").read_text("utf-8")


def test_a_build_that_starts_while_the_last_one_still_waits(command: Command) -> None:
    running = job("runs", R, events=begun("runs", 1, [1, 2]))
    with StandIn(running) as studio:
        first = command.start("build", *command.options(studio))
        studio.wait_for_opening("runs")
        second = command.build(studio, "--max-wait", "0")
        assert second.code == 1
        assert second.stdout == ""
        assert "Another build is working on the snapshot directory" in second.stderr
        assert len(second.stderr.splitlines()) <= 2
        assert not second.out.exists()
        assert len(studio.openings("runs")) == 1
        studio.jobs.send("runs", completed([], "runs", at(1)))
        studio.jobs.update("runs", status=C, completedAt=at(1))
        studio.jobs.finish("runs", Close())
        stdout, stderr = first.communicate(timeout=300)
    assert (first.returncode, stdout) == (0, "out/index.html\n"), stderr
    assert second.job("runs")["stream"]["events"] == 4
