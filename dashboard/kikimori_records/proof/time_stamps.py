"""RFC 3161 time stamps of heads, by the library of the extra `timestamps`: asked for, and verified offline."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import aiohttp
from cryptography.x509 import load_pem_x509_certificates

from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.anchor_web import web_failures
from kikimori_records.proof.queries import KeptAnchor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rfc3161_client import TimeStampRequest

    from kikimori_core.journal.anchor_settings import TimestampSettings
    from kikimori_records.proof.trees import ClosedTree

WITHIN_S = 15.0
MOST_BYTES = 64 * 1024
"""Longest answer: the signature with a few certificates."""


class TimeStampAnchor:
    """A time-stamping authority. Of several new heads it stamps the last, which confirms those before."""

    kind = "timestamp"

    def __init__(self, settings: TimestampSettings) -> None:
        self.target = settings.url
        self._settings = settings

    async def keep(self, trees: Sequence[ClosedTree]) -> list[KeptAnchor]:
        if not trees:
            return []
        head = bytes.fromhex(trees[-1].head)
        request = _request(head)
        answer = await self._ask(request.as_bytes())
        stamped_at(answer, head, self._settings.ca_file, request)
        receipt = base64.b64encode(answer).decode()
        return [KeptAnchor(trees[-1].number, self.kind, self.target, datetime.now(UTC), receipt)]

    async def _ask(self, request: bytes) -> bytes:
        with web_failures():
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(WITHIN_S), trust_env=False) as session,
                session.post(
                    self.target,
                    data=request,
                    headers={"Content-Type": "application/timestamp-query"},
                    allow_redirects=False,
                ) as answer,
            ):
                if answer.status != 200:
                    raise AnchorError(f"http_{answer.status}")
                content = await answer.content.read(MOST_BYTES + 1)
                while len(content) <= MOST_BYTES and (more := await answer.content.read(MOST_BYTES)):
                    content += more
        if len(content) > MOST_BYTES:
            raise AnchorError("stamp_too_long")
        return content


def _request(head: bytes) -> TimeStampRequest:
    try:
        from rfc3161_client import HashAlgorithm, TimestampRequestBuilder  # noqa: PLC0415  (an extra)
    except ImportError:
        raise AnchorError("no_library") from None
    return TimestampRequestBuilder().data(head).hash_algorithm(HashAlgorithm.SHA256).build()


def stamped_at(
    answer: bytes, head: bytes, ca_file: Path, request: TimeStampRequest | None = None
) -> datetime:
    """Verify that an authority's answer stamps a head, and return the time in it.

    Args:
        answer: DER of RFC 3161's TimeStampResp.
        head: The 32 bytes that were stamped.
        ca_file: Certificates that the signature has to lead to.
        request: The request, whose nonce the answer must hold; None for an answer that was kept.

    Raises:
        AnchorError: it is no time stamp of this head by this authority; the library or the certificates are missing.
    """
    try:
        from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response  # noqa: PLC0415
    except ImportError:
        raise AnchorError("no_library") from None
    try:
        certificates = load_pem_x509_certificates(ca_file.read_bytes())
    except (OSError, ValueError):
        raise AnchorError("authority_unreadable") from None
    try:
        response = decode_timestamp_response(answer)
        builder = VerifierBuilder() if request is None else VerifierBuilder.from_request(request)
        for each in certificates:
            own = each.issuer == each.subject
            builder = (
                builder.add_root_certificate(each) if own else builder.add_intermediate_certificate(each)
            )
        builder.build().verify_message(response, head)
        found: datetime = response.tst_info.gen_time
    except VerificationError:
        raise AnchorError("stamp_wrong") from None
    except ValueError:
        raise AnchorError("stamp_unreadable") from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def stamp_of(receipt: str | None) -> bytes:
    """Return an answer from its receipt; raises AnchorError."""
    try:
        return base64.b64decode(receipt or "", validate=True)
    except binascii.Error:
        raise AnchorError("stamp_unreadable") from None
