"""Mail: one message for each notice, sent in a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori_core.mail.smtp import MailError, message_of, send
from kikimori_dashboard.notices.delivery import NotDeliveredError

if TYPE_CHECKING:
    from datetime import tzinfo
    from email.message import EmailMessage

    from kikimori_core.mail.settings import MailSettings
    from kikimori_core.messages import Language
    from kikimori_dashboard.notices.notice import Notice


class MailSender:
    """Sender to the recipients of `[notify.mail]`."""

    name = "mail"

    def __init__(self, settings: MailSettings, language: Language, zone: tzinfo) -> None:
        self._settings = settings
        self._language: Language = language
        self._zone = zone

    async def send(self, notice: Notice) -> None:
        try:
            await asyncio.to_thread(send, self._settings, self.message(notice))
        except MailError as error:
            raise NotDeliveredError(error.cause, final=error.final) from None

    def message(self, notice: Notice) -> EmailMessage:
        """Return the mail."""
        body = f"{notice.body(self._language, self._zone)}\n{notice.link}\n"
        return message_of(self._settings, f"Kikimori: {notice.title(self._language)}", body)
