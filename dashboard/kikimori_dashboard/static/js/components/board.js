// The calls of the page: cards in slots, those that wait for a slot, and what is selected.

import { Actions } from "./actions.js";
import { Card } from "./card.js";
import { show } from "./dom.js";
import { Hands } from "./hands.js";
import { Listening } from "./listening.js";
import { canListen } from "./listen_bar.js";
import { slotCall } from "../store/lanes.js";
import { Slots } from "../store/slots.js";
import { Waiting } from "./waiting.js";

const CARD_WIDTH_PX = 380; // the least that a card needs
const CARD_HEIGHT_PX = { low: 288, high: 368 }; // as in css/supervisor.css
const LOW_PX = 940; // windows lower than this have low cards
const AROUND_PX = 176; // head, two banners, strip and edges
const LIST_PX = 760; // windows narrower than this have one column, as long as it takes
const LIST_SLOTS = 6;
const MOST_ROWS = 3;
const MOST_COLUMNS = 4;

const lessMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @typedef {import("../store/picture.js").Picture} Picture */

export class Board {
  /**
   * @param {{cards: HTMLElement, waiting: HTMLDetailsElement, lane: HTMLElement, rows: HTMLElement}} elements
   * @param {{telephoneChanged: () => void, endingWanted: (callId: string) => void, selected: (callId: string | null) => void, drawsOthers: () => void}} listeners
   *   `drawsOthers`: called when other calls are drawn than before
   */
  constructor({ cards, waiting, lane, rows }, { telephoneChanged, endingWanted, selected, drawsOthers }) {
    this.telephoneChanged = telephoneChanged;
    this.endingWanted = endingWanted;
    this.whenSelected = selected;
    this.whenOthers = drawsOthers;
    this.section = cards;
    const grid = cards.querySelector(".grid");
    if (!(grid instanceof HTMLElement)) throw new Error("the section of cards has no grid");
    this.grid = grid;
    /** @type {Picture | null} */
    this.picture = null;
    /** @type {number | null} of the last tick */
    this.now = null;
    this.columns = 1;
    this.regions = [cards, lane, rows];
    this.slots = new Slots(0);
    this.arranged = 0; // how often a slot got another call
    /** @type {Map<string, Card>} cards in slots */
    this.cards = new Map();
    /** @type {Map<string, Actions>} */
    this.actions = new Map();
    this.hands = new Hands(this.regions);
    this.listening = new Listening();
    this.waiting = new Waiting(waiting, this);
    /** @type {string | null} shown in the panel */
    this.selected = null;
    /** @type {HTMLElement | null} where the keyboard is */
    this.marked = null;
    this.unsettled = false; // a slot holds what no longer needs it, or somebody waits for a slot
    // Voices and clocks run only where somebody can see them.
    this.sight = new IntersectionObserver((entries) => this.noticeSight(entries), { rootMargin: "100px" });
    for (const region of this.regions) region.addEventListener("focusin", ({ target }) => this.mark(target instanceof Element ? target.closest("[data-call]") : null));
    addEventListener("resize", () => this.fit());
    this.fit();
  }

  /** Finds out how many cards the window has room for. */
  fit() {
    const width = this.section.parentElement?.clientWidth || innerWidth;
    const list = innerWidth <= LIST_PX;
    const height = innerHeight < LOW_PX ? CARD_HEIGHT_PX.low : CARD_HEIGHT_PX.high;
    const columns = list ? 1 : Math.min(MOST_COLUMNS, Math.max(1, Math.floor((width + 8) / (CARD_WIDTH_PX + 8))));
    const rows = list ? LIST_SLOTS : Math.min(MOST_ROWS, Math.max(1, Math.floor((innerHeight - AROUND_PX) / (height + 8))));
    this.grid.style.setProperty("--columns", String(columns));
    const others = this.columns !== columns;
    this.columns = columns;
    if (this.slots.places.length === columns * rows && !others) return;
    this.slots.resize(columns * rows);
    while (this.grid.childElementCount < columns * rows) this.grid.append(Object.assign(document.createElement("div"), { className: "slot" }));
    if (this.picture?.known) this.arrange(this.picture);
    while (this.grid.childElementCount > columns * rows) this.grid.lastElementChild?.remove();
  }

  /**
   * The presses of a call; one object for all places that show its buttons.
   * @param {string} callId
   */
  actionsOf(callId) {
    let found = this.actions.get(callId);
    if (!found) {
      found = new Actions(callId, this.telephoneChanged, this.endingWanted);
      this.actions.set(callId, found);
      this.updateActions(callId);
    }
    return found;
  }

  /** @param {string} callId */
  updateActions(callId) {
    const { picture } = this;
    const call = picture?.calls[callId];
    if (!picture || !call) return;
    this.actions.get(callId)?.update(call, picture.alertsOf(callId), picture.commands[callId], picture.usable(call), picture.site.superiors);
  }

  /**
   * Draws what changed.
   * @param {Picture} picture
   * @param {import("../store/picture.js").Changes} changes
   */
  update(picture, changes) {
    this.picture = picture;
    const changed = changes.all ? new Set([...Object.keys(picture.calls), ...this.actions.keys()]) : changes.calls;
    for (const callId of changed) {
      if (picture.calls[callId]) this.updateActions(callId);
      else this.end(callId);
    }
    if (changed.size) this.arrange(picture);
    for (const callId of changed) if (picture.calls[callId]) this.cards.get(callId)?.update(picture);
    for (const callId of changes.levels) if (!changed.has(callId)) this.cards.get(callId)?.updateLevels(picture);
    if (changed.size) this.waiting.update(picture, this.slots.waiting);
  }

  /**
   * A call is over; its card stays where it is while a hand is on it.
   * @param {string} callId
   */
  end(callId) {
    const found = this.actions.get(callId);
    if (found?.call) {
      found.cancel();
      found.update({ ...found.call, status: "ended" }, [], undefined, false);
    }
    this.cards.get(callId)?.end();
    this.actions.delete(callId);
    if (this.selected === callId) this.select(null);
  }

  /**
   * Whether a call's card must stay where it is.
   * @param {string} callId
   */
  held(callId) {
    return this.hands.holds(callId) || Boolean(this.cards.get(callId)?.inUse());
  }

  /**
   * Gives the slots to the calls.
   * @param {Picture} picture
   */
  arrange(picture) {
    const calls = Object.values(picture.calls).map((call) => slotCall(picture, call));
    const changed = this.slots.update(calls, (callId) => this.held(callId));
    // On a telephone an empty row is all that is to be seen. Who has scrolled reads something, and it stays where it is.
    const still = scrollY > 0 || this.hands.on() || [...this.cards.values()].some((card) => card.inUse());
    const hollow = this.slots.closeRows(this.columns, !still);
    if (changed || (hollow && !still)) this.arranged += 1;
    const keeps = new Set(calls.filter((call) => call.keeps).map((call) => call.callId));
    this.unsettled = (hollow && still) || this.slots.waiting.length > 0 || this.slots.places.some((callId) => callId !== null && !keeps.has(callId));
    for (const [callId, card] of this.cards) {
      if (this.slots.places.includes(callId)) continue;
      this.sight.unobserve(card.element);
      card.remove();
      this.cards.delete(callId);
    }
    this.slots.places.forEach((callId, at) => this.fill(this.grid.children[at], callId, picture));
    const used = this.slots.places.findLastIndex((callId) => callId !== null) + 1;
    const rows = Math.ceil(used / this.columns);
    [...this.grid.children].forEach((each, at) => {
      const slot = /** @type {HTMLElement} */ (each);
      const first = at - (at % this.columns);
      const alone = this.alone(first);
      slot.dataset.alone = alone && at === first ? "yes" : "no";
      show(slot, at < rows * this.columns && !(alone && at !== first));
    });
    show(this.section, used > 0);
  }

  /**
   * Whether a row has one card alone, in its first slot; what is drawn there stays as it is while a hand is on it.
   * @param {number} first slot of the row
   */
  alone(first) {
    const row = this.slots.places.slice(first, first + this.columns);
    const [callId] = row;
    if (!callId || row.length < 2 || row.slice(1).some((each) => each !== null)) return false;
    const slot = /** @type {HTMLElement} */ (this.grid.children[first]);
    return slot.dataset.alone === "yes" || !this.hands.holds(callId);
  }

  /**
   * @param {Element} slot
   * @param {string | null} callId
   * @param {Picture} picture
   */
  fill(slot, callId, picture) {
    if (callId === null || slot.firstElementChild?.getAttribute("data-call") === callId) return;
    let card = this.cards.get(callId);
    if (!card) {
      card = new Card(callId, this);
      this.cards.set(callId, card);
      card.update(picture);
      this.sight.observe(card.element);
    }
    slot.replaceChildren(card.element);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  noticeSight(entries) {
    const { picture } = this;
    for (const { target, isIntersecting } of entries) {
      const card = this.cards.get(target.getAttribute("data-call") ?? "");
      if (!card) continue;
      card.inSight = isIntersecting;
      if (!isIntersecting || !picture?.calls[card.callId]) continue;
      card.updateLevels(picture);
      card.tick(this.now ?? picture.now());
    }
    this.whenOthers();
  }

  /** @returns {string[]} calls whose cards are in sight */
  shown() {
    return [...this.cards.values()].filter((card) => card.inSight).map((card) => card.callId);
  }

  /**
   * @param {string} callId
   * @returns {boolean} whether a call has a slot
   */
  hasSlot(callId) {
    return this.slots.places.includes(callId);
  }

  /**
   * Takes note of where the keyboard is.
   * @param {Element | null} element
   */
  mark(element) {
    if (!(element instanceof HTMLElement) || this.marked === element) return;
    if (this.marked) this.marked.tabIndex = -1;
    this.marked = element;
    element.tabIndex = 0;
  }

  /** The call at which the keyboard is, else the selected one. */
  current() {
    const marked = this.marked?.isConnected ? this.marked.dataset.call : undefined;
    return marked ?? this.selected;
  }

  /**
   * Shows a call in the panel; null for none.
   * @param {string | null} callId
   */
  select(callId) {
    if (callId !== null && !this.picture?.calls[callId]) return;
    for (const element of document.querySelectorAll("main [data-selected]")) element.removeAttribute("data-selected");
    this.selected = callId;
    if (callId !== null) {
      for (const element of document.querySelectorAll(`main [data-call="${CSS.escape(callId)}"]`)) element.setAttribute("data-selected", "yes");
    }
    this.whenSelected(callId);
  }

  /**
   * Goes to a call's card or row, and shows the call.
   * @param {string} callId
   */
  goTo(callId) {
    const element = this.regions.map((region) => region.querySelector(`[data-call="${CSS.escape(callId)}"]`)).find((found) => found !== null);
    const closed = element?.closest("details:not([open])");
    if (closed instanceof HTMLDetailsElement) closed.open = true;
    this.select(callId);
    if (element instanceof HTMLElement) this.focus(element);
  }

  /** @param {HTMLElement} element of a call */
  focus(element) {
    this.mark(element);
    this.hands.use(element.dataset.call ?? null);
    element.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest", behavior: lessMotion.matches ? "auto" : "smooth" });
  }

  /**
   * Moves the keyboard over cards, lane and rows.
   * @param {number} by
   */
  step(by) {
    const all = this.regions.flatMap((region) => /** @type {HTMLElement[]} */ ([...region.querySelectorAll("[data-call]")])).filter((element) => element.checkVisibility());
    if (!all.length) return;
    const at = this.marked ? all.indexOf(this.marked) : -1;
    const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
    this.focus(all[next]);
  }

  /** Presses the main button of the current call. */
  pressMain() {
    const callId = this.current();
    if (callId === null || !this.picture?.calls[callId]) return;
    const actions = this.actionsOf(callId);
    const [main] = actions.offered().main;
    if (main) actions.pressed(main);
  }

  /**
   * Listens to the current call in the browser, or ends that.
   * @param {import("./listening.js").Mode} mode
   */
  listen(mode) {
    const callId = this.current() ?? this.picture?.inOrder()[0] ?? null;
    const call = callId === null ? undefined : this.picture?.calls[callId];
    if (call && document.body.dataset.presses === "yes" && (canListen(call) || this.listening.hears(call.call_id))) this.listening.toggle(call.call_id, mode);
  }

  /** Takes back a question, or closes a menu; true when there was something. */
  cancel() {
    const callId = this.current();
    const card = callId === null ? undefined : this.cards.get(callId);
    return card ? card.buttons.cancel() : Boolean(callId !== null && this.actions.get(callId)?.cancel());
  }

  /** @param {number} now */
  tick(now) {
    this.now = now;
    for (const card of this.cards.values()) card.tick(now);
    this.waiting.tick(now);
    if (!this.unsettled || !this.picture?.known) return;
    this.arrange(this.picture);
    this.waiting.update(this.picture, this.slots.waiting);
  }
}
