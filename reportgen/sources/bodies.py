"""The bodies of answers: their media type, and their bytes without content coding.

httpx would inflate each chunk whole, though a few kilobytes can become gigabytes, and it drops
whatever follows the first member of a gzip body.
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
    """Return the media type of an answer in lower case, or None if it has no valid one.

    Of several, on one line or more, the last valid one counts, as the Fetch standard says.
    """
    header = ",".join(response.headers.get_list("content-type"))
    found = [_MEDIA_TYPE.fullmatch(value) for value in _VALUE.findall(header)]
    types = [match[1].lower() for match in found if match is not None and match[1] != "*/*"]
    return types[-1] if types else None


def unknown_coding(response: httpx.Response) -> str | None:
    """Return the content coding of a body that cannot be unpacked, or None."""
    codings = _codings(response)
    unknown = [coding for coding in codings if coding not in _ZLIB]
    if unknown:
        return unknown[0]
    return ", ".join(codings[: _MOST_CODINGS + 1]) if len(codings) > _MOST_CODINGS else None


async def read(response: httpx.Response, limit: int) -> bytes:
    """Read a body of up to `limit` bytes; one that is longer is cut, one byte over the limit.

    Raises `StreamBrokenError` if an answer of status 200 is not whole; of any other, the status
    is enough.
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
    """Return a body's bytes without its content codings, never more than a bounded piece at once.

    Raises `StreamBrokenError` if the body is cut, damaged, or of an unknown coding.
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
                await asyncio.sleep(0)  # a bomb must not keep other streams from being read
            if inflater.is_over:
                return
    except zlib.error as error:
        raise StreamBrokenError(f"the compressed body is damaged ({error})") from error
    if inflater.is_amid_member:
        raise StreamBrokenError("the compressed body is truncated")


class _Inflater:
    """Inflates a body's members one after another, in pieces of bounded size.

    Whatever follows that is neither a gzip member nor zeros is ignored, as browsers do.
    """

    def __init__(self, *, may_lack_header: bool) -> None:
        self.is_over = False
        self._may_lack_header = may_lack_header
        self._is_first = True
        self._member: zlib._Decompress | None = None

    @property
    def is_amid_member(self) -> bool:
        """Whether more bytes must come for the body to be whole."""
        return self._member is not None

    def feed(self, packed: bytes) -> Iterator[bytes]:
        """Return what the next bytes become. Raises `zlib.error` where they are damaged."""
        piece = b""
        while packed or len(piece) == _PIECE:  # zlib may hold more than it returned
            if self._member is None:
                packed = self._begin_member(packed)
            if self._member is None:
                return
            before = self._member.copy()
            try:
                piece = self._member.decompress(packed, _PIECE)
            except zlib.error:
                # What came before the damage counts, in whatever chunks it came.
                for byte in packed:
                    yield before.decompress(bytes([byte]), _PIECE)
                raise
            yield piece
            packed = self._member.unconsumed_tail
            if self._member.eof:
                packed, self._member = self._member.unused_data, None

    def _begin_member(self, packed: bytes) -> bytes:
        """Begin the next member, if it comes; return the bytes from there on."""
        if not self._is_first:
            packed = packed.lstrip(b"\0")
            self.is_over = bool(packed) and packed[0] != _GZIP_START
        if packed and not self.is_over:
            self._is_first = False
            self._member = zlib.decompressobj(self._window_bits(packed[0]))
        return packed

    def _window_bits(self, first: int) -> int:
        """Return zlib's name for the format of a member, which its first byte shows."""
        has_header = first == _GZIP_START or first & 0x0F == _ZLIB_METHOD
        return _ANY_HEADER if has_header or not self._may_lack_header else _NO_HEADER


def _codings(response: httpx.Response) -> list[str]:
    values = response.headers.get_list("content-encoding", split_commas=True)
    codings = [value.strip().lower() for value in values]
    return [coding for coding in codings if coding not in {"", "identity"}]
