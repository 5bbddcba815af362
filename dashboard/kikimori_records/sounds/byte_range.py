"""Part of a file that a request asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE = re.compile(r"bytes\s*=\s*(\d*)-(\d*)\s*", re.IGNORECASE | re.ASCII)
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` to `stop`, without the latter."""

    start: int
    stop: int

    def content_range(self, size: int) -> str:
        """Return the value of `Content-Range` for a file of so many bytes."""
        return f"bytes {self.start}-{self.stop - 1}/{size}"


class UnsatisfiableRangeError(Exception):
    """The file has no byte of the asked range."""


def asked_range(wanted: str | None, if_range: str | None, etag: str, size: int) -> ByteRange | None:
    """Return the part of a file of `size` bytes that the headers `Range` and `If-Range` ask for; None = the whole file.

    What is no range of bytes, or names several, asks for the whole file, as the RFC allows. So does an `If-Range` that is
    not this file's ETag, e.g. a date.

    Raises:
        UnsatisfiableRangeError: there is no such part.
    """
    found = _ONE.fullmatch(wanted.strip()) if wanted else None
    if found is None or (if_range is not None and if_range.strip() != etag):
        return None
    first, last = found.groups()
    if max(len(first), len(last)) > _MOST_DIGITS or not (first or last):
        return None
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), size
        if last:
            if int(last) < start:
                return None
            stop = min(int(last) + 1, size)
    if start >= stop:
        raise UnsatisfiableRangeError
    return ByteRange(start, stop)
