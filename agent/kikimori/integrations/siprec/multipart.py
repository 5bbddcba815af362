"""Bodies of several parts (RFC 5621, RFC 2046), in any order, and with common mistakes of SRCs."""

from __future__ import annotations

from dataclasses import dataclass, field

from kikimori.media.sip.values import parse_parameters

MAX_PARTS = 16

SDP = "application/sdp"
METADATA = frozenset({"application/rs-metadata+xml", "application/rs-metadata"})


class BodyError(Exception):
    """Body that cannot be split. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BodyPart:
    kind: str
    """Media type in lower case, without parameters; recognised from the content where the label is no help."""
    body: bytes = field(repr=False)
    """May hold telephone numbers and keys."""


def parts_of(content_type: str | None, body: bytes) -> tuple[BodyPart, ...]:
    """Return the parts of a body; a body that is not multipart is one part, an empty one none.

    Raises:
        BodyError: `no_boundary`, `too_many_parts`.
    """
    if not body:
        return ()
    kind, parameters = parse_parameters(content_type or "")
    kind = kind.lower()
    if not kind.startswith("multipart/"):
        return (BodyPart(_kind(kind, body), body),)
    parts: list[BodyPart] = []
    for text in _split(body, parameters.get("boundary", "")):
        headers, content = _head_and_body(text)
        inner, inner_parameters = parse_parameters(headers.get(b"content-type", ""))
        inner = inner.lower()
        if inner.startswith("multipart/"):
            for each in _split(content, inner_parameters.get("boundary", "")):
                innermost, innermost_body = _head_and_body(each)
                label = parse_parameters(innermost.get(b"content-type", ""))[0].lower()
                parts.append(BodyPart(_kind(label, innermost_body), innermost_body))
        else:
            parts.append(BodyPart(_kind(inner, content), content))
        if len(parts) > MAX_PARTS:
            raise BodyError("too_many_parts")
    return tuple(parts)


def _split(body: bytes, boundary: str) -> list[bytes]:
    mark = b"--" + boundary.strip().encode("utf-8", errors="replace")
    if not boundary or mark not in body:
        # The label is broken or missing: the body itself shows its boundary in its first line that begins so.
        first = next((line.strip() for line in body[:4096].splitlines() if line.startswith(b"--")), b"")
        if len(first) <= 2:
            raise BodyError("no_boundary")
        mark = first
    found = (b"\n" + body).split(b"\n" + mark)
    if len(found) > MAX_PARTS + 2:
        raise BodyError("too_many_parts")
    parts = []
    for piece in found[1:]:
        if piece.startswith(b"--"):
            break
        parts.append(piece.removesuffix(b"\r"))
    return parts


def _head_and_body(part: bytes) -> tuple[dict[bytes, str], bytes]:
    # What stands behind the boundary on its line is only white space.
    _, _, part = part.partition(b"\n")
    headers: dict[bytes, str] = {}
    while part:
        line, _, rest = part.partition(b"\n")
        name, colon, value = line.partition(b":")
        if not line.strip():
            return headers, rest
        if not colon:
            # No header: the empty line before the content was forgotten.
            return headers, part
        headers.setdefault(name.strip().lower(), value.strip().decode("utf-8", errors="replace"))
        part = rest
    return headers, b""


def _kind(label: str, body: bytes) -> str:
    if label == SDP or label in METADATA:
        return label
    begin = body[:512].lstrip()
    if begin.startswith(b"v=0"):
        return SDP
    if b"<recording" in begin or b":recording" in begin:
        return "application/rs-metadata+xml"
    return label
