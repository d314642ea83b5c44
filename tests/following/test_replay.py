"""The rule of resuming: with any stream, any cuts and any server, each event counts once."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reportgen.following.replay import Kept, Replay, Trail

LOG = b"training.log"


@dataclass(frozen=True)
class Sent:
    """An event on a server: only their places distinguish equal ones."""

    data: bytes
    id: bytes | None
    name: bytes = LOG


@dataclass
class Client:
    """Keeps new events, as a log would; an offset is an index of the list."""

    kept: list[Kept] = field(default_factory=list)
    trail: Trail = field(default_factory=Trail)

    def last_event_id(self) -> bytes | None:
        return self.trail.last_event_id(lambda: (event.id for event in self.kept))

    def connect(self, sent: bytes | None, arrivals: list[Sent]) -> None:
        before = list(self.kept)

        def read(start: int) -> Iterator[Kept]:
            return iter(before[start:])

        replay = Replay(self.trail.copy(), sent, read)
        for event in arrivals:
            if not replay.drops(event.name, event.id, event.data):
                offset = len(self.kept)
                self.kept.append(Kept(offset, event.name, event.id, event.data))
                self.trail.add(offset, [1], [event.id])

    def events(self) -> list[tuple[bytes, bytes | None]]:
        return [(event.data or b"", event.id) for event in self.kept]


def effective_ids(history: list[Sent]) -> list[bytes]:
    ids, current = [], b""
    for event in history:
        current = current if event.id is None else event.id
        ids.append(current)
    return ids


def serve(history: list[Sent], last_event_id: bytes | None, behaviour: str) -> list[Sent]:
    """Return what a server with these events sends when asked to resume after an id."""
    ids = effective_ids(history)
    if not last_event_id or behaviour == "ignore" or last_event_id not in ids:
        return history
    match behaviour:
        case "behind the last":
            return history[len(ids) - ids[::-1].index(last_event_id) :]
        case "behind the first":
            return history[ids.index(last_event_id) + 1 :]
        case _:  # "from the id on"
            return history[ids.index(last_event_id) :]


BEHAVIOURS = ["ignore", "behind the last", "behind the first", "from the id on"]


def run(history: list[Sent], connections: list[tuple[int, int, str]]) -> Client:
    """Connect again and again: each time the server has more, and cuts the stream after a while."""
    client = Client()
    for grown, length, behaviour in [*connections, (len(history), len(history), "ignore")]:
        sent = client.last_event_id()
        client.connect(sent, serve(history[:grown], sent, behaviour)[:length])
    return client


DATA = st.sampled_from([b"a", b"b"])
COUNTED = st.lists(DATA, max_size=14).map(
    lambda items: [Sent(data, b"%d" % place) for place, data in enumerate(items)]
)
NO_IDS = st.lists(DATA.map(lambda data: Sent(data, None)), max_size=14)


@st.composite
def shared(draw: st.DrawFn) -> list[Sent]:
    """Ids that rise, with several events per id, some of them without their own id."""
    events: list[Sent] = []
    number = draw(st.integers(0, 3))
    for data, step, bare in draw(
        st.lists(st.tuples(DATA, st.integers(0, 2), st.booleans()), max_size=14)
    ):
        number += step
        events.append(Sent(data, None if bare and not step and events else b"%d" % number))
    return events


@st.composite
def named(draw: st.DrawFn) -> list[Sent]:
    """Ids that are names in no order, each used for one group."""
    names = draw(st.permutations([b"x", b"a", b"m", b"9", b"\xe2\x82\xac", b"0 0"]))
    sizes = draw(st.lists(st.integers(1, 3), max_size=6))
    return [
        Sent(draw(DATA), name)
        for name, size in zip(names, sizes, strict=False)
        for _ in range(size)
    ]


ANY_IDS = st.lists(
    st.builds(Sent, DATA, st.sampled_from([None, b"x", b"y", b"z", b"", b" bad", b"\xe2\x82\xac"])),
    max_size=14,
)
CUTS = st.lists(
    st.tuples(st.integers(0, 14), st.integers(0, 16), st.sampled_from(BEHAVIOURS)), max_size=6
)


def test_a_cut_between_events_of_one_id_some_of_which_bear_it() -> None:
    """An event without its own id differs from one that had an id, however alike they are."""
    ids = [b"0", b"1", b"1", None, b"2", b"2", b"2"]
    history = [*(Sent(b"b", event_id) for event_id in ids[:-1]), Sent(b"a", ids[-1])]
    client = run(history, [(5, 5, "ignore"), (7, 5, "behind the first")])
    assert client.events() == [(event.data, event.id) for event in history]


@settings(max_examples=5 * settings().max_examples)
@given(st.one_of(COUNTED, NO_IDS, shared(), named()), CUTS)
def test_each_event_counts_once(
    history: list[Sent], connections: list[tuple[int, int, str]]
) -> None:
    client = run(history, sorted(connections, key=lambda connection: connection[0]))
    assert client.events() == [(event.data, event.id) for event in history]


@settings(max_examples=2 * settings().max_examples)
@given(ANY_IDS, CUTS)
def test_ids_that_were_repeated_are_no_longer_resumed_from(
    history: list[Sent], connections: list[tuple[int, int, str]]
) -> None:
    """A server that replays everything is read correctly whatever its ids are."""
    growing = sorted((grown, length, "ignore") for grown, length, _ in connections)
    client = run(history, growing)
    assert client.events() == [(event.data, event.id) for event in history]


@given(COUNTED, st.lists(st.integers(0, 14), max_size=4))
def test_ids_that_differ_for_each_connection(history: list[Sent], cuts: list[int]) -> None:
    client = Client()
    for number, cut in enumerate([*sorted(cuts), len(history)], start=1):
        fresh = [Sent(event.data, b"%d-%d" % (number, i)) for i, event in enumerate(history)]
        client.connect(client.last_event_id(), fresh[:cut])
    assert [data for data, _ in client.events()] == [event.data for event in history]


def trail_of(*ids: bytes | None) -> tuple[Trail, list[bytes | None]]:
    trail = Trail()
    for offset, event_id in enumerate(ids):
        trail.add(offset, [1], [event_id])
    return trail, list(ids)


@pytest.mark.parametrize(
    ("ids", "sent"),
    [
        ((), None),
        ((b"1",), None),
        ((b"1", b"1", b"1"), None),
        ((b"1", b"2"), b"1"),
        ((b"1", b"2", b"2", None), b"1"),
        ((None, None, b"2"), None),
        ((b"1", b"2", b""), None),
        ((b"1", b"2", b"", None), None),
        ((b"1", b"", b"2"), None),
        ((b"1", b"", b"2", b"3"), b"2"),
        ((b"a", b"b", b"c"), b"b"),
        ((b"a", b"b", b"a"), None),
        ((b"a", b"b", b"c", b"b", b"d"), None),
        ((b"c", b"a", b"b", b"d"), b"b"),
        ((b"1", b"x\x01y", b"3"), None),
        ((b"1", b" 2", b"3"), None),
        ((b"1", b"9" * 2000, b"x"), None),
    ],
)
def test_the_id_that_is_sent(ids: tuple[bytes | None, ...], sent: bytes | None) -> None:
    trail, all_ids = trail_of(*ids)
    assert trail.last_event_id(lambda: all_ids) == sent


def test_rising_numbers_are_not_read_again() -> None:
    trail, _ = trail_of(*(b"%d" % number for number in range(100)))
    assert trail.last_event_id(lambda: pytest.fail("read the log for nothing")) == b"98"


def test_a_cut_between_two_events_of_one_id_loses_neither() -> None:
    history = [Sent(b"a", b"1"), Sent(b"b", b"2"), Sent(b"b", b"2"), Sent(b"b", b"2")]
    assert run(history, [(4, 2, "behind the last")]).events() == [
        (event.data, event.id) for event in history
    ]


IDS = st.one_of(
    st.none(),
    st.sampled_from([b"", b"0", b"007", b"x", b"7" * 30, b"7" * 2000, b"\xb2", b"-1", b"3"]),
    st.integers(0, 400).map(lambda number: b"%d" % number),
)
RUNS_OF_IDS = st.one_of(
    st.sampled_from([[b"1", b"7" * 30], [b"401", b"7" * 2000], [b"7" * 30, b"7" * 5000]]),
    st.lists(IDS, max_size=6),
    st.builds(
        lambda start, length: [b"%d" % number for number in range(start, start + length)],
        st.integers(0, 400),
        st.integers(0, 30),
    ),
)


@settings(deadline=None)
@given(st.lists(RUNS_OF_IDS, max_size=6))
def test_many_events_at_once_are_recorded_as_one_after_another(
    runs: list[list[bytes | None]],
) -> None:
    bulk, single = Trail(), Trail()
    offset = 0
    for run in runs:
        sizes = [7 + len(event_id or b"") for event_id in run]
        bulk.add(offset, sizes, run)
        for size, event_id in zip(sizes, run, strict=True):
            single.add(offset, [size], [event_id])
            offset += size
        assert bulk == single
