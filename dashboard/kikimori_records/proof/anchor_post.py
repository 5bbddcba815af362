"""Heads sent to another machine: a POST of JSON for each, certificates verified, no redirects followed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

import aiohttp

from kikimori_core.wire.settings import read_secret, trusting
from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.anchor_web import web_failures
from kikimori_records.proof.queries import KeptAnchor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_records.proof.trees import ClosedTree

WITHIN_S = 10.0


class PostAnchor:
    """Sender of heads to an address."""

    kind = "post"

    def __init__(self, url: str, ca_file: Path | None, token_file: Path | None) -> None:
        self.target = url
        self._ca_file = ca_file
        self._token_file = token_file

    async def keep(self, trees: Sequence[ClosedTree]) -> list[KeptAnchor]:
        kept = []
        try:
            token = (
                None if self._token_file is None else await asyncio.to_thread(read_secret, self._token_file)
            )
            context = await asyncio.to_thread(trusting, self._ca_file)
        except (OSError, UnicodeDecodeError):
            raise AnchorError("secret_unreadable") from None
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with web_failures():
            async with aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(WITHIN_S), headers=headers, trust_env=False
            ) as session:
                for each in trees:
                    async with session.post(
                        self.target, json=each.fields(), ssl=context, allow_redirects=False
                    ) as answer:
                        if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                            raise AnchorError(f"http_{answer.status}")
                    kept.append(KeptAnchor(each.number, self.kind, self.target, datetime.now(UTC)))
        return kept
