"""Redaction of what looks like a credential, by a service's prefix or a standard's form."""

import re
from typing import Final

from reportgen.text.credentials import SHAPES, Shape
from reportgen.text.patterns import many
from reportgen.text.stand_ins import REDACTED


def redacted(text: str, lowered: str) -> str:
    """Redact what looks like a credential; `lowered` is the text in lower case."""
    if _MAY_HOLD_ONE.search(text):
        for hint, pattern in _BY_PREFIX:
            if hint in text:
                text = pattern.sub(REDACTED, text)
    for hint, pattern in _BY_HINT:
        if hint in text:
            text = pattern.sub(REDACTED, text)
    for hint, pattern in _BY_LOWERED_HINT:
        if hint in lowered:
            text = pattern.sub(rf"\g<before>{REDACTED}", text)
    return text


# A word starts after whatever is not a letter or digit, and after an escape in the text of JSON.
_WORD_START: Final = r"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# These match `-` and `_` themselves: tried again after each, they would take quadratic time.
_RUN_START: Final = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
# RFC 6750's b64token, whose marks JSON may escape.
_MARK: Final = r"(?:[._~+/-]|\\++/|\\++u00(?:2[bBdDeEfF]|5[fF]|7[eE]))"


_DOTTED_PARTS: Final = many(r"\.[A-Za-z0-9_-]{8,}+")


def _pattern(shape: Shape) -> re.Pattern[str]:
    prefix = "|".join(map(re.escape, shape.prefixes))
    body = rf"[{shape.alphabet}]{{{shape.least},}}+"
    # What follows a dot is part of the same secret: SendGrid's, Google's, GitLab's.
    return re.compile(
        rf"{_WORD_START}(?:{prefix}){shape.infix}{body}[A-Za-z0-9_-]*+{_DOTTED_PARTS}"
    )


# RFC 7519. The signature of an unsigned token is empty.
_JWT: Final = re.compile(
    rf"{_RUN_START}eyJ[A-Za-z0-9_-]{{6,}}+\.[A-Za-z0-9_-]{{4,}}+\.[A-Za-z0-9_-]*+"
    + many(r"\.[A-Za-z0-9_-]++")
)

# RFC 7468. If it was cut off, it ends with the text, or with the string that it is in.
_PEM_TEXT: Final = many(r"""[^"'<>\\-]++|\\++[nrt/]|\\++u[0-9a-fA-F]{4}|-(?!----)""")
_PEM: Final = re.compile(
    rf"""
    -----BEGIN[ ][A-Z0-9 ]{{1,64}}-----
    {_PEM_TEXT}
    (?: -----END[ ][A-Z0-9 ]{{1,64}}----- )?
    """,
    re.VERBOSE,
)

_LETTERS: Final = many(rf"[A-Za-z]|{_MARK}")
_PADDING: Final = many(r"=|\\++u003[dD]")
_BEARER: Final = re.compile(
    rf"""
    (?P<before>)
    {_WORD_START}
    # \b is a JSON escape, whose letter starts no word.
    (?!(?<=(?<!\\)\\)b)(?i:bearer) (?>(?:[ \t:=]|%20){{1,8}})
    # Prose continues after "bearer" too, so a word of letters alone must be long.
    (?:
        (?= {_LETTERS} [0-9] ) {many(rf"[A-Za-z0-9]|{_MARK}", least=8)}
        | (?= [A-Za-z]++ {many(_MARK, least=1)} [A-Za-z] ) {many(rf"[A-Za-z]|{_MARK}", least=12)}
        | [A-Za-z]{{16,}}+
    )
    {_PADDING} [A-Za-z0-9_]*+
    """,
    re.VERBOSE,
)

_BASIC: Final = re.compile(
    rf"""
    (?P<before>)
    {_WORD_START}
    (?!(?<=(?<!\\)\\)b)(?i:basic) [ ]
    (?= [A-Za-z/+]*+[0-9] | [A-Za-z/+]++= ) [A-Za-z0-9+/]{{12,}}+ =*+ [A-Za-z0-9_]*+
    """,
    re.VERBOSE,
)

# There is no prose after the header's name: whatever follows the scheme is a credential.
_VALUE: Final = many(r"""[^\s"'\\<>,;]++|\\++/|\\++u[0-9a-fA-F]{4}""", least=1)
_AUTHORIZATION: Final = re.compile(
    rf"""
    (?P<before> (?i:authori[sz]ation) \\*+ ["']? \s{{0,8}} [:=] \s{{0,8}} \\*+ ["']? )
    (?i: bearer | basic | token | digest | negotiate | api-?key | key ) [ ]{{1,8}}
    (?! \[redacted\] | \[hidden\] )
    {_VALUE}
    """,
    re.VERBOSE,
)

# Nearly all prefixes end in a mark that many characters follow; few texts hold such a thing.
_MARKS: Final = ("_", "-", ".", "/")
_MAY_HOLD_ONE: Final = re.compile(r"[_./-][A-Za-z0-9_/-]{10}")
_BY_PREFIX: Final = tuple(
    (prefix, _pattern(shape))
    for shape in SHAPES
    for prefix in shape.prefixes
    if prefix.endswith(_MARKS)
)
_BY_HINT: Final = (
    *(
        (prefix, _pattern(shape))
        for shape in SHAPES
        for prefix in shape.prefixes
        if not prefix.endswith(_MARKS)
    ),
    ("eyJ", _JWT),
    ("-----BEGIN ", _PEM),
)
_BY_LOWERED_HINT: Final = (
    ("authori", _AUTHORIZATION),
    ("bearer", _BEARER),
    ("basic ", _BASIC),
)
