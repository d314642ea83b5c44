"""A whole CI pipeline: a matrix of shards, their artifacts, and a step that merges and renders."""

import re
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from tests import wellformed
from tests.command import PATIENCE, Command, Result
from tests.standin import (
    Close,
    Cloud,
    Opening,
    Replay,
    StandIn,
    Stream,
    completed,
    failed,
    job,
    log,
    numbered,
    refusal,
    started,
    training,
)

pytestmark = pytest.mark.thorough

PARTS: Final = 3
EVENING: Final = int(datetime(2026, 5, 1, 20, tzinfo=UTC).timestamp())
URL: Final = "https://ci.example/artifacts/report/"
HOSTILE: Final = (
    "evil|[x](javascript:alert(1)) <script>alert(1)</script> **b** `c` @all #1\n"
    "::error::pwned\r::warning::pwned\n##[error]pwned ]]> &amp; é"
)


def breaking_once(opening: Opening) -> Stream:
    """Break the first connection of each reader after five events."""
    return Replay(breaks=[5] * 100 if opening.last_event_id is None else [])(opening)


JOBS: Final = (
    job("sweep-1", events=training(30, "sweep-1"), name="sweep", config={"maxSteps": 30}),
    job("sweep-2", events=training(20, "sweep-2"), name="sweep", config={"maxSteps": 20}),
    job("best", events=training(40, "best"), createdAt="2026-05-01T01:00:00Z"),
    job("oom", "failed", name=HOSTILE, error="the list's own words", events=numbered(
        [started("oom"), log(1, 2.5, "oom"), failed("CUDA: 100 % of memory\n::error::pwned", "oom")]
    )),
    job("diverged", events=numbered(
        [started("diverged"), log(1, 2.5, "diverged"), log(2, float("nan"), "diverged"),
         log(3, 4.25, "diverged"), completed([], "diverged")]
    )),
    job("../../e", events=training(5, "e"), name=HOSTILE),
    job("breaks", events=training(12, "breaks"), script=breaking_once),
    job("refused", events=training(9, "refused"), script=refusal(410, "Gone")),
    job("stopped", "cancelled", events=training(6, "stopped", complete=False)),
    job("runs-on", "running", events=training(7, "runs-on", complete=False)),
    job("queued", "queued"),
)  # fmt: skip


# --- The parts of a pipeline ---------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """A step: a command, its own directory, and its time."""

    command: Command
    arguments: Sequence[str]
    at: int


def together(steps: Sequence[Step]) -> list[Result]:
    """Run steps at the same time, as a matrix does, and check that all succeed."""
    started = [
        step.command.start(*step.arguments, SOURCE_DATE_EPOCH=str(step.at)) for step in steps
    ]
    results = []
    for step, process in zip(steps, started, strict=True):
        stdout, stderr = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, stderr
        results.append(Result(process.returncode, stdout, stderr, step.command.directory))
    return results


def machine(place: Path, name: str) -> Command:
    """Return a fresh machine: another home, another directory, both empty."""
    (place / name).mkdir()
    return Command(place / name)


def through_an_artifact(directory: Path, into: Path) -> Path:
    """Upload a directory and download it elsewhere: no dot files, no modes, other times."""
    archive = into / f"{directory.name}.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in directory.rglob("*"):
            if path.is_file() and not path.name.startswith("."):
                packed.write(path, path.relative_to(directory))
    target = into / directory.name
    with zipfile.ZipFile(archive) as packed:
        packed.extractall(target)
    archive.unlink()
    for path in [target, *target.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return target


def fetch_in_shards(
    studio: StandIn, place: Path, *, at: int, cache: Path | None = None
) -> tuple[Path, list[Path]]:
    """Fetch in shards and also in one build. Return the build's machine and the artifacts.

    Each shard reads the list at its own time; the build reads it together with the last shard.
    """
    whole = machine(place, "whole")
    matrix = [machine(place, f"machine-{part}") for part in range(1, PARTS + 1)]
    if cache is not None:
        shutil.copytree(cache, whole.directory / ".arkor-report")
    steps = [Step(whole, ["build", *whole.options(studio), *LOOKS, *WAIT], at + PARTS)]
    for part, shard in enumerate(matrix, 1):
        if cache is not None:
            shutil.copytree(cache, shard.directory / f"shard-{part}")
        named = ["--shard", f"{part}/{PARTS}", "--snapshot-dir", f"shard-{part}"]
        arguments = ["snapshot", *shard.options(studio), *named, *WAIT]
        steps.append(Step(shard, arguments, at + part))
    _, *shards = together(steps)
    assert [shard.stdout for shard in shards] == [f"shard-{n}\n" for n in range(1, PARTS + 1)]
    downloads = place / "downloads"
    downloads.mkdir()
    return whole.directory, [
        through_an_artifact(shard.directory / f"shard-{part}", downloads)
        for part, shard in enumerate(matrix, 1)
    ]


WAIT: Final = ["--max-wait", "0", "--settle", "1s"]
LOOKS: Final = ["--single-file", "--report-url", URL]


def files_of(out: Path) -> dict[str, bytes]:
    """Return all files of a report except the tool's own."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def merge_and_render(command: Command, shards: Sequence[Path]) -> tuple[Result, dict[str, bytes]]:
    """Merge into the machine's own snapshot directory, and render; return the merge's result."""
    merged = command.run("merge", *map(str, shards))
    assert (merged.code, merged.stdout) == (0, ".arkor-report\n"), merged.stderr
    rendered = command.run("render", *LOOKS)
    assert (rendered.code, rendered.stdout) == (0, "out/index.html\n"), rendered.stderr
    return merged, files_of(rendered.out)


# --- The first run -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What the pipeline left behind."""

    studio: StandIn
    place: Path
    whole: Path
    shards: list[Path]
    render: Command

    @property
    def one_build(self) -> dict[str, bytes]:
        return files_of(self.whole / "out")


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    place = tmp_path_factory.mktemp("first")
    with StandIn(*JOBS) as studio:
        whole, shards = fetch_in_shards(studio, place, at=EVENING)
        render = machine(place, "render")
        merged = render.run("merge", *map(str, shards))
        assert (merged.code, merged.stdout, merged.stderr) == (0, ".arkor-report\n", "")
        yield Run(studio, place, whole, shards, render)


def test_shards_are_merged_and_rendered_as_one_build(first_run: Run) -> None:
    held = [len(list(shard.rglob("*.log"))) for shard in first_run.shards]
    assert min(held) >= 2
    assert sum(held) == len(JOBS)
    rendered = first_run.render.run("render", *LOOKS)
    assert rendered.code == 0, rendered.stderr
    files = files_of(rendered.out)
    assert files == first_run.one_build
    entries = {job["id"]: job for job in rendered.report["jobs"]}
    assert list(entries) == [job.id for job in JOBS]
    assert rendered.report["snapshotAt"] == "2026-05-01T20:00:03Z"
    assert entries["breaks"]["stream"] == {
        "state": "complete", "reason": None, "events": 15, "skipped": 0, "reconnects": 1,
    }  # fmt: skip
    states = {job_id: job["stream"]["state"] for job_id, job in entries.items()}
    assert {job_id: state for job_id, state in states.items() if state != "complete"} == {
        "refused": "unavailable", "runs-on": "caught-up", "queued": "caught-up",
    }  # fmt: skip
    # Once by the build and once by its shard.
    assert len(first_run.studio.openings("best")) == 2


def test_the_order_of_the_shards_does_not_matter(first_run: Run) -> None:
    _, files = merge_and_render(machine(first_run.place, "reversed"), first_run.shards[::-1])
    assert files == first_run.one_build


def test_every_file_is_well_formed_whatever_a_job_is_called(first_run: Run) -> None:
    files = first_run.one_build
    wellformed.check(files)
    rows = wellformed.rows_of(files["summary.md"].decode())
    name = " ".join(HOSTILE.split())
    assert [row[0].startswith(name[:60]) for row in rows].count(True) == 2
    assert rows[0][1] == "failed"
    links = re.findall(r"\]\((http[^)]*)\)", files["summary.md"].decode())
    assert links[0] == URL
    assert {link.removeprefix(URL) for link in links[1:]} == {
        name for name in files if name.startswith("jobs/") and name.endswith(".html")
    }


# --- Messages for CI -----------------------------------------------------------------------------

ANNOTATIONS: Final = (
    re.compile(r"::error title=evil\|.* \(oom\) failed::CUDA: 100 %25 of memory :.*pwned"),
    re.compile(
        r"::warning title=refused \(refused\) is incomplete in the report"
        r"::Its event stream is unavailable: .*410.*"
    ),
    re.compile(
        r"::warning title=runs-on \(runs-on\) is incomplete in the report"
        r"::Its event stream is caught-up: .*"
    ),
    re.compile(
        r"::warning title=queued \(queued\) is incomplete in the report"
        r"::Its event stream is caught-up: .*"
    ),
)

GATES: Final = (
    "--fail-on failed: oom (evil|",
    "--fail-on nan: diverged (diverged): 1 loss is not finite",
    "--fail-on loss>4: diverged (diverged): loss 4.25",
)
STRICT: Final = (
    "--strict: refused (refused): stream unavailable",
    "--strict: runs-on (runs-on): stream caught-up",
    "--strict: queued (queued): stream caught-up",
)


def commands_in(stderr: str) -> list[str]:
    """Return the lines that a runner would obey."""
    assert "##[" not in stderr
    return [line for line in re.split("[\r\n]+", stderr) if line.lstrip().startswith("::")]


def gates_in(stderr: str) -> list[str]:
    return [line for line in stderr.splitlines() if "--fail-on" in line or "--strict" in line]


def has_in_order(lines: Sequence[str], expected: Sequence[str]) -> bool:
    """Return whether the lines contain the expected words, in this order."""
    return len(lines) == len(expected) and all(
        words in line for line, words in zip(lines, expected, strict=True)
    )


@dataclass
class Runner:
    """A GitHub runner: a machine with a step summary that already has content."""

    command: Command
    summary: Path

    def render(self, *arguments: str) -> Result:
        self.summary.write_text("What an earlier step said.\n")
        (self.command.directory / "out" / "index.html").unlink(missing_ok=True)
        result = self.command.run(
            "render", *LOOKS, *arguments, GITHUB_ACTIONS="true",
            GITHUB_STEP_SUMMARY=str(self.summary),
        )  # fmt: skip
        assert result.stdout == "out/index.html\n", result.stderr
        assert (result.out / "index.html").is_file()  # whatever the gates decide
        return result


@pytest.fixture
def runner(first_run: Run, tmp_path: Path) -> Runner:
    return Runner(first_run.render, tmp_path / "summary")


def test_fail_on_wins_and_github_gets_summary_and_annotations(
    first_run: Run, runner: Runner
) -> None:
    result = runner.render("--fail-on", "failed,nan,loss>4,eval-loss>0", "--strict")
    assert result.code == 5
    assert has_in_order(gates_in(result.stderr), [*GATES, *STRICT]), result.stderr
    lines = commands_in(result.stderr)
    assert len(lines) == len(ANNOTATIONS)
    for line, expected in zip(lines, ANNOTATIONS, strict=True):
        assert expected.fullmatch(line), line
    summary = (result.out / "summary.md").read_text("utf-8")
    assert runner.summary.read_text("utf-8") == f"What an earlier step said.\n\n{summary}"
    assert files_of(result.out) == first_run.one_build


def test_strict_alone_without_github(runner: Runner) -> None:
    result = runner.render("--strict", "--no-github")
    assert result.code == 4
    assert has_in_order(gates_in(result.stderr), STRICT), result.stderr
    assert commands_in(result.stderr) == []
    assert runner.summary.read_text() == "What an earlier step said.\n"


def test_rules_that_no_job_meets_and_logs_for_machines(runner: Runner) -> None:
    result = runner.render("--fail-on", "loss>5,eval-loss>0", "--log-format", "json")
    assert (result.code, result.stderr) == (0, "")
    assert "## Arkor report" not in result.stdout
    assert len(runner.summary.read_text("utf-8")) > 500  # the summary is not a log


# --- The next run, on a cache that every shard got -----------------------------------------------


@pytest.fixture(scope="module")
def next_run(first_run: Run, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run it once more: jobs were added, one ended, one was cancelled, one is no longer listed."""
    studio, cache = first_run.studio, first_run.whole / ".arkor-report"
    place = tmp_path_factory.mktemp("next")
    for job_id in ("job_1", "job_3", "job_4"):
        studio.jobs.add(job(job_id, events=training(8, job_id)), first=True)
    studio.jobs.send("runs-on", *numbered([completed([], "runs-on")], 100))
    studio.jobs.update("runs-on", status="completed")
    studio.jobs.finish("runs-on", Close())
    studio.jobs.update("queued", status="cancelled")
    studio.jobs.finish("queued", Close())
    studio.jobs.remove("sweep-1")
    asked = len(studio.requests)
    whole, shards = fetch_in_shards(studio, place, at=EVENING + 3600, cache=cache)
    opened = {request.job_id for request in studio.requests[asked:] if request.job_id}
    assert opened == {"job_1", "job_3", "job_4", "runs-on", "queued", "refused"}
    render = machine(place, "render")
    shutil.copytree(cache, render.directory / ".arkor-report")
    return Run(studio, place, whole, shards, render)


def test_with_the_cache_everywhere_shards_equal_one_build(next_run: Run) -> None:
    """Including what the home page marks as new."""
    ended = len(JOBS) - 2
    assert all(len(list(shard.rglob("*.log"))) >= ended for shard in next_run.shards)
    merged, files = merge_and_render(next_run.render, next_run.shards)
    assert merged.stderr == ""
    assert files == next_run.one_build
    home = files["index.html"].decode()
    marks = re.findall(r'href="jobs/([\w-]+)\.html"><bdi>[^<]*</bdi></a> <em>(\w+)<', home)
    assert dict(marks) == {
        "job_1": "new", "job_3": "new", "job_4": "new", "runs-on": "ended", "queued": "ended",
    }  # fmt: skip
    wellformed.check(files)


def test_without_the_cache_at_the_merge_nothing_is_missing(next_run: Run) -> None:
    """The shards know the snapshot before, and so which jobs are new, ended or failed."""
    _, files = merge_and_render(machine(next_run.place, "fresh"), next_run.shards)
    assert files == next_run.one_build
    assert b"</a> <em>" in files["index.html"]


def log_of(shard: Path, job_id: str) -> Path:
    (path,) = shard.glob(f"*/events/{job_id}-*.log")
    return path


def zeroed(data: bytes) -> bytes:
    """Zero some lines in the middle; the log's length and its end note still match."""
    line = data.index(b"\n", len(data) // 2) + 1
    return data[:line] + bytes(200) + data[line + 200 :]


def run_together(data: bytes) -> bytes:
    """Remove a line's end and what follows it, so that the rest reads as one line."""
    start = data.index(b"{", len(data) // 2) + 5
    return data[:start] + bytes(200) + data[start + 200 :]


def cut_off(data: bytes) -> bytes:
    return data[: len(data) // 2]


@pytest.mark.parametrize(
    ("damage", "is_told"), [(zeroed, True), (run_together, True), (cut_off, False)]
)
def test_a_log_damaged_in_one_shard_is_not_chosen(
    next_run: Run, tmp_path: Path, damage: Callable[[bytes], bytes], *, is_told: bool
) -> None:
    """Not even if it is the newest; one that is merely shorter loses without a warning."""
    shards = [shutil.copytree(shard, tmp_path / shard.name) for shard in next_run.shards]
    path = log_of(shards[-1], "best")
    path.write_bytes(damage(path.read_bytes()))
    merged, files = merge_and_render(machine(tmp_path, "render"), shards[::-1])
    assert [str(path) in line for line in merged.stderr.splitlines()] == [True] * is_told
    expected = next_run.one_build
    assert {name: files[name] for name in files if "/" in name or name == "report.json"} == {
        name: expected[name] for name in expected if "/" in name or name == "report.json"
    }


def test_a_log_damaged_in_every_shard_costs_only_itself(next_run: Run, tmp_path: Path) -> None:
    shards = [shutil.copytree(shard, tmp_path / shard.name) for shard in next_run.shards]
    for shard in shards:
        path = log_of(shard, "best")
        path.write_bytes(zeroed(path.read_bytes()))
    render = machine(tmp_path, "render")
    merged, files = merge_and_render(render, shards)
    assert merged.stderr.count("is damaged and was skipped") == PARTS
    expected = next_run.one_build
    for name in expected:
        if name.startswith("jobs/") and not name.startswith("jobs/best."):
            assert files[name] == expected[name], name
    result = render.run("render", "--strict")
    assert result.code == 4
    assert "--strict: best (best): stream unavailable" in result.stderr
    # The next build on it fetches what is missing.
    repaired = render.build(next_run.studio, "--max-wait", "0")
    assert repaired.job("best")["stream"]["state"] == "complete"


# --- Shards of their own kind --------------------------------------------------------------------


def snapshot(command: Command, studio: StandIn, shard: str, directory: str) -> Result:
    return command.run(
        "snapshot", *command.options(studio), "--shard", shard, "--snapshot-dir", directory
    )


def test_a_shard_without_jobs_is_not_an_error(command: Command, tmp_path: Path) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    with StandIn(job("sweep-1", events=training(4, "sweep-1"))) as studio:
        for part in (1, 2):
            result = snapshot(command, studio, f"{part}/2", f"shard-{part}")
            assert (result.code, result.stdout) == (0, f"shard-{part}\n"), result.stderr
    held = [len(list(tmp_path.glob(f"shard-{part}/*/events/*"))) for part in (1, 2)]
    assert sorted(held) == [0, 1]
    shards = [through_an_artifact(tmp_path / f"shard-{part}", downloads) for part in (1, 2)]
    _, files = merge_and_render(command, shards)
    assert "jobs/sweep-1.html" in files
    # Such shards alone also make a report: one without jobs.
    empty = [shard for shard, logs in zip(shards, held, strict=True) if not logs]
    _, files = merge_and_render(machine(tmp_path, "of-nothing"), empty)
    assert b"No jobs yet." in files["index.html"]
    wellformed.check(files)


def test_shards_of_different_sources_are_wrong_usage(command: Command) -> None:
    with (
        StandIn(job("a", events=training(2, "a"))) as one,
        StandIn(job("b", events=training(2, "b")), cloud=Cloud(project="another")) as other,
    ):
        assert snapshot(command, one, "1/1", "one").code == 0
        assert snapshot(command, other, "1/1", "other").code == 0
    result = command.run("merge", "one", "other")
    assert (result.code, result.stdout) == (2, "")
    assert "one and other are from different sources" in result.stderr
    assert "anon-a1b2/support-bot" in result.stderr
    assert "anon-a1b2/another" in result.stderr
    assert not (command.directory / ".arkor-report").exists()
