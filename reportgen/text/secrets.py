"""All secrets that were read, from whatever source, and the one redactor that knows them.

Code that reads a token, from a variable, a file or a server's response, adds it here; code that
writes, to files or to stderr, uses the redactor from here.
"""

from collections.abc import Iterable
from functools import cached_property

from reportgen.text.redact import Redactor


class Secrets:
    """All tokens read by this command, including refused and replaced ones."""

    def __init__(self, tokens: Iterable[str] = ()) -> None:
        self._tokens = {token for token in tokens if token}

    def learn(self, token: str) -> None:
        """Add a token, so that no text written from now on contains it."""
        if token and token not in self._tokens:
            self._tokens.add(token)
            self.__dict__.pop("redactor", None)

    @cached_property
    def redactor(self) -> Redactor:
        """The redactor for all tokens added so far; it is rebuilt only when one is added."""
        return Redactor(self._tokens)
