"""The pages' store in a real browser: what it asks for, and what it keeps of what comes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.support.office import leg

from kikimori_core.wire.messages import CallLevels, Levels, Role

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

OPEN = """async () => {
  const { Picture } = await import("/static/js/store/picture.js");
  window.urgent = 0;
  window.picture = new Picture((atOnce) => { if (atOnce) window.urgent += 1; }, { look: true });
  picture.connect();
}"""


IN_ONE_FRAME = """async () => {
  const { inFrame } = await import("/static/js/components/frames.js");
  return new Promise((done) => {
    const order = [];
    inFrame(() => { order.push("first"); inFrame(within); requestAnimationFrame(() => done([...order, "after"])); });
    const last = () => order.push("last");
    const within = () => { order.push("within"); inFrame(last); inFrame(last); };
  });
}"""
"""Drawing that is asked for while a frame is drawn happens in the same frame, once."""


async def until(page: Page, condition: str) -> None:
    """Wait for a condition; the page's policy forbids `wait_for_function`, which evaluates it within the page."""
    again = f"""() => new Promise((done) => {{
      const ask = () => {{ if ({condition}) done(); else setTimeout(ask, 20); }};
      ask();
    }})"""
    async with asyncio.timeout(60):
        await page.evaluate(again)


async def report(agent: PeerAgent, media_s: float, level_db: float) -> None:
    legs = {Role.CUSTOMER: leg(level_db, over=5, effort=0.5), Role.OPERATOR: leg(-50, speaking=False)}
    calls = {each: CallLevels(media_s=media_s, legs=legs) for each in agent.calls}
    told = Levels(agent_id=agent.agent_id, at=datetime.now(UTC), calls=calls)
    await agent.publish(agent.topics.levels, told, qos=0)


async def test_the_store_asks_for_what_is_drawn_and_keeps_it(agent: PeerAgent, url: str, page: Page) -> None:
    for call_id in ("a", "b", "c"):
        await agent.call(call_id)
        await agent.say(call_id, Role.CUSTOMER, f"{call_id} の言葉", 5, line_id=f"{call_id}-1")
    await agent.alert("c")
    await page.goto(url)
    await page.evaluate(OPEN)
    await until(page, "picture.known && picture.site.broker_connected && picture.inOrder().length === 3")
    frames = await page.evaluate(IN_ONE_FRAME)
    assert frames == ["first", "within", "last", "after"]
    assert await page.evaluate("picture.inOrder()[0]") == "c"
    assert await page.evaluate("[picture.calls.c.lane, picture.calls.a.lane]") == ["attention", "calm"]
    await page.evaluate("""() => picture.look({ cards: ["a"], rows: ["b"], whole: "c" })""")
    await until(page, "picture.lines('c').length === 1")
    await agent.say("c", Role.CUSTOMER, "前の言葉", 2, line_id="c-0")
    await agent.say("a", Role.CUSTOMER, "見えない言葉", 9)
    await until(page, "picture.lines('c').length === 2")
    assert await page.evaluate("picture.lines('c').map((line) => line.id)") == ["c-0", "c-1"]
    assert await page.evaluate("picture.lines('a')") == []

    for media_s in (10.0, 10.5, 12.0):
        await report(agent, media_s, -10 - media_s)
    await until(page, "picture.past('a')?.end_s === 12.5 && picture.past('c')?.end_s === 12.5")
    past: dict[str, Any] = await page.evaluate("picture.past('a')")
    known = past["legs"]["customer"]["db"]
    assert known[-1] == -22
    assert known[-3:-1] == [None, None]
    assert await page.evaluate("picture.past('b')") is None
    assert await page.evaluate("picture.levels.c.customer") == {
        "level_db": -22,
        "speaking": True,
        "over_calm_db": 5,
        "effort": 0.5,
        "noise": False,
    }
    await agent.levels(b=(leg(-21), leg(-50, speaking=False)))
    await until(page, "picture.levels.b?.customer.level_db === -21 && picture.levels.b.customer.speaking")
    # To another call and back before that was said: nothing is lost. Then really to another.
    await page.evaluate("""() => {
      picture.look({ cards: ["b"], whole: "a" });
      picture.look({ cards: ["a"], rows: ["b"], whole: "c" });
    }""")
    await report(agent, 12.6, -30)
    await until(page, "picture.past('a')?.legs.customer.db.at(-1) === -30 && picture.lines('c').length === 2")
    await page.evaluate("""() => picture.look({ cards: ["b"], whole: "a" })""")
    await until(
        page, "picture.lines('a').length === 2 && picture.past('b') && picture.lines('c').length === 0"
    )
    assert await page.evaluate("picture.past('c')") is None

    urgent = await page.evaluate("window.urgent")
    await agent.alert("a")
    await until(page, f"window.urgent > {urgent}")
    # A connection that is lost comes back with all of it.
    await page.evaluate("() => { picture.known = false; picture.socket.close(); }")
    await until(page, "picture.known && picture.lines('a').length === 2 && picture.past('b')")
    await asyncio.gather(*(agent.end_call(each) for each in ("a", "b")))
    await until(page, "picture.inOrder().length === 1")
