"""Sentences as a reader sees them."""

from collections.abc import Iterable

from reportgen.pages.values import Link, Loss, Part
from reportgen.report.wording import Moment, short


def text(parts: Iterable[Part]) -> str:
    return "".join(map(_text, parts))


def _text(part: Part) -> str:
    match part:
        case Loss():
            return short(part.value, part.digits)
        case Moment():
            return part.text
        case Link():
            return f"{part.name} ({part.mark})" if part.mark else part.name
        case str():
            return part
    return short(part)
