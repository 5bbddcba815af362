// The cards in their order. Worst first, but nothing moves under the finger.

import { Card } from "./card.js";
import { show } from "./dom.js";

const HANDS_ON_MS = 2_500; // after the last movement or key the order may change
const SETTLED_MS = 400; // a press this soon after a move was meant for what stood there before
const NEEDS_DECISION = 2; // urgency from which a call stands in the upper part

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Board {
  /** `telephoneChanged`: called when the supervisor gave another telephone of their own. */
  constructor(attention, calls, telephoneChanged) {
    this.telephoneChanged = telephoneChanged;
    this.sections = { attention, calls };
    this.grids = { attention: attention.querySelector(".grid"), calls: calls.querySelector(".grid") };
    this.cards = new Map();
    this.handsAt = -Infinity;
    this.pressing = false;
    this.selected = null;
    for (const section of [attention, calls]) {
      for (const event of ["pointermove", "keydown", "pointerdown", "wheel"]) {
        section.addEventListener(event, () => { this.handsAt = performance.now(); }, { passive: true });
      }
      section.addEventListener("focusin", (event) => {
        const card = event.target.closest(".card");
        if (card) this.mark(card.dataset.call);
      });
    }
    addEventListener("pointerdown", () => { this.pressing = true; });
    for (const event of ["pointerup", "pointercancel"]) addEventListener(event, () => { this.pressing = false; });
  }

  update(picture) {
    this.picture = picture;
    for (const [callId, card] of this.cards) {
      if (!picture.calls[callId]) {
        card.actions.cancel();
        card.element.remove();
        this.cards.delete(callId);
      }
    }
    for (const callId of Object.keys(picture.calls)) {
      let card = this.cards.get(callId);
      if (!card) {
        card = new Card(callId, this);
        this.cards.set(callId, card);
        this.grids.calls.append(card.element);
      }
      card.update(picture);
    }
    this.arrange();
    this.noticeMoves();
  }

  /** Whether a call's buttons have stood still long enough for a press to be meant for them. */
  settled(callId) {
    return performance.now() - this.cards.get(callId).movedAt > SETTLED_MS;
  }

  /** Cards move when others come, go, grow or change places; each remembers when it last did. */
  noticeMoves() {
    for (const card of this.cards.values()) {
      const where = `${card.element.offsetLeft} ${card.element.offsetTop + card.actions.element.offsetTop}`;
      if (where === card.where) continue;
      Object.assign(card, { where, movedAt: performance.now() });
      card.element.dataset.settled = "no";
      clearTimeout(card.settling);
      card.settling = setTimeout(() => { card.element.dataset.settled = "yes"; }, SETTLED_MS);
    }
  }

  wanted() {
    const ranks = { critical: 3, warning: 2, notice: 1 };
    const rank = (call) => (call.severity ? ranks[call.severity] ?? ranks.warning : 0);
    const since = (call) => this.picture.alertsOf(call.call_id)[0]?.raised_at ?? call.started_at;
    return Object.values(this.picture.calls)
      .sort((a, b) => b.urgency - a.urgency || rank(b) - rank(a) ||
        since(a).localeCompare(since(b)) || a.call_id.localeCompare(b.call_id))
      .map((call) => ({ callId: call.call_id, place: call.urgency >= NEEDS_DECISION ? "attention" : "calls" }));
  }

  arrange() {
    clearTimeout(this.later);
    const wanted = this.wanted();
    const key = wanted.map((each) => `${each.place} ${each.callId}`).join("\n");
    const empty = (place) => !wanted.some((each) => each.place === place);
    if (key !== this.arranged) {
      const wait = this.handsAt + HANDS_ON_MS - performance.now();
      if (this.pressing || wait > 0) {
        this.later = setTimeout(() => { this.arrange(); this.noticeMoves(); }, Math.max(wait, 200));
        return;
      }
      this.move(wanted);
      this.arranged = key;
    }
    show(this.sections.attention, !empty("attention"));
    show(this.sections.calls, !empty("calls"));
  }

  move(wanted) {
    const before = new Map([...this.cards].map(([callId, card]) => [callId, card.element.getBoundingClientRect()]));
    const focused = document.activeElement;
    show(this.sections.attention, true);
    show(this.sections.calls, true);
    for (const place of ["attention", "calls"]) {
      const grid = this.grids[place];
      wanted.filter((each) => each.place === place).forEach(({ callId }, index) => {
        const element = this.cards.get(callId).element;
        if (grid.children[index] !== element) grid.insertBefore(element, grid.children[index] ?? null);
      });
    }
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
    if (lessMotion.matches) return;
    for (const [callId, card] of this.cards) {
      const from = before.get(callId);
      const to = card.element.getBoundingClientRect();
      const [x, y] = [from.left - to.left, from.top - to.top];
      if (from.width && (x || y)) card.element.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], { duration: 250, easing: "ease-out" });
    }
  }

  /** Calls as they stand on the page. */
  standing() {
    return [...document.querySelectorAll(".board .card")].map((element) => this.cards.get(element.dataset.call));
  }

  mark(callId) {
    this.selected = callId;
    for (const [id, card] of this.cards) card.element.tabIndex = id === callId ? 0 : -1;
  }

  current() {
    return this.cards.get(this.selected) ?? null;
  }

  select(callId) {
    const card = this.cards.get(callId);
    if (!card) return;
    this.mark(callId);
    card.element.focus({ preventScroll: true });
    card.element.scrollIntoView({ block: "nearest", behavior: lessMotion.matches ? "auto" : "smooth" });
  }

  step(by) {
    const cards = this.standing();
    if (!cards.length) return;
    const at = cards.indexOf(this.current());
    const next = at < 0 ? (by > 0 ? 0 : cards.length - 1) : Math.min(cards.length - 1, Math.max(0, at + by));
    this.handsAt = performance.now();
    this.select(cards[next].callId);
  }

  toggle(card) {
    card.opened = !card.opened;
    card.update(this.picture);
    card.lines.scrollTop = card.lines.scrollHeight;
    this.noticeMoves();
  }

  tick(now) {
    for (const card of this.cards.values()) card.tick(now);
  }
}
