"""The gist of a log line that is JSON: the fields that readers look for."""

from collections.abc import Iterator
from typing import Final

from reportgen.report.artifacts import Artifact
from reportgen.text.javascript import JSON, Object, decode_object, is_number, js_number

_DEFAULTS: Final = {
    "[started]": "training started",
    "[checkpoint]": "checkpoint saved",
    "[completed]": "training completed",
    "[failed]": "training failed",
}
_OBVIOUS: Final = {"type", "jobId", "timestamp"}
_NAMES: Final = 3


def gist(line: str) -> str | None:
    """Return the gist of a line `[kind] {…}`; None for any other line.

    It is made from the line itself, which has been redacted.
    """
    kind, _, data = line.partition(" ")
    if kind not in _DEFAULTS or not data.startswith("{"):
        return None
    said = decode_object(data.encode("utf-8", "surrogatepass"))
    if said is None:
        return None
    return " · ".join(_facts(said)) or _DEFAULTS[kind]


def _facts(said: Object) -> Iterator[str]:
    for key, value in said.items():
        if key in _OBVIOUS or value is None:
            continue
        if key == "error" and isinstance(value, str):
            yield value
        elif key == "artifacts" and isinstance(value, list):
            yield _artifacts(value)
        elif isinstance(value, dict):
            yield f"{key}: {', '.join(_facts(value))}"
        else:
            yield f"{key} {_scalar(value)}"


def _artifacts(said: list[JSON]) -> str:
    names = [Artifact.of(value).name for value in said[:_NAMES]]
    count = f"{len(said)} artifact{'' if len(said) == 1 else 's'}"
    shown = ", ".join(name for name in names if name)
    more = ", …" if len(said) > _NAMES else ""
    return f"{count}: {shown}{more}" if shown else count


def _scalar(value: JSON) -> str:
    if is_number(value):
        return js_number(value)
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case list():
            return f"({len(value)})"
        case _:
            return ""
