"""Names as telephones write them: UTF-8, Shift_JIS, EUC-JP, ISO-2022-JP, Latin-1, and MIME's encoded words (RFC 2047)."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header

_ENCODED_WORD = re.compile(r"=\?[A-Za-z0-9_-]{1,40}(?:\*[A-Za-z-]{1,16})?\?[BbQq]\?[^?\s]{0,1000}\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
_SHIFTED = (b"\x1b$", b"\x1b(I")


def text_of(data: bytes) -> str:
    """Return text in whatever of these encodings it is; never raises."""
    if any(each in data for each in _SHIFTED):
        try:
            return data.decode("iso2022_jp_ext")
        except UnicodeDecodeError:
            pass
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    # EUC-JP and half-width katakana of Shift_JIS are the same bytes; the latter is what telephones write.
    for name in ("cp932", "euc_jp"):
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def words_of(text: str) -> str:
    """Return text with its encoded words decoded; one that cannot be stays as it is."""
    if "=?" not in text:
        return text
    return _ENCODED_WORD.sub(_decoded, _BETWEEN_WORDS.sub(r"\1\2", text))


def _decoded(found: re.Match[str]) -> str:
    # RFC 2231 puts a language behind the charset.
    word = re.sub(r"^(=\?[^*?]+)\*[^?]*", r"\1", found[0])
    try:
        [(data, charset)] = decode_header(word)
    except (HeaderParseError, ValueError):
        return found[0]
    if not isinstance(data, bytes) or not data:
        return found[0]
    try:
        return data.decode(_WIDER.get((charset or "").lower(), charset or "utf-8"))
    except (LookupError, UnicodeDecodeError):
        return text_of(data)


_WIDER = {"shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "iso-2022-jp": "iso2022_jp_ext"}
"""Encodings that hold the letters that are really sent under such a name."""
