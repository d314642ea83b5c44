"""Detection of text that shows nothing: empty, or only spaces and invisible characters."""

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Me", "Mn"})
"""The Unicode categories of controls, format characters, spaces and combining marks."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are rendered as spaces."""


def has_visible_text(text: str | None) -> bool:
    """Return whether text contains a visible character."""
    return text is not None and any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE and character not in _FILLERS
