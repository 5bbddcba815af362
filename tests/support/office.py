"""An office with ten calls of every kind, for screenshots: made-up people, realistic words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.support.peer_agent import SHOUT

from kikimori_core.wire.messages import (
    Action,
    Announcement,
    CallLevels,
    CallStatus,
    DurationEvidence,
    LegLevel,
    Levels,
    Party,
    Role,
    Severity,
    SpeechStatus,
    WordsEvidence,
)
from kikimori_core.wire.values import CallRecording

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

CUSTOMER, OPERATOR = Role.CUSTOMER, Role.OPERATOR

CALLS = {
    # call: (extension, operator, caller, number, running s, queue)
    "c-204": ("204", "佐藤 美咲", "山田 一郎 様", "03-5555-0142", 214, "料金窓口"),
    "c-201": ("201", "鈴木 大輔", None, "090-5555-0199", 1931, "総合受付"),
    "c-207": ("207", "田中 結衣", "小林 節子 様", "048-555-0127", 655, "総合受付"),
    "c-203": ("203", "伊藤 健太", None, None, 421, "料金窓口"),
    "c-211": ("211", "渡辺 由美子", "中村商店 様", "06-5555-0110", 95, "法人窓口"),
    "c-206": ("206", "小川 翔", "加藤 進 様", "042-555-0168", 318, "総合受付"),
    "c-202": ("202", "松本 彩", "吉田 恵 様", "080-5555-0153", 47, "料金窓口"),
    "c-209": ("209", "井上 拓也", None, "045-555-0101", 188, "総合受付"),
    "c-205": ("205", "木村 さくら", "清水 豊 様", "03-5555-0177", 512, "法人窓口"),
    "c-210": ("210", "斎藤 誠", "森 由紀 様", "070-5555-0136", 12, "総合受付"),
}

WORDS = {
    "c-204": [
        (OPERATOR, "お調べいたしますので、お客様番号をお願いいたします", 172),
        (CUSTOMER, "さっきも言っただろう、何回言わせるんだ", 181),
        (OPERATOR, "申し訳ございません、確認いたします", 188),
        (CUSTOMER, "ふざけるな、いい加減にしろよ", 193),
        (CUSTOMER, "お前じゃ話にならない", 203),
    ],
    "c-201": [
        (OPERATOR, "先ほどご案内したとおり、返金はいたしかねます", 1702),
        (CUSTOMER, "だから上の人を出してくれって言ってるんです", 1811),
        (OPERATOR, "私が承りますので、ご用件をお聞かせください", 1820),
        (CUSTOMER, "責任者に代わってください、話が進まない", 1902),
    ],
    "c-207": [
        (CUSTOMER, "それでね、去年の書類なんですけど", 630),
        (OPERATOR, "はい、黄色の封筒でお送りしたものですね", 641),
    ],
    "c-203": [
        (CUSTOMER, "ネットに書いたらどうなると思う", 402),
        (OPERATOR, "ご投稿についてはお答えいたしかねます", 409),
    ],
    "c-211": [(CUSTOMER, "納品書の宛名を変えていただきたくて", 82), (OPERATOR, "承知いたしました", 90)],
    "c-206": [
        (CUSTOMER, "ちょっと耳が遠いもんでね、大きな声ですまないね", 300),
        (OPERATOR, "大丈夫ですよ", 309),
    ],
    "c-202": [(CUSTOMER, "引き落とし日を確認したいんですが", 31), (OPERATOR, "お名前をお願いいたします", 40)],
    "c-209": [(OPERATOR, "お電話代わりました、課長の高橋でございます", 181)],
    "c-205": [
        (CUSTOMER, "見積もりはメールでもらえますか", 498),
        (OPERATOR, "はい、本日中にお送りします", 506),
    ],
    "c-210": [],
}


CAN_EVERYTHING: dict[str, Any] = {
    "capabilities": tuple(each for each in Action if each is not Action.ESCALATE),
    "announcements": (
        Announcement(name="recorded", title="録音のお知らせ"),
        Announcement(name="closing", title="終話の予告"),
    ),
    "keep_operator": True,
    "recording": CallRecording.ON,
}
"""Fields of a call behind a PBX that can do all there is."""


def words(text: str, matched: str, category: str, at_s: float) -> WordsEvidence:
    return WordsEvidence(
        start_s=at_s, end_s=at_s + 2, role=CUSTOMER, text=text, matched=matched, category=category
    )


def leg(
    level_db: float, *, speaking: bool = True, over: float | None = None, effort: float = 0.05
) -> LegLevel:
    return LegLevel(level_db=level_db, speaking=speaking, over_calm_db=over, effort=effort)


async def open_office(agent: PeerAgent) -> None:
    """Begin all calls, say all words, raise all alerts."""
    for call_id, (number, name, caller, caller_number, seconds, queue) in CALLS.items():
        await agent.call(
            call_id,
            operator=Party(number=number, name=name),
            caller=Party(number=caller_number, name=caller),
            started_at=datetime.now(UTC) - timedelta(seconds=seconds),
            queue=queue,
            status=CallStatus.TRANSFERRED if call_id == "c-209" else CallStatus.TALKING,
            speech=SpeechStatus.SHED if call_id == "c-206" else SpeechStatus.ON,
            **CAN_EVERYTHING,
        )
        for role, text, at_s in WORDS[call_id]:
            await agent.say(call_id, role, text, at_s)
    await agent.say("c-204", CUSTOMER, "責任者を出せ、責任者", 208, final=False)
    await raise_alerts(agent)
    await live_levels(agent)


async def talk_before(agent: PeerAgent, call_id: str) -> None:
    """Say what was said in the first three minutes, so that the call is as long as a real one."""
    for turn in range(17):
        await agent.say(call_id, CUSTOMER, "先月の請求が高いので、理由を教えてほしいんです", 5 + 10 * turn)
        await agent.say(call_id, OPERATOR, "恐れ入ります、ただいまお調べしております", 10 + 10 * turn)
    await agent.say(call_id, CUSTOMER, "責任者を出せ、責任者", 208, final=False)


async def raise_alerts(agent: PeerAgent) -> None:
    await agent.alert("c-204", evidence=(SHOUT,))
    await agent.alert(
        "c-204",
        rule="phrase-insult",
        kind="phrase",
        severity=Severity.WARNING,
        title=("暴言と思われる言葉", "Words that may be abuse"),
        evidence=(
            words("ふざけるな、いい加減にしろよ", "ふざけるな", "insult", 193),
            words("お前じゃ話にならない", "お前じゃ話にならない", "insult", 203),
        ),
        raised_s=193,
    )
    await agent.alert(
        "c-201",
        rule="repeated-superior",
        kind="repeated",
        severity=Severity.WARNING,
        title=("「上司に代われ」の繰り返し", "Demands a superior again and again"),
        evidence=(
            words("上司に代わってください", "上司に代わってください", "call_for_superior", 1204),
            words(
                "だから上の人を出してくれって言ってるんです", "上の人を出してくれ", "call_for_superior", 1811
            ),
            words(
                "責任者に代わってください、話が進まない",
                "責任者に代わってください",
                "call_for_superior",
                1902,
            ),
        ),
        raised_s=1902,
    )
    await agent.alert(
        "c-201",
        rule="detention-length",
        kind="detention",
        severity=Severity.WARNING,
        title=("長時間の通話", "Long call"),
        evidence=(
            DurationEvidence(start_s=0, end_s=1800, since="call_start", elapsed_s=1800, threshold_s=1800),
        ),
        raised_s=1800,
    )
    await agent.alert(
        "c-203",
        rule="phrase-exposure",
        kind="phrase",
        severity=Severity.WARNING,
        title=("SNS・ネットへの投稿の示唆", "Hints at exposure on social media"),
        evidence=(words("ネットに書いたらどうなると思う", "ネットに書いたら", "exposure", 402),),
        raised_s=402,
    )
    await agent.alert(
        "c-207",
        rule="detention-length",
        kind="detention",
        severity=Severity.NOTICE,
        title=("長時間の通話", "Long call"),
        suggestion=None,
        evidence=(
            DurationEvidence(start_s=0, end_s=600, since="call_start", elapsed_s=600, threshold_s=600),
        ),
        raised_s=600,
    )
    await agent.alert("c-209", severity=Severity.WARNING, suggestion=Action.HOLD_TRANSFER, raised_s=120)
    calmed = await agent.alert("c-205", severity=Severity.WARNING, raised_s=300)
    await agent.close_alert(calmed)


async def live_levels(agent: PeerAgent) -> None:
    await agent.levels(
        **{
            "c-204": (leg(-13, over=14, effort=0.93), leg(-50, speaking=False)),
            "c-201": (leg(-22, over=5, effort=0.4), leg(-50, speaking=False)),
            "c-207": (leg(-50, speaking=False), leg(-26, over=0)),
            "c-203": (leg(-27, over=1), leg(-50, speaking=False)),
            "c-211": (leg(-30, over=-1), leg(-50, speaking=False)),
            "c-206": (leg(-12, over=1, effort=0.1), leg(-52, speaking=False)),
            "c-202": (leg(-50, speaking=False), leg(-25)),
            "c-209": (leg(-24, over=3), leg(-50, speaking=False)),
            "c-205": (leg(-50, speaking=False), leg(-28)),
        }
    )


async def last_minute(agent: PeerAgent) -> None:
    """Report the levels of a minute: customer and operator in turn, in the worst call the customer raises the voice at the end."""
    for step in range(120):
        turn = step % 17 < 11
        loud = step > 90
        reports = {}
        for call_id, (_, _, _, _, seconds, _) in CALLS.items():
            worst = call_id == "c-204"
            level = (-14 if worst and loud else -26) - step * 7 % 9
            customer = leg(level, over=14.0 if worst and loud else 1.0, effort=0.9 if worst and loud else 0.1)
            operator = leg(-28 - step * 5 % 8, over=0.0)
            silent = leg(-60, speaking=False)
            legs = {CUSTOMER: customer if turn else silent, OPERATOR: silent if turn else operator}
            reports[call_id] = CallLevels(media_s=max(0.0, seconds - 60 + step / 2), legs=legs)
        report = Levels(agent_id=agent.agent_id, at=datetime.now(UTC), calls=reports)
        await agent.publish(agent.topics.levels, report, qos=0)
        await asyncio.sleep(0.02)
