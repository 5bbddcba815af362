"""Sending of one message by SMTP, TLS verified. Python's own client: mails are few, and it needs no dependency. It blocks."""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

from kikimori_core.wire.settings import read_secret, trusting

if TYPE_CHECKING:
    from kikimori_core.mail.settings import MailSettings

WITHIN_S = 8.0
"""Longest wait in s for each answer of the server: a stop of the program waits for a mail that is on its way."""
FOR_GOOD = 500
"""SMTP's codes from here on refuse for good."""


class MailError(Exception):
    """A server did not take a mail. `cause` is a stable code; it never holds an address or an answer's words."""

    def __init__(self, cause: str, *, final: bool = False) -> None:
        """`final`: another attempt would fail likewise, or others have the mail already."""
        super().__init__(cause)
        self.cause = cause
        self.final = final


def message_of(settings: MailSettings, subject: str, body: str) -> EmailMessage:
    """Return a mail of plain text from the settings' sender to their recipients."""
    made = EmailMessage()
    made["From"] = settings.sender
    made["To"] = ", ".join(settings.recipients)
    made["Subject"] = subject
    made["Date"] = format_datetime(datetime.now(UTC))
    made["Message-ID"] = make_msgid(domain=_domain(settings))
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(body)
    return made


def send(settings: MailSettings, message: EmailMessage) -> None:
    """Send one mail, within some seconds; raises MailError."""
    try:
        _send(settings, message)
    except smtplib.SMTPAuthenticationError:
        raise MailError("login") from None
    except smtplib.SMTPRecipientsRefused as refused:
        final = all(code >= FOR_GOOD for code, _ in refused.recipients.values())
        raise MailError("recipients", final=final) from None
    except smtplib.SMTPResponseException as error:
        raise MailError(f"smtp_{error.smtp_code}", final=error.smtp_code >= FOR_GOOD) from None
    except ssl.SSLCertVerificationError:
        raise MailError("certificate") from None
    except TimeoutError:
        raise MailError("timeout") from None
    except (smtplib.SMTPException, OSError):
        raise MailError("unreachable") from None


def _send(settings: MailSettings, message: EmailMessage) -> None:
    """Send one mail; raises what `smtplib` raises, and MailError."""
    password, context = _secrets(settings)
    domain = _domain(settings)
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
            raise MailError("recipients", final=True)


def _secrets(settings: MailSettings) -> tuple[str, ssl.SSLContext]:
    file = settings.password_file
    try:
        return "" if file is None else read_secret(file), trusting(settings.ca_file)
    except (OSError, UnicodeDecodeError):
        raise MailError("secret_unreadable") from None


def _domain(settings: MailSettings) -> str:
    return settings.sender.rpartition("@")[2]
