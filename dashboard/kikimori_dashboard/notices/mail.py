"""Mail: one message by SMTP, TLS verified. Python's own client, in a thread: mails are few, and it needs no dependency."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

from kikimori_core.wire.settings import read_secret, trusting
from kikimori_dashboard.notices.delivery import NotDeliveredError

if TYPE_CHECKING:
    from datetime import tzinfo

    from kikimori_core.messages import Language
    from kikimori_dashboard.notices.notice import Notice
    from kikimori_dashboard.notices.settings import MailSettings

WITHIN_S = 8.0
"""Longest wait in s for each answer of the server: a stop of the program waits for a mail that is on its way."""
FOR_GOOD = 500
"""SMTP's codes from here on refuse for good."""


class MailSender:
    """Sender to the recipients of `[notify.mail]`."""

    name = "mail"

    def __init__(self, settings: MailSettings, language: Language, zone: tzinfo) -> None:
        self._settings = settings
        self._language: Language = language
        self._zone = zone

    async def send(self, notice: Notice) -> None:
        try:
            await asyncio.to_thread(self._send, self.message(notice))
        except smtplib.SMTPAuthenticationError:
            raise NotDeliveredError("login") from None
        except smtplib.SMTPRecipientsRefused as refused:
            final = all(code >= FOR_GOOD for code, _ in refused.recipients.values())
            raise NotDeliveredError("recipients", final=final) from None
        except smtplib.SMTPResponseException as error:
            raise NotDeliveredError(f"smtp_{error.smtp_code}", final=error.smtp_code >= FOR_GOOD) from None
        except ssl.SSLCertVerificationError:
            raise NotDeliveredError("certificate") from None
        except TimeoutError:
            raise NotDeliveredError("timeout") from None
        except (smtplib.SMTPException, OSError):
            raise NotDeliveredError("unreachable") from None

    def _send(self, message: EmailMessage) -> None:
        """Send one mail, in a thread; raises what `smtplib` raises, and NotDeliveredError."""
        settings = self._settings
        password, context = self._secrets()
        domain = settings.sender.rpartition("@")[2]
        if settings.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                settings.host, settings.port, domain, timeout=WITHIN_S, context=context
            )
        else:
            server = smtplib.SMTP(settings.host, settings.port, domain, timeout=WITHIN_S)
        with server:
            if settings.security == "starttls":
                server.starttls(context=context)
            if settings.username is not None:
                server.login(settings.username, password)
            if server.send_message(message):
                # Others have it: it must not come to them again.
                raise NotDeliveredError("recipients", final=True)

    def _secrets(self) -> tuple[str, ssl.SSLContext]:
        file = self._settings.password_file
        try:
            return "" if file is None else read_secret(file), trusting(self._settings.ca_file)
        except (OSError, UnicodeDecodeError):
            raise NotDeliveredError("secret_unreadable") from None

    def message(self, notice: Notice) -> EmailMessage:
        """Return the mail."""
        made = EmailMessage()
        made["From"] = self._settings.sender
        made["To"] = ", ".join(self._settings.recipients)
        made["Subject"] = f"Kikimori: {notice.title(self._language)}"
        made["Date"] = format_datetime(datetime.now(UTC))
        made["Message-ID"] = make_msgid(domain=self._settings.sender.rpartition("@")[2])
        made["Auto-Submitted"] = "auto-generated"
        made.set_content(f"{notice.body(self._language, self._zone)}\n{notice.link}\n")
        return made
