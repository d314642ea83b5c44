"""Which Studio to use, and with which token.

`arkor dev` uses the first free port of ten. All of a user's Studios share one token file, so
the token in it may be another Studio's or from an earlier launch, or it may be missing; but each
Studio's own page has its token. Pages are read without a token: it is never sent to a process that
has not proved itself a Studio.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

from reportgen.sources.credentials import Scope, is_sendable
from reportgen.sources.http import BaseURL

_META_NAME: Final = "arkor-studio-token"


@dataclass(frozen=True, slots=True)
class Choice:
    """The Studio to use, and the token to use; None if there is no token."""

    base: BaseURL
    token: str | None
    reason: str = ""
    """Why it was chosen from several, as the end of a sentence about it."""


async def choose(
    bases: Sequence[BaseURL],
    known: str | None,
    *,
    explicit: bool,
    scope: Scope | None,
    page_token: Callable[[BaseURL], Awaitable[str | None]],
    scope_of: Callable[[BaseURL, str], Awaitable[Scope | None]],
) -> Choice:
    """Choose which Studio at these addresses to use; a single address was given by the user.

    `known` is the token stored on this machine or, if `explicit`, given by the user; `scope` comes
    from the project's state file. `page_token` reads the token in a Studio's page; `scope_of`
    requests a Studio's scope using its own token.
    """
    if len(bases) == 1 and known is not None:
        return Choice(bases[0], known)
    running: list[tuple[BaseURL, str]] = []
    for base in bases:
        token = await page_token(base)
        if token is None:
            continue
        running.append((base, token))
        if token == known:
            return _choice(running, -1, known, ", whose page has the known token")
    if not running:
        return Choice(bases[0], known)
    if explicit:
        return _choice(running, 0, known, ", whose page has another token than the one given")
    own = ", with the token of its own page"
    if scope is not None:
        wanted = f"{scope.org}/{scope.project}"
        for place, (base, token) in enumerate(running):
            if await scope_of(base, token) == scope:
                return _choice(running, place, token, f" of {wanted}{own}")
        own += f"; there is none of {wanted}, which .arkor/state.json names"
    return _choice(running, 0, running[0][1], own)


def _choice(
    running: Sequence[tuple[BaseURL, str]], place: int, token: str | None, reason: str
) -> Choice:
    chosen = running[place][0]
    others = ", ".join(base.shown for base, _ in running if base != chosen)
    return Choice(chosen, token, f"{reason}; another is at {others}" if others else reason)


class _MetaReader(HTMLParser):
    """Finds the content of the first `meta` element that holds the token."""

    found: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Process a start tag."""
        values = dict(attrs)
        if tag == "meta" and self.found is None and values.get("name") == _META_NAME:
            self.found = (values.get("content") or "").strip()


def token_in(page: bytes) -> str | None:
    """Return the token in a Studio's page; None if another program sent the page."""
    reader = _MetaReader()
    reader.feed(page.decode("utf-8", "replace"))
    return reader.found if reader.found and is_sendable(reader.found) else None
