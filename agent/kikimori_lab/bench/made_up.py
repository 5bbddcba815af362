"""Made-up calls of one site, for benches of the dashboard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    LegLevel,
    Levels,
    Party,
    Role,
    Severity,
    ShoutingEvidence,
    SpeechStatus,
    TranscriptLine,
)

SITE = AGENT = "bench"
SAID = "だから、さっきから何度も同じことを申し上げているんですけれども。"


def made_up_call(number: int, lines: int) -> CallState:
    """Return a call with this number of transcript lines."""
    call_id = f"bench-{number}"
    said = tuple(
        TranscriptLine(
            call_id=call_id,
            line_id=f"customer-{line}",
            role=Role.CUSTOMER,
            start_s=line * 4.0,
            end_s=line * 4.0 + 3,
            text=SAID,
            final=True,
        )
        for line in range(lines)
    )
    return CallState(
        call_id=call_id,
        site=SITE,
        agent_id=AGENT,
        tap="siprec",
        started_at=datetime.now(UTC) - timedelta(seconds=number),
        caller=Party(number="03-5555-0100", name="山田 一郎"),
        operator=Party(number=str(10_000 + number), name="佐藤 美咲"),
        queue="support",
        roles=(Role.CUSTOMER, Role.OPERATOR),
        speech=SpeechStatus.ON,
        capabilities=tuple(Action),
        superior=Party(number="200", name="高橋 課長"),
        transcript_tail=said,
    )


def made_up_alert(number: int, calls: int) -> Alert:
    """Return one of the alerts that are spread over this number of calls."""
    evidence = ShoutingEvidence(
        start_s=20,
        end_s=26,
        speech_s=4.2,
        level_db=-14,
        over_calm_db=13,
        tilt_db=-3,
        tilt_over_calm_db=7,
        probability=0.93,
    )
    call_id = f"bench-{number % calls}"
    return Alert(
        alert_id=f"{call_id}.shouting.{number // calls + 1}",
        call_id=call_id,
        site=SITE,
        agent_id=AGENT,
        rule="shouting",
        rule_kind="shouting",
        title={"ja": "大声・怒声", "en": "Raised voice"},
        severity=tuple(Severity)[number % 3],
        state=AlertState.OPEN,
        revision=1,
        raised_at=datetime.now(UTC) - timedelta(seconds=number % 60),
        updated_at=datetime.now(UTC),
        raised_s=20,
        evidence=(evidence, evidence.model_copy(update={"start_s": 40, "end_s": 44})),
        suggestion=Action.HOLD_TRANSFER,
        caller=Party(number="03-5555-0100", name="山田 一郎"),
        operator=Party(number=str(10_000 + number % calls), name="佐藤 美咲"),
    )


def made_up_levels(calls: int, number: int) -> Levels:
    """Return the levels of this number of calls; they differ for each `number`."""
    leg = LegLevel(level_db=-20 - number % 10, speaking=True, over_calm_db=3.0, effort=0.1)
    each = CallLevels(media_s=float(number), legs={Role.CUSTOMER: leg, Role.OPERATOR: leg})
    return Levels(
        agent_id=AGENT, at=datetime.now(UTC), calls={f"bench-{call}": each for call in range(calls)}
    )
