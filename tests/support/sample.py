"""One honest message of every kind, with every field filled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from kikimori_core.wire.delivery import Acks, CallerContacts, CallerDay, Inventory
from kikimori_core.wire.directory import Directory, DirectoryOperator, DirectorySuperior, OpenPeriod
from kikimori_core.wire.evidence import RepeatCallerEvidence
from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    Announcement,
    AnsweredEvidence,
    ButtonEvidence,
    CallLevels,
    CallState,
    CallStatus,
    Command,
    CommandResult,
    DoubtedWords,
    DurationEvidence,
    EndingDecision,
    Health,
    KeysToPress,
    LegLevel,
    Levels,
    Message,
    OtherEvidence,
    OtherHearing,
    Outcome,
    OverlapEvidence,
    Party,
    Problem,
    RefusalMade,
    Ringing,
    Role,
    Severity,
    ShoutingEvidence,
    SilenceEvidence,
    SpeechStatus,
    SpokenBy,
    StopRequest,
    ToneEvidence,
    TranscriptLine,
    WordsEvidence,
)
from kikimori_core.wire.ringing_calls import RingingCall, RingingCalls
from kikimori_core.wire.sound_frames import SoundRequest
from kikimori_core.wire.topics import AgentTopics
from kikimori_core.wire.values import CallRecording

SITE = "main"
AGENT = "agent-1"
TOPICS = AgentTopics(SITE, AGENT)
NOON = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
CALLER = Party(number="03-5555-0100", name="山田 一郎")
OPERATOR = Party(number="201", name="佐藤 美咲")


def line(call_id: str = "call-1", **fields: Any) -> TranscriptLine:
    given: dict[str, Any] = {
        "line_id": "call-1-customer-3",
        "role": Role.CUSTOMER,
        "start_s": 12.5,
        "end_s": 14.25,
        "text": "上司に電話を代われ",
        "final": True,
        "engine": "whisper",
        "other": OtherHearing(text="上司に伝話を変われ", engine="vosk"),
        "doubted": (DoubtedWords(category="superior-demand", matched="上司に電話を代われ"),),
    }
    return TranscriptLine(call_id=call_id, **(given | fields))


def call(call_id: str = "call-1", **fields: Any) -> CallState:
    given: dict[str, Any] = {
        "tap": "audiosocket",
        "started_at": NOON,
        "status": CallStatus.TALKING,
        "caller": CALLER,
        "operator": OPERATOR,
        "queue": "support",
        "roles": (Role.CUSTOMER, Role.OPERATOR),
        "speech": SpeechStatus.ON,
        "capabilities": (Action.HOLD, Action.HOLD_TRANSFER),
        "help_keys": "*9",
        "superior": Party(number="200", name="高橋 課長"),
        "announcements": (Announcement(name="recorded", title="録音の案内"),),
        "keep_operator": True,
        "keys": (KeysToPress(action="hold", text="保留ボタンを押してください。"),),
        "recording": CallRecording.ON,
        "ringing": Ringing(number="200", name="高橋 課長", since=NOON, purpose="transfer"),
        "stop_requests": (StopRequest(start_s=95.5, quote="大きな声はおやめください"),),
        "transcript_tail": (line(call_id),),
    }
    return CallState(call_id=call_id, site=SITE, agent_id=AGENT, **(given | fields))


def ended(call_id: str = "call-1") -> CallState:
    """The last state, of a call in which judging had failed."""
    return call(
        call_id,
        status=CallStatus.ENDED,
        ended_at=NOON + timedelta(minutes=5),
        judging_failed=True,
        accommodated=True,
    )


def levels(**fields: Any) -> Levels:
    leg = LegLevel(level_db=-21.5, speaking=True, over_calm_db=9.5, effort=0.75)
    given: dict[str, Any] = {
        "at": NOON,
        "calls": {"call-1": CallLevels(media_s=200.25, legs={Role.CUSTOMER: leg})},
    }
    return Levels(agent_id=AGENT, **(given | fields))


EVIDENCE = (
    ShoutingEvidence(
        start_s=192.0, end_s=205.0, speech_s=8.2, level_db=-14.0, over_calm_db=14.0, tilt_db=-3.0,
        tilt_over_calm_db=7.1, pitch_over_calm_percent=38, probability=0.93,
    ),
    WordsEvidence(
        start_s=12.5, end_s=14.25, role=Role.CUSTOMER, text="上司に電話を代われ", matched="上司に代われ",
        category="superior-demand", engine="whisper",
    ),
    ToneEvidence(
        start_s=60.0, end_s=62.5, role=Role.CUSTOMER, text="よくそれで務まるな", words=("務まる",), category="insult",
        probability=0.97,
    ),
    DurationEvidence(
        start_s=100.0, end_s=700.0, since="refusal", elapsed_s=600.0, threshold_s=600.0, quote="いたしかねます",
    ),
    OverlapEvidence(start_s=40.0, end_s=52.0, overlap_s=6.4),
    SilenceEvidence(start_s=0.0, end_s=30.0, who="customer", silent_s=30.0),
    RepeatCallerEvidence(start_s=0.0, end_s=0.0, days=30, contacts=11, minutes=190, incidents=2, reached=("contacts",)),
    AnsweredEvidence(
        start_s=12.5, end_s=190.0, demand="refund", title={"ja": "返金・弁償", "en": "refund"}, count=3, times_s=(12.5, 90.0, 180.0),
        refusals=(RefusalMade(start_s=20.0, end_s=22.0, demand_s=12.5, quote="できかねます"),),
    ),
    ButtonEvidence(start_s=30.0, end_s=30.0, source="page", pressed_by="201", reason="threat", comment="折り返し"),
    OtherEvidence(
        kind="laughter", start_s=50.0, end_s=51.0, summary={"ja": "嘲笑と思われる声", "en": "A mocking laugh"},
    ),
)  # fmt: skip


def alert(alert_id: str = "call-1.shouting.1", **fields: Any) -> Alert:
    given: dict[str, Any] = {
        "call_id": "call-1",
        "rule": "shouting",
        "rule_kind": "shouting",
        "title": {"ja": "大声・怒声", "en": "Raised voice"},
        "severity": Severity.CRITICAL,
        "state": AlertState.OPEN,
        "revision": 1,
        "raised_at": NOON,
        "updated_at": NOON,
        "raised_s": 192.0,
        "evidence": EVIDENCE,
        "suggestion": Action.HOLD_TRANSFER,
        "caller": CALLER,
        "operator": OPERATOR,
    }
    return Alert(alert_id=alert_id, site=SITE, agent_id=AGENT, **(given | fields))


def command(command_id: str = "command-1", **fields: Any) -> Command:
    given: dict[str, Any] = {
        "call_id": "call-1",
        "action": Action.HOLD_TRANSFER,
        "target": "200",
        "keep_operator": True,
        "announcement": "recorded",
        "issued_by": "高橋 課長",
        "person_id": "p-1",
        "issued_at": NOON,
        "expires_at": NOON + timedelta(seconds=10),
        "reply_to": TOPICS.reply("dashboard-1"),
        "site": SITE,
        "agent_id": AGENT,
        "run": "mabc1234",
        "role": "supervisor",
        "nonce": "nonce-1",
        "about": "call-1.escalate.1",
        "reason": "threat",
        "comment": "折り返しにしたいです",
        "sound": SoundRequest(url="https://kikimori.example", ticket="t-1", listener=1, past_s=15.0),
        "ending": EndingDecision(
            proposed_by="高橋 課長",
            proposed_person_id="p-1",
            agreed_by="木村 さくら",
            agreed_person_id="p-2",
            warnings=2,
            words="三度お願いした",
        ),
    }
    return Command(command_id=command_id, **(given | fields))


def result(command_id: str = "command-1", **fields: Any) -> CommandResult:
    given: dict[str, Any] = {
        "call_id": "call-1",
        "action": Action.HOLD_TRANSFER,
        "outcome": Outcome.INSTRUCTED,
        "reason": "manual",
        "detail": "保留ボタンを押し、200 を押してください",
        "at": NOON,
    }
    return CommandResult(command_id=command_id, **(given | fields))


def health(**fields: Any) -> Health:
    given: dict[str, Any] = {
        "online": True,
        "version": "0.1.0",
        "at": NOON,
        "started_at": NOON,
        "run": "mabc1234",
        "host": "pbx-1",
        "speech": SpeechStatus.SHED,
        "speech_model": "ja-synth",
        "pbx": "manual",
        "calls": 3,
        "counters": {"frames_heard": 1000, "frames_dropped": 0},
        "inventory": "0123456789abcdef",
        "problems": (
            Problem(code="speech_off", detail="no model", remedy="kikimori models fetch x", cause="missing"),
        ),
    }
    return Health(agent_id=AGENT, site=SITE, **(given | fields))


def acks(**fields: Any) -> Acks:
    given: dict[str, Any] = {
        "client_id": "dashboard-1",
        "run": "0123456789ab-1",
        "pages": 2,
        "held": {"call-1.shouting.1": 3},
        "drawn": {"call-1.shouting.1": 2},
        "callers": {
            "call-1": CallerContacts(days=(CallerDay(days_ago=1, contacts=2, minutes=8.5, incidents=1),))
        },
        "site": SITE,
        "agent_id": AGENT,
        "agent_run": "mabc1234",
        "seq": 3,
    }
    return Acks(**(given | fields))


def inventory(**fields: Any) -> Inventory:
    given: dict[str, Any] = {
        "run": "mabc1234",
        "seq": 7,
        "digest": "0123456789abcdef",
        "part": 1,
        "parts": 1,
        "calls": {"call-1": 5},
        "alerts": {"call-1.shouting.1": 1},
    }
    return Inventory(agent_id=AGENT, **(given | fields))


def ringing(*phones: str, **fields: Any) -> RingingCalls:
    call = RingingCall(
        call_id="call-1", tap="asterisk", since=NOON, caller=CALLER, queue="support", phones=phones or ("201", "202"),
        phones_more=1, answered=True,
    )  # fmt: skip
    return RingingCalls(agent_id=AGENT, **({"run": "mabc1234", "calls": (call,), "more": 2} | fields))


def directory(number: int = 7, **fields: Any) -> Directory:
    given: dict[str, Any] = {
        "site": SITE,
        "number": number,
        "made_at": NOON,
        "time_zone": "Asia/Taipei",
        "operators": (DirectoryOperator(extension="201", name="佐藤 美咲"),),
        "superiors": (
            DirectorySuperior(
                number="210", name="木村 課長", hours=(OpenPeriod(day="tue", begin="09:00", end="18:00"),)
            ),
            DirectorySuperior(number="220", name="高橋 部長"),
        ),
        "telephones": ("211",),
        "left_out": 1,
    }
    return Directory(**(given | fields))


def every_kind() -> list[Message]:
    """Return one of each, with every field filled."""
    stamped: dict[str, Any] = {"run": "mabc1234", "seq": 5}
    return [
        line(spoken_by=SpokenBy(superior=Party(number="200"), certain=False)),
        call(**stamped, identity="uncertain", hold_ends_at=NOON + timedelta(minutes=5), with_superior=Party(number="200")),
        levels(), alert(**stamped, drawn=True), command(), result(), health(), acks(),
        inventory(), directory(), ringing(),
    ]  # fmt: skip
