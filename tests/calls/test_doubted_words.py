"""A line whose words the second opinion doubts comes once more with them, and so it stands in the call's tail."""

from __future__ import annotations

from tests.calls.test_desk import News
from tests.support.told import RULES, said

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori_core.judging.phrases import Match, UtteranceFindings
from kikimori_core.model.call import CallInfo, LegInfo, Role
from kikimori_core.model.evidence import Utterance
from kikimori_core.wire.messages import DoubtedWords


class DoubtsFools:
    """Phrases of which one word is always doubted."""

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:  # noqa: ARG002
        return UtteranceFindings(doubted=(Match("insult", "馬鹿"),) if "馬鹿" in utterance.text else ())


async def test_the_line_comes_once_more() -> None:
    news = News()
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, DoubtsFools(), news, None)
    leg = desk.open_leg(LegInfo(CallInfo("c", "test"), Role.CUSTOMER, 8000))
    for utterance in (
        said("もしもし", 1),
        said("父に馬鹿と言われた", 4, final=False),
        said("父に馬鹿と言われた", 4),
    ):
        leg.call.observe(utterance)
    doubted = (DoubtedWords(category="insult", matched="馬鹿"),)
    assert [(line.final, line.doubted) for line in news.lines] == [
        (True, ()),
        (False, ()),
        (True, ()),
        (True, doubted),
    ]
    assert news.lines[-1].line_id == news.lines[-2].line_id
    assert [line.doubted for line in news.states[-1].transcript_tail] == [(), doubted]
    assert news.alerts == []
    await desk.close()
