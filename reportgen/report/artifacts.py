"""Artifacts: objects with any keys, or strings; a report shows what it understands of them."""

import re
from dataclasses import dataclass, field
from typing import Final

from reportgen.text.javascript import JSON, Object, finite, js_value

_NAME_KEYS: Final = ("name", "fileName", "filename", "file", "path", "key", "url", "uri", "id")
_KIND_KEYS: Final = ("type", "kind")
_SIZE_KEYS: Final = ("sizeBytes", "size_bytes", "bytes", "size", "fileSize")


@dataclass(frozen=True, slots=True)
class Artifact:
    """Something that a job made: what the server says it is, and its other fields."""

    name: str
    kind: str | None = None
    size: float | None = None
    """In bytes."""
    rest: Object = field(default_factory=dict)

    @classmethod
    def of(cls, said: JSON) -> "Artifact":
        """Return an artifact listed by `training.completed`; its name is the end of its path."""
        said = _without_home(said)
        if not isinstance(said, dict):
            return cls(said if isinstance(said, str) else js_value(said))
        texts = {key: value for key, value in said.items() if isinstance(value, str) and value}
        name_key = next((key for key in _NAME_KEYS if key in texts), None)
        kind_key = next((key for key in _KIND_KEYS if key in texts), None)
        size_key = next((key for key in _SIZE_KEYS if _is_size(said.get(key))), None)
        whole = texts.get(name_key or "", "")
        name = whole.replace("\\", "/").rstrip("/").rpartition("/")[2]
        used = {kind_key, size_key, name_key if name == whole else None}
        return cls(
            name=name or whole,
            kind=texts.get(kind_key or ""),
            size=finite(said[size_key]) if size_key else None,
            rest={key: value for key, value in said.items() if key not in used},
        )


def _is_size(value: JSON) -> bool:
    number = finite(value)
    return number is not None and number >= 0


_HOME: Final = re.compile(
    r"\A(file://)?(?:/(?:[^/]+/)?(?:home|Users)/[^/]+|/root|[A-Za-z]:[\\/]Users[\\/][^\\/]+)"
    r"(?=[\\/]|\Z)"
)


def _without_home(artifact: JSON) -> JSON:
    """Return an artifact whose paths in a home directory begin with `~`, to hide user names."""
    match artifact:
        case str():
            return _HOME.sub(r"\1~", artifact)
        case list():
            return [_without_home(item) for item in artifact]
        case dict():
            return {key: _without_home(item) for key, item in artifact.items()}
        case _:
            return artifact
