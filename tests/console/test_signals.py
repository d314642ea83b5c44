"""Signals: the first ends the waiting, a second one half a second later ends everything."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from reportgen.console.signals import SIGNALS, Interrupts

EACH = pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["INT", "TERM", "HUP"],
)


@dataclass
class Clock:
    """A clock that a test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@EACH
def test_a_signal_is_recorded_and_reported_once(number: signal.Signals, code: int) -> None:
    interrupts, calls = Interrupts(Clock()), [0]
    with interrupts.caught(), interrupts.notifying(lambda: calls.append(1)):
        assert interrupts.exit_code is None
        signal.raise_signal(number)
        assert calls == [0, 1]
        signal.raise_signal(number)
    assert calls == [0, 1]
    assert interrupts.received == number
    assert interrupts.exit_code == code


def test_the_first_signal_decides_the_exit_code() -> None:
    interrupts = Interrupts(Clock())
    with interrupts.caught():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert interrupts.exit_code == 143


@pytest.mark.parametrize("later", [0.0, 0.3, 0.499])
def test_a_second_signal_at_once_counts_as_the_first(later: float) -> None:
    clock = Clock()
    interrupts = Interrupts(clock)
    with interrupts.caught():
        signal.raise_signal(signal.SIGTERM)
        clock.now += later
        signal.raise_signal(signal.SIGTERM)
    assert interrupts.exit_code == 143


def test_a_callback_added_after_the_signal_is_called_at_once() -> None:
    interrupts, calls = Interrupts(Clock()), [0]
    with interrupts.caught():
        signal.raise_signal(signal.SIGINT)
        with interrupts.notifying(lambda: calls.append(1)):
            assert calls == [0, 1]


def test_no_callback_is_called_after_the_block() -> None:
    interrupts, calls = Interrupts(Clock()), [0]
    with interrupts.caught():
        with interrupts.notifying(lambda: calls.append(1)):
            pass
        signal.raise_signal(signal.SIGINT)
    assert calls == [0]
    assert interrupts.exit_code == 130


def test_after_the_block_signals_have_their_old_handlers() -> None:
    def before(*_: object) -> None:
        raise InterruptedError

    kept = signal.signal(signal.SIGTERM, before)
    try:
        with Interrupts().caught():
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(InterruptedError):
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, kept)


SECOND_SIGNAL = """
import signal, sys
from reportgen.console.signals import Interrupts

times = iter([1000.0, 1000.0 + float(sys.argv[3])])
interrupts = Interrupts(lambda: next(times))
with interrupts.caught():
    try:
        signal.raise_signal(int(sys.argv[1]))
        print("noted", flush=True)
        signal.raise_signal(int(sys.argv[2]))
        print("the same wish", flush=True)
    finally:
        print("cleaned up", flush=True)
sys.exit(interrupts.exit_code)
"""


@pytest.mark.parametrize(
    ("first", "second", "later", "said", "code"),
    [
        (signal.SIGINT, signal.SIGINT, 0.5, "noted", 130),
        (signal.SIGTERM, signal.SIGTERM, 60, "noted", 143),
        (signal.SIGINT, signal.SIGTERM, 0.5, "noted", 143),
        (signal.SIGTERM, signal.SIGHUP, 0.5, "noted", 129),
        (signal.SIGTERM, signal.SIGTERM, 0.4, "noted the same wish cleaned up", 143),
    ],
)
def test_a_second_signal_later_stops_at_once(
    first: signal.Signals, second: signal.Signals, later: float, said: str, code: int
) -> None:
    """At once, without any clean-up that could hang."""
    arguments = [str(int(first)), str(int(second)), str(later)]
    ended = subprocess.run(
        [sys.executable, "-c", SECOND_SIGNAL, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert (ended.stdout.split(), ended.returncode) == (said.split(), code), ended.stderr


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_the_caller_ignores_stays_ignored(number: signal.Signals) -> None:
    kept = signal.signal(number, signal.SIG_IGN)
    interrupts = Interrupts(Clock())
    try:
        with interrupts.caught():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, kept)
    assert interrupts.exit_code is None


def test_a_first_signal_can_raise_an_error() -> None:
    interrupts = Interrupts(Clock())
    with interrupts.caught():
        with pytest.raises(InterruptedError), interrupts.raising(InterruptedError()):
            signal.raise_signal(signal.SIGINT)
        with interrupts.raising(InterruptedError()):  # the same wish
            signal.raise_signal(signal.SIGINT)
    assert interrupts.exit_code == 130
