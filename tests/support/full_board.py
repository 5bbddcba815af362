"""A bad quarter of an hour: six calls that need a decision, each as long as a real one, and more beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.office import CAN_EVERYTHING, CUSTOMER, OPERATOR, leg, words
from tests.support.peer_agent import SHOUT

from kikimori_core.wire.messages import DurationEvidence, Party, Severity

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

ALERTS = 6
LINES = 40
"""As many as a page keeps of a call."""

LONG_NAME = "勅使河原 小百合（お客様相談室・第二グループ 主任）"
LONG_CALLER = "株式会社北関東総合リフォームサービス 代表取締役 長谷部 権左衛門 様"
SAID = (
    (OPERATOR, "お調べいたしますので、恐れ入りますがお客様番号とご登録のお電話番号をお願いいたします"),
    (
        CUSTOMER,
        "さっきの人にも同じことを言ったんだよ、何回同じことを言わせれば気が済むんだ、いい加減にしてくれ",
    ),
    (OPERATOR, "申し訳ございません"),
    (CUSTOMER, "もういい"),
)


async def open_full_board(agent: PeerAgent, *, calm: int = 6, lines: int = LINES) -> None:
    """Begin `ALERTS` critical calls, c-1 the worst, of so many lines and with long names, and some `calm` ones."""
    now = datetime.now(UTC)
    for number in range(1, ALERTS + calm + 1):
        call_id = f"c-{number}"
        urgent = number <= ALERTS
        await agent.call(
            call_id,
            operator=Party(number=str(200 + number), name=LONG_NAME if urgent else "佐藤 美咲"),
            caller=Party(number="03-5555-0142", name=LONG_CALLER if urgent else "山田 一郎 様"),
            superior=Party(number="200", name="お客様対応統括部 高橋 課長"),
            started_at=now - timedelta(seconds=400 - 10 * number),
            queue="料金・契約変更窓口",
            **CAN_EVERYTHING,
        )
        for line in range(lines):
            role, text = SAID[line % len(SAID)]
            await agent.say(call_id, role, text, 5.0 * line)
        if urgent:
            await _alarm(agent, call_id)
    await agent.levels(
        **{
            f"c-{number}": (leg(-13, over=14, effort=0.93), leg(-50, speaking=False))
            for number in range(1, ALERTS + calm + 1)
        }
    )


async def _alarm(agent: PeerAgent, call_id: str) -> None:
    await agent.alert(call_id, evidence=(SHOUT,))
    await agent.alert(
        call_id,
        rule="phrase-insult",
        kind="phrase",
        severity=Severity.WARNING,
        title=("暴言と思われる言葉", "Words that may be abuse"),
        evidence=tuple(
            words("いい加減にしてくれ", "いい加減にしてくれ", "insult", at_s) for at_s in (60, 120, 180, 193)
        ),
        raised_s=193,
    )
    await agent.alert(
        call_id,
        rule="detention-refusal",
        kind="detention",
        severity=Severity.WARNING,
        title=("お断り後も通話が続いている", "Goes on after the refusal"),
        evidence=(
            DurationEvidence(
                start_s=10,
                end_s=310,
                since="refusal",
                elapsed_s=300,
                threshold_s=300,
                quote="申し訳ございませんが、そのご要望にはお応えいたしかねます",
            ),
        ),
        raised_s=310,
    )
