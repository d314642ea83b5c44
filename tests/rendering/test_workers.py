"""Work shared among processes: the result stays the same, and no worker outlives its parent."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reportgen.rendering import workers
from tests import users
from tests.command import Command
from tests.standin import StandIn, job, training

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).resolve().parents[2]
EPOCH = "1777600000"

forking = pytest.mark.skipif(
    sys.platform != "linux" or len(os.sched_getaffinity(0)) < 2,
    reason="work is shared out where forking is safe and there are two processors",
)


# --- Who does what -------------------------------------------------------------------------------


@given(st.lists(st.floats(0, 1e9), max_size=40), st.integers(1, 8))
def test_every_task_is_shared_out_once(weights: list[float], count: int) -> None:
    shared = workers.shares(weights, count)
    assert sorted(place for share in shared for place in share) == list(range(len(weights)))
    assert all(share == sorted(share) for share in shared)
    assert all(shared)
    assert len(shared) <= count


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=40), st.integers(1, 8))
def test_no_share_is_heavier_than_a_fair_one_by_more_than_a_task(
    weights: list[float], count: int
) -> None:
    heaviest = max(
        sum(weights[place] for place in share) for share in workers.shares(weights, count)
    )
    assert heaviest <= (sum(weights) / count + max(weights)) * 1.000001


# --- Processes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ended:
    """What a script printed, and how it ended."""

    code: int
    said: str
    errors: str


def run(script: str, *arguments: str, prefix: tuple[str, ...] = ()) -> Ended:
    """Run a script in another interpreter, since the test's has threads."""
    ended = subprocess.run(
        [
            *prefix,
            sys.executable,
            "-W",
            "error",
            "-c",
            f"from reportgen.rendering import workers\n{script}",
            *arguments,
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=ROOT,
    )
    return Ended(ended.returncode, ended.stdout.strip(), ended.stderr)


@forking
def test_results_come_by_the_places_of_their_tasks() -> None:
    """Although the first tasks take longest."""
    said = run(
        "import os, time\n"
        "def work(n):\n"
        "    time.sleep(0.02 * (5 - n))\n"
        "    return n * n, os.getpid()\n"
        "made = workers.results(work, [[0, 3], [1, 2, 4]])\n"
        "print([made[place][0] for place in sorted(made)],\n"
        "      len({pid for _, pid in made.values()} - {os.getpid()}))"
    )
    assert said.said == "[0, 1, 4, 9, 16] 2", said.errors


@forking
def test_results_of_any_size_come_through() -> None:
    said = run(
        "made = workers.results(lambda n: b'x' * 10**6, [[0, 2], [1, 3]])\n"
        "print(sum(map(len, made.values())))"
    )
    assert said.said == "4000000", said.errors


@forking
def test_the_first_failure_surfaces_as_it_is() -> None:
    said = run(
        "import time\n"
        "from pathlib import Path\n"
        "from reportgen.errors import DamagedRecordError\n"
        "def work(n):\n"
        "    time.sleep(0.3 if n == 1 else 0)\n"
        "    if n: raise DamagedRecordError(Path(f'log {n}'), 'torn')\n"
        "try: workers.results(work, [[0, 2], [1, 3]])\n"
        "except DamagedRecordError as error: print(error.path, str(error))"
    )
    assert said.said.startswith("log 1 The event log log 1 is damaged (torn)"), said.errors


@forking
def test_a_failure_that_cannot_be_sent_is_described() -> None:
    said = run(
        "def work(n):\n"
        "    error = ValueError('odd')\n"
        "    error.what = lambda: 0\n"
        "    raise error\n"
        "try: workers.results(work, [[0], [1]])\n"
        "except RuntimeError as error: print(error)"
    )
    assert said.said == "ValueError('odd')", said.errors


@forking
def test_a_killed_worker_is_reported() -> None:
    said = run(
        "import os, signal\n"
        "from reportgen.errors import WriteError\n"
        "def work(n):\n"
        "    if n == 1: os.kill(os.getpid(), signal.SIGKILL)\n"
        "try: workers.results(work, [[0], [1]])\n"
        "except WriteError as error: print(error)"
    )
    assert "was killed" in said.said, said.errors


@forking
def test_workers_ignore_the_signals_that_their_parent_hears() -> None:
    """A terminal and `timeout` send them to the whole group."""
    said = run(
        "import os, signal\n"
        "def work(n):\n"
        "    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n"
        "        os.kill(os.getpid(), number)\n"
        "    return n\n"
        "print(sorted(workers.results(work, [[0], [1]])))"
    )
    assert said.said == "[0, 1]", said.errors


SLOW = """
import os, sys, time
from pathlib import Path
place = Path(sys.argv[1])
def work(n):
    (place / f"{n}.pid").write_text(str(os.getpid()))
    if n < 2:
        time.sleep(600)
    return n
workers.results(work, [[0], [1]])
"""


@forking
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_its_parent(tmp_path: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", f"from reportgen.rendering import workers\n{SLOW}", str(tmp_path)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    files = [tmp_path / "0.pid", tmp_path / "1.pid"]
    wait_until(lambda: all(file.exists() and file.read_text() for file in files))
    parent.send_signal(number)
    assert parent.wait(timeout=300) != 0
    pids = [int(file.read_text()) for file in files]
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def wait_until(true: object) -> None:
    assert callable(true)
    deadline = time.monotonic() + 300
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is one process anyway")
def test_a_process_with_threads_does_not_fork() -> None:
    said = run(
        "import threading\n"
        "alone = workers.available()\n"
        "held = threading.Event()\n"
        "thread = threading.Thread(target=held.wait)\n"
        "thread.start()\n"
        "print(alone, workers.available())\n"
        "held.set()"
    )
    assert said.said == f"{min(8, len(os.sched_getaffinity(0)))} 1", said.errors


# --- Where processes cannot be started -----------------------------------------------------------

FORKED = """
import os
def work(n):
    return n, os.getpid()
made = workers.results(work, [[0, 2], [1], [3]])
print(len(made), len({pid for _, pid in made.values()} - {os.getpid()}))
"""


@forking
def test_workers_are_not_missed_if_the_caller_ignores_their_end() -> None:
    said = run(f"import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n{FORKED}")
    assert said.said == "4 3", said.errors


@forking
@pytest.mark.parametrize(("room", "made"), [(0, "0 0"), (4, "2 1"), (5, "3 2")])
def test_what_no_process_can_be_started_for_is_left_to_the_caller(room: int, made: str) -> None:
    """A worker costs its parent two descriptors at first and one later, all of them two more."""
    said = run(
        "import resource, sys, os\n"
        "most = max(map(int, os.listdir('/dev/fd'))) + int(sys.argv[1])\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n{FORKED}",
        str(room),
    )
    assert said.said == made, said.errors


@forking
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_ordinary_user_may_have_too_few_processes(limit: int) -> None:
    """A worker and the thread in it count as two."""
    said = run(
        f"import resource\nresource.setrlimit(resource.RLIMIT_NPROC, ({limit}, {limit}))\n{FORKED}",
        prefix=users.limited(),
    )
    assert (said.code, said.errors) == (0, "")
    tasks, processes = map(int, said.said.split())
    assert tasks < 4
    assert processes <= limit // 2


# --- The command ---------------------------------------------------------------------------------


@contextmanager
def on_one_processor() -> Iterator[None]:
    """Restrict processes started within the block to a single processor."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


JOBS = [
    *(job(f"job_{n}", events=training(300, f"job_{n}")) for n in range(40)),
    job("job_long", events=training(30_000, "job_long")),
    job("job_failed", status="failed", events=training(9, "job_failed", complete=False)),
]


@forking
def test_the_report_is_the_same_by_one_process_and_by_several(command: Command) -> None:
    reports: list[dict[str, bytes]] = []
    with StandIn(*JOBS) as studio:
        assert command.run("snapshot", *command.options(studio)).code == 0
    for several in (True, False):
        for arguments in ([], ["--status", "failed"], ["--limit", "5"], ["--shard", "1/2"]):
            out = f"out-{several}-{len(reports)}"
            if several:
                result = command.run("render", "--out", out, *arguments, SOURCE_DATE_EPOCH=EPOCH)
            else:
                with on_one_processor():
                    result = command.run(
                        "render", "--out", out, *arguments, SOURCE_DATE_EPOCH=EPOCH
                    )
            assert result.code == 0, result.stderr
            reports.append(files_of(command.directory / out))
    assert reports[:4] == reports[4:]
    assert json.loads(reports[1]["report.json"])["counts"]["failed"] == 1
    assert len(json.loads(reports[1]["report.json"])["jobs"]) == 1


WAYS = {
    "SIGCHLD is ignored": ("bash", "-c", "trap '' CHLD; exec \"$@\"", "bash"),
    "there is no /proc": ("unshare", "-m", "sh", "-c", 'umount -l /proc; exec "$@"', "sh"),
    "there is no /dev/shm": ("unshare", "-m", "sh", "-c", 'umount /dev/shm; exec "$@"', "sh"),
    "no process can be started": (),
}


@forking
@pytest.mark.parametrize("way", WAYS)
def test_the_report_is_the_same_where(way: str) -> None:
    prefix = WAYS[way]
    if "unshare" in prefix and os.geteuid():
        pytest.skip("only root may hide a file system")
    with users.open_directory() as directory, StandIn(*JOBS[:36]) as studio:
        command = Command(directory)
        assert command.run("snapshot", *command.options(studio)).code == 0
        assert command.run("render", "--out", "usual", SOURCE_DATE_EPOCH=EPOCH).code == 0
        if way.startswith("no process"):
            subprocess.run(["/bin/chmod", "-R", "a+rwX", str(directory)], check=True)
            prefix = (*users.limited(), "bash", "-c", 'ulimit -u 1; exec "$@"', "bash")
        rendered = replace(command, prefix=prefix).run("render", SOURCE_DATE_EPOCH=EPOCH)
        assert (rendered.code, rendered.stderr) == (0, "")
        assert files_of(directory / "usual") == files_of(directory / "out")


def files_of(out: Path) -> dict[str, bytes]:
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob("*")
        if path.is_file()
    }


@forking
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_command_that_ends_amid_its_workers_leaves_nothing_in_the_way(
    command: Command, number: signal.Signals
) -> None:
    with StandIn(*JOBS) as studio:
        assert command.run("snapshot", *command.options(studio)).code == 0
    process = command.start("render", SOURCE_DATE_EPOCH=EPOCH)
    out = command.directory / "out"
    wait_until(lambda: any(out.glob(".arkor-report.*.tmp/jobs/*")) or process.poll() is not None)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode != 0
    assert "Traceback" not in stderr
    assert not (command.directory / "out" / "index.html").exists()
    again = command.run("render", SOURCE_DATE_EPOCH=EPOCH)
    assert again.code == 0, again.stderr
    whole = command.run("render", "--out", "whole", SOURCE_DATE_EPOCH=EPOCH)
    assert whole.code == 0
    assert files_of(again.out) == files_of(command.directory / "whole")


@forking
def test_a_damaged_log_is_reported_whichever_process_meets_it(command: Command) -> None:
    with StandIn(*JOBS) as studio:
        assert command.run("snapshot", *command.options(studio)).code == 0
        for name in ("job-long", "job-7"):
            (kept,) = (command.directory / ".arkor-report").glob(f"*/events/{name}-*")
            kept.write_bytes(kept.read_bytes().replace(b"\r{", b" {", 3))
        rendered = command.run("render", SOURCE_DATE_EPOCH=EPOCH)
        assert rendered.code == 1
        assert "job-7" in rendered.stderr  # the first one in the list's order
        assert "Traceback" not in rendered.stderr
        built = command.build(studio, SOURCE_DATE_EPOCH=EPOCH)
    assert built.code == 0, built.stderr
    assert built.stderr.count("damaged") == 2
    assert built.job("job_long")["stream"]["events"] == 30_003
