"""Which texts show nothing: those of spaces, of invisible characters, or empty."""

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Me", "Mn"})
"""The Unicode categories of controls, formats, spaces and marks on a character before them."""

_FILLERS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and symbols that are drawn as spaces."""


def has_visible_text(text: str | None) -> bool:
    """Return whether a text has a character that readers can see."""
    return text is not None and any(map(_is_visible, text))


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _INVISIBLE and character not in _FILLERS
