"""A good snapshot to damage, and a limit on how long a test may hang."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest

from tests.rendering.planting import make_outside
from tests.snapshot.using import JOBS, Base
from tests.snapshotting import take
from tests.standin import StandIn


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    place = tmp_path_factory.mktemp("base")
    with StandIn(*JOBS) as studio:
        for _ in range(2):  # so that there is an earlier snapshot
            take(studio, place / "snapshot")
        yield Base(studio, place / "snapshot", make_outside(place / "outside"))


@pytest.fixture
def bounded() -> Iterator[None]:
    """Fail a test that hangs, for example at opening a FIFO."""

    def fail(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(300)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
