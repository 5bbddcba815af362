// The cards in their order. Worst first, but nothing moves under a hand.

import { Card } from "./card.js";
import { show } from "./dom.js";
import { Hands } from "./hands.js";
import { Order } from "../store/order.js";

const SETTLED_MS = 400; // a press this soon after the card itself moved was meant for what stood there before
const ASK_AGAIN_MS = 250; // how soon an order that had to wait is tried again
const SLIDE = { duration: 250, easing: "ease-out" };

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Board {
  /** `telephoneChanged`: called when the supervisor gave another telephone of their own. */
  constructor(attention, calls, telephoneChanged) {
    this.telephoneChanged = telephoneChanged;
    this.sections = { attention, calls };
    this.grids = { attention: attention.querySelector(".grid"), calls: calls.querySelector(".grid") };
    this.cards = new Map();
    this.order = new Order();
    this.waiting = false; // the order on the page is not the one that is wanted
    this.hands = new Hands([attention, calls]);
    this.selected = null;
    // Levels and clocks run only where somebody can see them.
    this.sight = new IntersectionObserver((entries) => this.noticeSight(entries), { rootMargin: "200px" });
    for (const section of [attention, calls]) {
      section.addEventListener("focusin", (event) => {
        const card = event.target.closest(".card");
        if (card) this.mark(card.dataset.call);
      });
    }
  }

  /** Draws what changed; `changes` as of `Picture.takeChanges`. */
  update(picture, changes) {
    this.picture = picture;
    const changed = changes.all ? new Set([...Object.keys(picture.calls), ...this.cards.keys()]) : changes.calls;
    const before = this.cards.size;
    for (const callId of changed) this.addOrEnd(callId);
    const added = this.cards.size > before;
    if (this.order.update(picture, changed)) this.waiting = true;
    const from = this.arrange();
    const rebuilt = [];
    for (const callId of changed) {
      if (picture.calls[callId] && this.cards.get(callId).update(picture)) rebuilt.push(callId);
    }
    for (const callId of changes.levels) {
      if (!changed.has(callId)) this.cards.get(callId)?.updateLevels(picture);
    }
    for (const callId of changes.lines) {
      if (!changed.has(callId) && picture.calls[callId]) this.cards.get(callId)?.updateLines(picture);
    }
    if (from || added) this.noticeMoves(from ?? new Map());
    if (!changes.all) for (const callId of rebuilt) this.noticeRebuilt(callId);
  }

  /** A new call stands last until it gets its place; one that is over stays where it is until nothing stands in the way. */
  addOrEnd(callId) {
    const card = this.cards.get(callId);
    if (!this.picture.calls[callId]) card?.end();
    else if (!card) {
      const added = new Card(callId, this);
      this.cards.set(callId, added);
      this.grids.calls.append(added.element);
      this.sight.observe(added.element);
      show(this.sections.calls, true);
    }
  }

  noticeSight(entries) {
    for (const { target, isIntersecting } of entries) {
      const card = this.cards.get(target.dataset.call);
      if (!card) continue;
      card.inSight = isIntersecting;
      if (!isIntersecting || !this.picture.calls[card.callId]) continue;
      card.updateLevels(this.picture);
      card.tick(this.now ?? this.picture.now());
    }
  }

  /** Calls in the order in which they want to stand: [{callId, place}]. */
  wanted() {
    return this.order.sorted;
  }

  /** Whether a call's buttons have stood still long enough for a press to be meant for them. */
  settled(callId) {
    return performance.now() - this.cards.get(callId).movedAt > SETTLED_MS;
  }

  /** Gives every card its place, unless a hand is on one: then later. Where they were, if they moved; else null. */
  arrange() {
    if (!this.waiting) return null;
    if (this.hands.on()) {
      this.later ??= setTimeout(() => {
        this.later = null;
        const moved = this.arrange();
        if (moved) this.noticeMoves(moved);
      }, ASK_AGAIN_MS);
      return null;
    }
    this.waiting = false;
    // Read before anything is written, so that the browser need not lay out the page for it.
    const before = lessMotion.matches ? new Map() : this.inSight();
    for (const [callId, card] of this.cards) {
      if (this.picture.calls[callId]) continue;
      this.sight.unobserve(card.element);
      card.element.remove();
      this.cards.delete(callId);
    }
    this.move();
    return before;
  }

  move() {
    const focused = document.activeElement;
    for (const place of ["attention", "calls"]) {
      const grid = this.grids[place];
      const there = this.wanted().filter((each) => each.place === place);
      show(this.sections[place], there.length > 0);
      let next = grid.firstElementChild;
      for (const { callId } of there) {
        const element = this.cards.get(callId).element;
        // Who stands in front of the wanted card and does not belong there goes to the end until its turn comes.
        if (element !== next && element === next?.nextElementSibling) grid.append(next);
        else if (element !== next) grid.insertBefore(element, next);
        next = element.nextElementSibling;
      }
    }
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
  }

  /** Places of the cards that can be seen now: card → rectangle. */
  inSight() {
    const found = new Map();
    for (const card of this.cards.values()) {
      const at = card.element.getBoundingClientRect();
      if (at.bottom > 0 && at.top < innerHeight) found.set(card, at);
    }
    return found;
  }

  /** Finds out which cards stand elsewhere than before, and slides those of `before` there. */
  noticeMoves(before = new Map()) {
    const moved = [];
    for (const card of this.cards.values()) {
      const where = `${card.element.offsetLeft} ${card.element.offsetTop}`;
      if (where === card.where) continue;
      card.where = where;
      moved.push(card);
    }
    this.unsettle(moved);
    for (const card of moved) {
      const from = before.get(card);
      if (!from) continue;
      const to = card.element.getBoundingClientRect();
      const [x, y] = [from.left - to.left, from.top - to.top];
      if (from.width && (x || y)) card.element.animate([{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }], SLIDE);
    }
  }

  /** A card's buttons were built anew. By a press on this very card (`own`): then whoever pressed knows. */
  noticeRebuilt(callId, own = false) {
    const card = this.cards.get(callId);
    if (!card) return;
    const before = card.buttonsAt;
    card.buttonsAt = card.actions.buttons.offsetTop;
    if (!own && before !== undefined && before !== card.buttonsAt) this.unsettle([card]);
  }

  unsettle(cards) {
    if (!cards.length) return;
    for (const card of cards) {
      card.movedAt = performance.now();
      card.element.dataset.settled = "no";
    }
    setTimeout(() => {
      for (const card of cards) if (performance.now() - card.movedAt > SETTLED_MS) card.element.dataset.settled = "yes";
    }, SETTLED_MS + 1);
  }

  /** Calls as they stand on the page. */
  standing() {
    return [...document.querySelectorAll(".board .card")].map((element) => this.cards.get(element.dataset.call));
  }

  mark(callId) {
    if (this.selected === callId) return;
    const before = this.cards.get(this.selected);
    if (before) before.element.tabIndex = -1;
    this.selected = callId;
    this.cards.get(callId).element.tabIndex = 0;
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
    this.hands.use();
    this.select(cards[next].callId);
  }

  toggle(card) {
    if (!this.picture.calls[card.callId]) return;
    card.opened = !card.opened;
    card.update(this.picture);
    this.noticeMoves();
  }

  tick(now) {
    this.now = now;
    for (const card of this.cards.values()) card.tick(now);
  }
}
