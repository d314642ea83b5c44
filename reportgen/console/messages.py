"""Lines on stderr: text for people, JSON for programs. Pure functions.

12:00:01 job_1: complete, 412 new events

{"time":"2026-05-01T10:00:01.250Z","level":"info","event":"ended","job":"job_1",
"message":"complete, 412 new events","state":"complete","events":412}  (in one line)
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from reportgen.text import inert

INFO: Final = "info"
WARNING: Final = "warning"
ERROR: Final = "error"

_MESSAGE_LENGTH: Final = 1000
_ID_LENGTH: Final = 100
_LENGTHS: Final[Mapping[str, int]] = {"job": _ID_LENGTH, "traceback": 20_000}

_RESET: Final = "\x1b[0m"
_DIM: Final = "\x1b[2m"
_COLOURS: Final[Mapping[str, str]] = {
    WARNING: "\x1b[33m",
    ERROR: "\x1b[31m",
    "complete": "\x1b[32m",
    "caught-up": "\x1b[36m",
    "interrupted": "\x1b[31m",
    "unavailable": "\x1b[31m",
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something to report.

    `time` is time-zone-aware, and lines for people show it in its own zone. `event` is one word:
    source, listed, opened, broke, ended, gate, warning, interrupted, usage, error. `details`
    repeats facts from `text` for programs.
    """

    time: datetime
    level: str
    event: str
    text: str
    job: str | None = None
    details: Mapping[str, str | float | None] = field(default_factory=dict)


def text_line(message: Message, safe: Callable[[str], str], *, colour: bool) -> str:
    """Return one line for people; `safe` redacts text and makes it inert."""
    prefix = f"{message.event}: " if message.event in {WARNING, ERROR} else ""
    subject = "" if message.job is None else f"{_job(message.job, safe)}: "
    time = f"{message.time:%H:%M:%S}"
    text = safe(f"{prefix}{subject}{bounded(safe(message.text))}")
    if not colour:
        return f"{time} {text}"
    paint = _COLOURS.get(str(message.details.get("state"))) or _COLOURS.get(message.level)
    return f"{_DIM}{time}{_RESET} " + (f"{paint}{text}{_RESET}" if paint else text)


def json_line(message: Message, redact: Callable[[str], str]) -> str:
    """Return a JSON object on one line of ASCII; `redact` removes secrets from text.

    A reader can recover all text except redactions and the middle of very long text. The line
    contains no control or bidirectional characters and no CI workflow commands.
    """
    fields: dict[str, str | float | None] = {
        "time": _utc(message.time),
        "level": message.level,
        "event": message.event,
    }
    if message.job is not None:
        fields["job"] = _job(message.job, redact)
    fields["message"] = bounded(redact(message.text))
    for name, value in message.details.items():
        length = _LENGTHS.get(name, _MESSAGE_LENGTH)
        fields[name] = bounded(redact(value), length) if isinstance(value, str) else value
    text = json.dumps(fields, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # These occur only in strings, and no escape ends with either character.
    return text.replace("::", r":\u003a").replace("##", r"#\u0023")


def bounded(text: str, length: int = _MESSAGE_LENGTH) -> str:
    """Remove the middle of redacted text that is too long for a log."""
    return inert.cut_middle(text, length)


def _job(job_id: str, redact: Callable[[str], str]) -> str:
    return bounded(redact(job_id), _ID_LENGTH)


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def in_colour(environment: Mapping[str, str], *, terminal: bool) -> bool:
    """Return whether to use colours: on a terminal, unless the environment says otherwise.

    `NO_COLOR` overrides `FORCE_COLOR`; both must not be empty to count, and the latter must not be
    `0` either. A terminal with `TERM=dumb` has no colours.
    """
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return terminal and environment.get("TERM") != "dumb"


def is_live(asked: bool | None, environment: Mapping[str, str], *, terminal: bool) -> bool:  # noqa: FBT001 - an option's value
    """Return whether to show a live display: on a capable terminal, but in CI only if `asked`."""
    if not terminal or environment.get("TERM") == "dumb":
        return False
    if asked is not None:
        return asked
    return environment.get("CI", "").lower() in {"", "0", "false"}
