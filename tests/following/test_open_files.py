"""Streams open at once, within the limit of open files."""

from dataclasses import replace

import pytest

from tests.command import Command
from tests.standin import StandIn, job, training

pytestmark = pytest.mark.thorough

JOBS = [job(f"job_{n}", events=training(2)) for n in range(60)]


@pytest.mark.parametrize(
    ("limit", "capped"),
    [("ulimit -n 96", True), ("ulimit -n 40", True), ("ulimit -S -n 40", False)],
)
def test_as_many_streams_are_open_as_the_limit_allows(
    command: Command, limit: str, *, capped: bool
) -> None:
    limited = replace(command, prefix=("bash", "-c", f'{limit}; exec "$@"', "bash"))
    with StandIn(*JOBS) as studio:
        built = limited.build(studio, "--concurrency", "60")
    assert built.code == 0, built.stderr
    assert {told["stream"]["state"] for told in built.report["jobs"]} == {"complete"}
    assert {told["stream"]["reconnects"] for told in built.report["jobs"]} == {0}
    assert built.stderr.count("streams at once, not 60") == capped


def test_the_default_fits_into_the_limit_of_macos(command: Command) -> None:
    limited = replace(command, prefix=("bash", "-c", 'ulimit -n 256; exec "$@"', "bash"))
    with StandIn(*JOBS) as studio:
        built = limited.build(studio)
    assert built.code == 0
    assert "at once" not in built.stderr
