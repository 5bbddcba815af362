"""Requests of the operator to stop are told with the call, at once and with the words."""

from __future__ import annotations

from tests.calls.test_desk import News
from tests.support.told import OPERATOR, PHRASES, RULES, said

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori_core.model.call import CallInfo, LegInfo, Role


async def test_a_request_stands_in_the_next_state() -> None:
    news = News()
    desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, news, None)
    leg = desk.open_leg(LegInfo(CallInfo("c", "test"), Role.OPERATOR, 8000))
    leg.call.observe(said("お調べいたします", 1, OPERATOR))
    assert not news.states[-1].stop_requests
    leg.call.observe(said("大きな声はおやめください", 4, OPERATOR))
    told = [(each.start_s, each.quote) for each in news.states[-1].stop_requests]
    assert told == [(said("", 4).start_s, "大きな声はおやめください")]
    await desk.close()
