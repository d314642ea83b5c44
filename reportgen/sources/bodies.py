"""Response bodies: their media type, and their bytes with content codings removed.

httpx would decompress each chunk in full, though a few kilobytes can become gigabytes, and it drops
everything after the first member of a gzip body.
"""

import asyncio
import re
import zlib
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Final

import httpx

from reportgen.sources import StreamBrokenError, failures

_PIECE: Final = 1 << 18
_ZLIB: Final = {"gzip", "x-gzip", "deflate"}
_MOST_CODINGS: Final = 5
_ANY_HEADER: Final = 47  # zlib's flag for "gzip or zlib, whichever it is"
_NO_HEADER: Final = -15
_GZIP_START: Final = 0x1F
_ZLIB_METHOD: Final = 8  # in the low half of a zlib header's first byte

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_MEDIA_TYPE: Final = re.compile(rf"[ \t\r\n]*({_WORD}/{_WORD})[ \t\r\n]*(?:;.*)?", re.DOTALL)
_VALUE: Final = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"?)++', re.DOTALL)


def media_type(response: httpx.Response) -> str | None:
    """Return a response's media type in lower case, or None if it has no valid one.

    If there are several, on one or more lines, the last valid one counts, as in the Fetch standard.
    """
    header = ",".join(response.headers.get_list("content-type"))
    found = [_MEDIA_TYPE.fullmatch(value) for value in _VALUE.findall(header)]
    types = [match[1].lower() for match in found if match is not None and match[1] != "*/*"]
    return types[-1] if types else None


def unknown_coding(response: httpx.Response) -> str | None:
    """Return the content coding of a body that cannot be decoded, or None."""
    codings = _codings(response)
    unknown = [coding for coding in codings if coding not in _ZLIB]
    if unknown:
        return unknown[0]
    return ", ".join(codings[: _MOST_CODINGS + 1]) if len(codings) > _MOST_CODINGS else None


async def read(response: httpx.Response, limit: int) -> bytes:
    """Read a body of up to `limit` bytes; a longer one is truncated to one byte over the limit.

    Raises `StreamBrokenError` if a response with status 200 is incomplete; for any other status,
    a partial body is enough.
    """
    body = bytearray()
    try:
        async for piece in unpacked(response):
            body += piece[: limit + 1 - len(body)]
            if len(body) > limit:
                break
    except StreamBrokenError:
        if response.status_code == HTTPStatus.OK:
            raise
    return bytes(body)


async def unpacked(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield a body's bytes with its content codings removed, in pieces of bounded size.

    Raises `StreamBrokenError` if the body is truncated, damaged, or in an unknown coding.
    """
    coding = unknown_coding(response)
    if coding is not None:
        raise StreamBrokenError(f"the response is encoded as {coding}, which was not requested")
    pieces = _packed(response)
    for coding in reversed(_codings(response)):
        pieces = _inflated(pieces, coding)
    async for piece in pieces:
        yield piece


async def _packed(response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except httpx.HTTPError as error:
        raise StreamBrokenError(failures.describe(error)) from error


async def _inflated(packed: AsyncIterator[bytes], coding: str) -> AsyncIterator[bytes]:
    inflater = _Inflater(may_lack_header=coding == "deflate")
    try:
        async for chunk in packed:
            for piece in inflater.feed(chunk):
                yield piece
                await asyncio.sleep(0)  # a compression bomb must not block other streams
            if inflater.is_over:
                return
    except zlib.error as error:
        raise StreamBrokenError(f"the compressed body is damaged ({error})") from error
    if inflater.is_amid_member:
        raise StreamBrokenError("the compressed body is truncated")


class _Inflater:
    """Inflates a body's members one after another, in pieces of bounded size.

    Any trailing data that is neither a gzip member nor zeros is ignored, as in browsers.
    """

    def __init__(self, *, may_lack_header: bool) -> None:
        self.is_over = False
        self._may_lack_header = may_lack_header
        self._is_first = True
        self._member: zlib._Decompress | None = None

    @property
    def is_amid_member(self) -> bool:
        """Whether the body is still incomplete."""
        return self._member is not None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Yield the next bytes, decompressed. Raises `zlib.error` if they are damaged."""
        piece = b""
        while packed or len(piece) == _PIECE:  # zlib may have more output than it returned
            if self._member is None:
                packed = self._begin_member(packed)
            if self._member is None:
                return
            before = self._member.copy()
            try:
                piece = self._member.decompress(packed, _PIECE)
            except zlib.error:
                # Keep everything before the damage, however it was split into chunks.
                for byte in packed:
                    yield before.decompress(bytes([byte]), _PIECE)
                raise
            yield piece
            packed = self._member.unconsumed_tail
            if self._member.eof:
                packed, self._member = self._member.unused_data, None

    def _begin_member(self, packed: bytes) -> bytes:
        """Begin the next member, if there is one; return the bytes from its start."""
        if not self._is_first:
            packed = packed.lstrip(b"\0")
            self.is_over = bool(packed) and packed[0] != _GZIP_START
        if packed and not self.is_over:
            self._is_first = False
            self._member = zlib.decompressobj(self._window_bits(packed[0]))
        return packed

    def _window_bits(self, first: int) -> int:
        """Return zlib's code for a member's format, which is determined by its first byte."""
        has_header = first == _GZIP_START or first & 0x0F == _ZLIB_METHOD
        return _ANY_HEADER if has_header or not self._may_lack_header else _NO_HEADER


def _codings(response: httpx.Response) -> list[str]:
    values = response.headers.get_list("content-encoding", split_commas=True)
    codings = [value.strip().lower() for value in values]
    return [coding for coding in codings if coding not in {"", "identity"}]
