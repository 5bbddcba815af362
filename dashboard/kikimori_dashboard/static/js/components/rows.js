// Calm calls as rows in two columns, or as seats. Only rows in the window exist; nothing moves under a hand.

import { arrange, h, setText, show } from "./dom.js";
import { Filter } from "./filter.js";
import { inFrame } from "./frames.js";
import { t } from "../store/i18n.js";
import { read, write } from "../store/preferences.js";
import { ROW_PX, Row } from "./row.js";
import { Seats } from "../store/seats.js";
import { Tiles } from "./tiles.js";
import { outOfReach } from "./unwatched.js";

const AROUND_ROWS = 4; // rows above and below the window that exist
const ONE_COLUMN_PX = 700; // a list narrower than this has one column
const LEVELS_MS = 1_000;

export class Rows {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Board} board
   * @param {HTMLElement | null} switcher where the choice between list and seats stands
   */
  constructor(element, board, switcher = null) {
    this.element = element;
    this.board = board;
    this.switcher = switcher;
    /** @type {any} */
    this.picture = null;
    /** @type {Map<string, Row>} rows that exist */
    this.rows = new Map();
    /** @type {string[]} calls in their places */
    this.places = [];
    this.stale = true; // the places are not those that are wanted
    this.moved = false; // other places are in the window than those that are drawn
    this.arranged = 0; // slots for which the calls have their places, as `Board.arranged` counts
    this.levelsAt = -Infinity;
    this.sight = { columns: 1, from: 0, to: 0 }; // columns, and places in the window, as measured last
    this.seats = new Seats(() => this.again());
    this.filter = new Filter(this.seats, () => this.again());
    this.title = element.querySelector("h2");
    this.list = h("ol", { class: "row-list" });
    this.none = h("p", { class: "none" });
    this.tiles = new Tiles(board, this.seats, this.filter);
    element.append(h("div", { class: "rows-head" }, this.title, this.filter.element), this.none, this.list, this.tiles.element);
    /** @type {Record<string, HTMLElement>} */
    this.views = Object.fromEntries(["list", "seats"].map((each) => [each, h("button", { type: "button", onclick: () => this.change(each) })]));
    switcher?.append(...Object.values(this.views));
    this.view = read("calls_view") === "seats" ? "seats" : "list";
    this.look = this.look.bind(this);
    for (const event of ["scroll", "resize"]) addEventListener(event, () => inFrame(this.look), { passive: true });
    this.seats.follow();
  }

  /** @param {string} view list or seats */
  change(view) {
    this.view = view;
    write("calls_view", view);
    this.again();
  }

  again() {
    this.stale = true;
    if (this.picture?.known) this.update(this.picture, { all: true, calls: new Set(), levels: new Set() });
  }

  /** @returns {string[]} calls that are drawn */
  shown() {
    return this.view === "seats" ? [] : [...this.rows.keys()];
  }

  /** Whether a hand is on a row: then all stay where they are. */
  held() {
    return [...this.rows.keys()].some((callId) => this.board.hands.holds(callId));
  }

  /** @param {any} call */
  belongs(call) {
    return call.lane === "calm" && !this.board.hasSlot(call.call_id);
  }

  /**
   * @param {any} picture
   * @param {any} changes as of `Picture.takeChanges`
   */
  update(picture, changes) {
    this.picture = picture;
    if (changes.all || changes.calls.size) this.arrange();
    if (this.view === "seats") {
      this.tiles.update(picture, changes);
      return;
    }
    for (const [callId, row] of this.rows) {
      if (!picture.calls[callId]) row.end();
      else if (changes.all || changes.calls.has(callId)) row.update(picture);
    }
    const now = performance.now();
    if (now - this.levelsAt < LEVELS_MS) return;
    this.levelsAt = now;
    for (const row of this.rows.values()) row.updateLevels(picture);
  }

  /** Everything that is words. */
  words() {
    const calls = Object.values(this.picture.calls);
    const calm = calls.filter((call) => this.belongs(call));
    const among = this.view === "seats" ? calls : calm;
    show(this.element, calls.length > 0 || this.view === "seats");
    const lost = among.filter((call) => outOfReach(this.picture, call)).length;
    const title = this.view === "seats" ? "rows.seats" : "rows.calm";
    if (this.title) setText(this.title, lost ? t(`${title}_lost`, { n: among.length, lost }) : t(title, { n: among.length }));
    this.filter.draw(calls, among.filter((call) => this.filter.takes(call)).length, among.length);
    for (const [view, button] of Object.entries(this.views)) {
      setText(button, t(`rows.view_${view}`));
      button.setAttribute("aria-pressed", String(view === this.view));
    }
    if (this.switcher) {
      show(this.switcher, true);
      this.switcher.setAttribute("aria-label", t("rows.view"));
    }
  }

  /** Gives the calls their places; while a hand is on a row, whoever comes stands last and whoever ends stays. */
  arrange() {
    const { picture } = this;
    const list = this.view === "list";
    const slots = this.arranged !== this.board.arranged; // cards have come or gone above
    this.arranged = this.board.arranged;
    this.words();
    show(this.list, list);
    show(this.tiles.element, !list);
    const wanted = picture.inOrder().filter((/** @type {string} */ callId) => this.belongs(picture.calls[callId]) && this.filter.takes(picture.calls[callId]));
    this.stale = this.held();
    this.places = this.stale ? [...this.places, ...wanted.filter((/** @type {string} */ each) => !this.places.includes(each))] : wanted;
    show(this.none, list && this.places.length === 0);
    setText(this.none, t(this.filter.on ? "rows.none_found" : "rows.none"));
    if (slots || !this.rows.size) this.measure();
    this.draw();
  }

  /** Another part of the list may be in the window. */
  look() {
    if (this.view === "list" && this.picture?.known && this.measure()) this.draw();
  }

  /** Finds out which places are in the window; true when they are others. It costs a layout where something was written before. */
  measure() {
    if (this.view !== "list") return false;
    const columns = this.list.clientWidth < ONE_COLUMN_PX ? 1 : 2;
    const { top } = this.list.getBoundingClientRect();
    const from = (Math.floor(-top / ROW_PX) - AROUND_ROWS) * columns;
    const to = (Math.ceil((innerHeight - top) / ROW_PX) + AROUND_ROWS) * columns;
    const { sight } = this;
    if (columns === sight.columns && from === sight.from && to === sight.to) return false;
    this.sight = { columns, from, to };
    this.moved = true;
    return true;
  }

  /** Draws the rows that are in the window, and takes away those that are not. */
  draw() {
    this.moved = false;
    if (this.view !== "list") {
      for (const row of this.rows.values()) row.remove();
      this.rows.clear();
      return;
    }
    const { columns, from, to } = this.sight;
    const height = `${Math.ceil(this.places.length / columns) * ROW_PX}px`;
    if (this.list.style.height !== height) this.list.style.height = height;
    const wanted = new Map(this.places.map((callId, at) => /** @type {[string, number]} */ ([callId, at])).filter(([callId, at]) => (at >= from && at < to) || this.rows.get(callId)?.inUse()));
    let others = false;
    for (const [callId, row] of this.rows) {
      if (wanted.has(callId)) continue;
      row.remove();
      this.rows.delete(callId);
      others = true;
    }
    for (const [callId, at] of wanted) {
      let row = this.rows.get(callId);
      if (!row) {
        row = new Row(callId, this.board);
        this.rows.set(callId, row);
        row.update(this.picture);
        others = true;
      }
      row.place(at, columns, this.places.length);
    }
    arrange(this.list, [...wanted.keys()].flatMap((callId) => this.rows.get(callId)?.element ?? []));
    if (others) this.board.whenOthers();
    // The list can be reached with the tabulator though its rows have no buttons.
    if (!this.list.querySelector(".row[tabindex='0']")) this.list.firstElementChild?.setAttribute("tabindex", "0");
  }

  /** @param {number} now */
  tick(now) {
    for (const row of this.rows.values()) row.tick(now);
    if (this.view === "seats") this.tiles.tick(now);
    if (!this.picture?.known) return;
    const moved = this.arranged !== this.board.arranged; // a call has lost its slot, or got one
    if (moved || (this.stale && !this.held())) this.arrange();
    else if (this.moved) this.draw();
  }
}
