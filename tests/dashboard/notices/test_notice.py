"""All that a notice says, and all that it never says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support import sample

from kikimori.doctor.notices import look_at_notices
from kikimori_core.mail.settings import MailSettings
from kikimori_core.wire.messages import Alert, Party, Severity
from kikimori_dashboard import DashboardSettings, settings_from
from kikimori_dashboard.notices.desk import notice_of
from kikimori_dashboard.notices.mail import MailSender
from kikimori_dashboard.notices.notice import payload

KINDS = ("slack", "teams", "line_works", "json")
LINK = "https://kikimori.office.example/"
TOKYO = ZoneInfo("Asia/Tokyo")
MAIL = MailSettings(
    host="smtp.office.example", sender="k@office.example", recipients=("a@office.example", "b@office.example")
)
CONFIDENTIAL = st.text(
    st.characters(
        min_codepoint=0x4E00, max_codepoint=0x9FA5, exclude_characters="急要確認応援請見守席発生聞開"
    ),
    min_size=2,
    max_size=20,
)
"""Words that no text of a notice holds."""


def texts(value: Any) -> list[str]:
    """All texts in a message."""
    if isinstance(value, dict):
        return [each for part in value.values() for each in texts(part)]
    if isinstance(value, (list, tuple)):
        return [each for part in value for each in texts(part)]
    return [value] if isinstance(value, str) else []


def told(alert: Alert, seat: str | None = "A列4番") -> str:
    """Everything that leaves the house of an alert, by every way and in both languages."""
    notice = notice_of(alert, seat, LINK)
    bodies = [payload(kind, notice, language, TOKYO).decode() for kind in KINDS for language in ("ja", "en")]
    mails = [MailSender(MAIL, language, TOKYO).message(notice) for language in ("ja", "en")]
    return "\n".join([*bodies, *(f"{each['Subject']}\n{each.get_content()}" for each in mails)])


@given(
    words=CONFIDENTIAL,
    name=CONFIDENTIAL,
    operator=CONFIDENTIAL,
    number=st.text("0123456789", min_size=10, max_size=11),
    severity=st.sampled_from([*Severity, Severity("worse")]),
)
def test_no_words_no_name_and_no_number_leave_the_house(
    words: str, name: str, operator: str, number: str, severity: Severity
) -> None:
    evidence = tuple(
        each.model_copy(
            update={field: words for field in ("text", "matched", "quote") if hasattr(each, field)}
        )
        for each in sample.EVIDENCE
    )
    alert = sample.alert(severity=severity).model_copy(
        update={
            "evidence": evidence,
            "caller": Party(number=number, name=name),
            "operator": Party(number="4711", name=operator),
            "title": {"ja": words, "en": words},
        }
    )
    # A key of LINE WORKS, which is also a kind of evidence.
    found = told(alert).replace('"button": {', "")
    for secret in (words, name, operator, number, "4711", alert.call_id, alert.alert_id):
        assert secret not in found, secret
    # Nor any other text of the alert, but how bad it is.
    others = {each for each in texts(alert.model_dump(mode="json")) if len(each) > 3} - {str(severity)}
    assert {each for each in others if each in found} == set()


def test_severity_time_seat_and_link_are_told() -> None:
    alert = sample.alert(severity=Severity.CRITICAL)
    notice = notice_of(alert, "A列4番", LINK)
    time = alert.raised_at.astimezone(TOKYO).strftime("%H:%M:%S")
    said = f"至急 要確認\n席 A列4番、発生 {time}\n{LINK}"
    assert json.loads(payload("slack", notice, "ja", TOKYO)) == {"text": said}
    of_line_works = json.loads(payload("line_works", notice, "ja", TOKYO))
    assert of_line_works["title"] == "至急 要確認"
    assert of_line_works["button"] == {"label": "聞守を開く", "url": LINK}
    card = json.loads(payload("teams", notice, "en", TOKYO))["attachments"][0]["content"]
    assert [each["text"] for each in card["body"]] == ["Check now", f"seat A列4番, since {time}"]
    assert json.loads(payload("json", notice, "ja", TOKYO))["severity"] == "critical"
    mail = MailSender(MAIL, "ja", TOKYO).message(notice)
    assert (mail["Subject"], mail["To"]) == ("Kikimori: 至急 要確認", "a@office.example, b@office.example")
    helped = notice_of(alert.model_copy(update={"rule_kind": "escalate"}), None, LINK)
    assert json.loads(payload("slack", helped, "ja", TOKYO))["text"].startswith("応援要請\n発生 ")


def test_it_is_off_and_whatever_leaves_is_said() -> None:
    assert DashboardSettings().notify.targets() == ()
    assert look_at_notices(DashboardSettings()) == []
    hook = {"name": "chat", "kind": "slack", "url_file": Path("notify-webhook")}
    off = settings_from({"notify": {"webhooks": [hook]}})
    assert look_at_notices(off) == []
    on = settings_from({"notify": {"enabled": True, "webhooks": [hook], "mail": MAIL.model_dump()}})
    (said,) = look_at_notices(on)
    assert "leaves the house" in said.detail
    assert "chat, a@office.example, b@office.example" in said.detail


@pytest.mark.parametrize(
    "table",
    [
        {"mail": {**MAIL.model_dump(), "security": "none"}},
        {"mail": {**MAIL.model_dump(), "recipients": ["a@b\nBcc: c@d"]}},
        {"mail": {**MAIL.model_dump(), "recipients": []}},
        {"link": "javascript:alert(1)"},
        {"webhooks": [{"name": "x", "kind": "slack", "url": "https://hooks.example/secret"}]},
    ],
)
def test_settings_that_are_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        settings_from({"notify": table})
