"""Heads by mail, all that are new in one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.mail.smtp import MailError, message_of, send
from kikimori_core.messages import in_language, text
from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.page_text import head_text
from kikimori_records.proof.queries import KeptAnchor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from kikimori_core.mail.settings import MailSettings
    from kikimori_core.messages import Language
    from kikimori_records.proof.trees import ClosedTree


class MailAnchor:
    """Sender of heads to the recipients of `[records.anchors.mail]`."""

    kind = "mail"

    def __init__(self, settings: MailSettings, site: str, language: Language, zone: tzinfo) -> None:
        self.target = ", ".join(settings.recipients)
        self._settings = settings
        self._site = site
        self._language: Language = language
        self._zone = zone

    async def keep(self, trees: Sequence[ClosedTree]) -> list[KeptAnchor]:
        if not trees:
            return []
        subject = in_language(text("head_subject", site=self._site, day=trees[-1].day), self._language)
        body = head_text(trees, self._site, self._language, self._zone)
        try:
            await asyncio.to_thread(send, self._settings, message_of(self._settings, subject, body))
        except MailError as error:
            raise AnchorError(error.cause) from None
        now = datetime.now(UTC)
        return [KeptAnchor(each.number, self.kind, self.target, now) for each in trees]
