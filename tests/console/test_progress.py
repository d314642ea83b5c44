"""What is reported while streams are read, and what the live display shows of it."""

import io
import itertools
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from reportgen.console import messages
from reportgen.console.live import Display
from reportgen.console.messages import Message
from reportgen.console.plain import Plain, Quiet, count
from reportgen.events.event_log import INTERRUPTED, State
from reportgen.following.outcomes import Outcome
from reportgen.text import inert

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class Reported:
    """The records of a progress listener, each a second after the one before."""

    def __init__(self, *, verbose: bool = False) -> None:
        self.records: list[Message] = []
        seconds = itertools.count()
        self.plain = Plain(
            self.records.append, lambda: NOON + timedelta(seconds=next(seconds)), verbose=verbose
        )

    @property
    def lines(self) -> list[str]:
        return [messages.text_line(record, inert.terminal, colour=False) for record in self.records]


def read_a_stream(watcher: Plain) -> None:
    with watcher:
        watcher.listed(2, 1)
        watcher.opened("a")
        watcher.arrived("a", 1200, b'{"step": 7, "loss": 0.5}')
        watcher.broke("a", "the connection was reset", 1.23456)
        watcher.opened("a")
        watcher.arrived("a", 1, None)
        watcher.warn("rereading the job list failed")
        watcher.ended("a", Outcome(INTERRUPTED, "given up"))


def test_a_line_for_the_outcome_of_each_stream() -> None:
    reported = Reported()
    read_a_stream(reported.plain)
    assert reported.lines == [
        "12:00:00 2 jobs, 1 stream to read",
        "12:00:01 a: the connection was reset; trying again in 1.2 s",
        "12:00:02 warning: rereading the job list failed",
        "12:00:03 a: interrupted, 1,201 new events: given up",
    ]


def test_each_connection_when_verbose() -> None:
    reported = Reported(verbose=True)
    read_a_stream(reported.plain)
    assert [line[9:] for line in reported.lines].count("a: open") == 2


def test_programs_get_numbers() -> None:
    reported = Reported()
    read_a_stream(reported.plain)
    listed, broke, warning, ended = reported.records
    assert (listed.event, listed.job, listed.details) == ("listed", None, {"jobs": 2, "streams": 1})
    assert (broke.event, broke.job) == ("broke", "a")
    assert broke.details == {"reason": "the connection was reset", "wait": 1.235}
    assert (warning.event, warning.level) == ("warning", messages.WARNING)
    assert (ended.event, ended.level) == ("ended", messages.WARNING)
    assert ended.details == {"state": "interrupted", "reason": "given up", "events": 1201}


@pytest.mark.parametrize(
    ("state", "level"),
    [("complete", "info"), ("caught-up", "info"), ("interrupted", "warning"),
     ("unavailable", "warning")],
)  # fmt: skip
def test_the_level_of_an_outcome(state: State, level: str) -> None:
    reported = Reported()
    reported.plain.ended("never opened", Outcome(state))
    (record,) = reported.records
    assert (record.level, record.text) == (level, f"{state}, 0 new events")


def test_quiet_reports_no_progress() -> None:
    read_a_stream(Quiet())


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1234, "1,234 jobs")]
)
def test_counting(number: int, words: str) -> None:
    assert count(number, "job") == words


def shown(display: Display, console: Console) -> str:
    with console.capture() as capture:
        console.print(display._render())  # noqa: SLF001 - what it would show now
    return capture.get()


def display() -> tuple[Display, Console, list[Message]]:
    records: list[Message] = []
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    return (
        Display(console, records.append, lambda: NOON, inert.terminal, verbose=False),
        console,
        records,
    )


def test_the_display_shows_each_open_stream_and_how_far_all_are() -> None:
    live, console, records = display()
    live.listed(3, 3)
    live.opened("a")
    live.arrived("a", 12, b'{"step": 7, "loss": 0.5}')
    live.opened("b\x1b[2J::error::" + "x" * 50)
    live.broke("c", "refused", 1.0)
    seen = shown(live, console)
    assert "a" in seen
    assert "step 7" in seen
    assert "loss 0.5" in seen
    assert "12 events" in seen
    assert "waiting to retry" in seen
    assert "\x1b" not in seen
    assert "::" not in seen
    assert "0 of 3 streams read" in seen
    live.ended("a", Outcome("complete"))
    seen = shown(live, console)
    assert "1 of 3 streams read" in seen
    assert "step 7" not in seen
    assert [record.event for record in records] == ["listed", "broke", "ended"]


def test_the_display_ends_after_sixteen_streams() -> None:
    live, console, _ = display()
    live.listed(20, 20)
    for number in range(20):
        live.opened(f"job_{number:02}")
    seen = shown(live, console)
    assert "job_15" in seen
    assert "job_16" not in seen
    assert "… and 4 more" in seen
