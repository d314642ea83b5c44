"""What the stand-in does with a request, step by step: each answer is scripted beforehand.

A `Stream` is the answer to one opening. A script is one `Stream`, or a sequence of them (one for
each opening, the last one for all that follow), or a function from an `Opening` to a `Stream`;
`Replay` is such a function, and behaves as a server that keeps a job's events.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from tests.standin.events import JSON, Event, Framing

# --- Steps ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Send:
    """Send these bytes `times` times."""

    data: bytes
    times: int = 1


@dataclass(frozen=True, slots=True)
class Flow:
    """Send what the function's iterator yields; it may be endless."""

    source: Callable[[], Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Pause:
    """Send nothing for this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Send nothing until the test calls `StandIn.release` with this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Keep the connection open, silently, until the other side leaves."""


@dataclass(frozen=True, slots=True)
class Close:
    """End the answer cleanly, as HTTP specifies."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the TCP connection in the middle of the answer; what was sent before still arrives.

    With `reset`, the other side gets a connection reset and may lose data in flight.
    """

    reset: bool = False


@dataclass(frozen=True, slots=True)
class Follow:
    """Send the job's events from the `start`th on, and those that a test adds later.

    After `count` events (and the first `torn` bytes of the next) `then` is done; without a count
    the stream goes on until `StandIn.finish` says how it ends.
    """

    start: int = 0
    framing: Framing = field(default_factory=Framing)
    count: int | None = None
    torn: int = 0
    then: "Ending" = field(default_factory=Cut)


Ending: TypeAlias = Hold | Close | Cut
Step: TypeAlias = Send | Flow | Pause | WaitFor | Follow | Ending


# --- Answers -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stream:
    """One answer: steps before its head, the head, steps after it; then a clean end.

    With `until_close`, the body's length is neither declared nor chunked: closing ends it, and a
    cut looks like a clean end.
    """

    steps: Sequence[Step] = ()
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = "text/event-stream"
    before: Sequence[Step] = ()
    until_close: bool = False


NO_REPLY = Stream(before=(Hold(),))
"""The request is taken and never answered."""

EMPTY_REPLY = Stream(before=(Cut(),))
"""The connection is closed before any answer."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A request for a stream, as a script sees it."""

    number: int
    """1 for the first request for this job's stream."""
    last_event_id: str | None
    events: tuple[Event, ...]
    """The job's events so far."""


Steps: TypeAlias = Sequence[Step]
Script: TypeAlias = Stream | Sequence[Stream] | Callable[[Opening], Stream]


def choose(script: Script, opening: Opening) -> Stream:
    """Return a script's answer to an opening."""
    if isinstance(script, Stream):
        return script
    if callable(script):
        return script(opening)
    return script[min(opening.number, len(script)) - 1]


def sse(
    events: Iterable[Event], *then: Step, framing: Framing | None = None, **answer: str
) -> Stream:
    """Answer any request with these events, then do `then` (or end cleanly)."""
    framing = framing or Framing()
    sends = [Send(chunk) for chunk in framing.chunks(framing.stream(events))]
    return Stream((*sends, *then), content_type=answer.get("content_type", "text/event-stream"))


def raw(data: bytes, *then: Step, content_type: str | None = "text/event-stream") -> Stream:
    """Answer with these bytes as the stream, then do `then` (or end cleanly)."""
    return Stream((Send(data), *then), content_type=content_type)


def reply(
    status: int, body: "JSON | bytes" = b"", headers: Mapping[str, str] | None = None
) -> Stream:
    """Answer with a status and a body of known length: bytes unchanged, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Stream(
        (Send(data),) if data else (),
        status,
        {"content-length": str(len(data)), **(headers or {})},
        content_type="text/plain" if isinstance(body, bytes) else "application/json",
    )


def refusal(status: int, error: str, headers: Mapping[str, str] | None = None) -> Stream:
    """Refuse as Studio and the cloud do: with a JSON object that has an `error`."""
    return reply(status, {"error": error}, headers)


# --- A server that keeps events ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replay:
    """Answer with the job's own events, from the first or after `Last-Event-ID`.

    `resume`: `honour` continues after the last event with that id (or from the first, if no event
    has it), `ignore` replays all. The nth opening breaks (`how`) after `breaks[n]`
    events and the first `torn` bytes of the next; those past the end of `breaks` do not break.
    """

    resume: Literal["honour", "ignore"] = "honour"
    breaks: Sequence[int] = ()
    torn: int = 0
    how: Ending = field(default_factory=Cut)
    framing: Framing = field(default_factory=Framing)
    until_close: bool = False

    def __call__(self, opening: Opening) -> Stream:
        start = self._start(opening)
        before = (Send(self.framing.before),) if self.framing.before else ()
        if opening.number > len(self.breaks):
            follow = Follow(start, self.framing)
        else:
            count = self.breaks[opening.number - 1]
            follow = Follow(start, self.framing, count, self.torn, self.how)
        return Stream((*before, follow), until_close=self.until_close)

    def _start(self, opening: Opening) -> int:
        if self.resume == "ignore" or not opening.last_event_id:
            return 0
        ids = [event.id for event in opening.events]
        if opening.last_event_id not in ids:
            return 0
        return len(ids) - ids[::-1].index(opening.last_event_id)
