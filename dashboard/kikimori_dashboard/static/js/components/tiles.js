// The seats of the office: a tile for each, with its call. Only tiles in the window are drawn again.

import { arrange, h, setText } from "./dom.js";
import { span, t } from "../store/i18n.js";
import { outOfReach, shownSeverity } from "./unwatched.js";

/** One seat. */
class Tile {
  /**
   * @param {string} key
   * @param {Tiles} tiles
   */
  constructor(key, tiles) {
    this.key = key;
    this.inSight = true;
    this.ext = h("span", { class: "ext" });
    this.sign = h("span", { class: "shape", "aria-hidden": "true" });
    this.state = h("span", { class: "unseen" });
    this.name = h("span", { class: "name" });
    this.time = h("span", { class: "time" });
    this.element = h("button", { type: "button", class: "tile", onclick: () => { if (this.call) tiles.board.select(this.call.call_id); } }, this.sign, this.ext, this.state, this.name, this.time);
  }

  /**
   * @param {any} picture
   * @param {import("../store/seats.js").Seat | null} seat
   * @param {any} call
   */
  update(picture, seat, call) {
    this.call = call;
    const lane = call?.lane ?? "idle";
    const severity = call ? shownSeverity(picture, call) : null;
    const lost = Boolean(call) && outOfReach(picture, call);
    const states = [t(`seats.${lane}`), lost ? t("row.stale") : ""];
    const dataset = this.element.dataset;
    dataset.lane = lane;
    dataset.severity = severity?.look ?? "none";
    dataset.stale = lost ? "yes" : "no";
    if (call) dataset.call = call.call_id;
    else delete dataset.call;
    setText(this.ext, seat?.extension ?? call?.operator.number ?? "—");
    setText(this.sign, severity?.sign ?? "");
    const name = call?.operator.name ?? seat?.name ?? "";
    setText(this.name, name.split(/\s/)[0]); // the family name, where it is written apart
    setText(this.state, `${[severity?.word, ...states].filter(Boolean).join(" ")} `);
    this.element.title = [seat?.extension, name, call?.caller?.name, ...states].filter(Boolean).join("　");
    this.element.disabled = !call;
    this.tick(picture.now());
  }

  /** @param {number} now */
  tick(now) {
    if (!this.inSight) return;
    const minutes = this.call ? Math.floor((now - Date.parse(this.call.started_at)) / 60_000) : 0;
    setText(this.time, this.call ? (minutes > 0 ? span(minutes * 60) : `<${span(60)}`) : "");
  }
}

export class Tiles {
  /**
   * @param {import("./board.js").Board} board
   * @param {import("../store/seats.js").Seats} seats
   * @param {import("./filter.js").Filter} filter
   */
  constructor(board, seats, filter) {
    this.board = board;
    this.seats = seats;
    this.filter = filter;
    /** @type {Map<string, Tile>} */
    this.tiles = new Map();
    this.order = "";
    this.grid = h("div", { class: "tile-grid" });
    this.others = h("div", { class: "tile-grid others" });
    this.note = h("h3", { class: "others-title" });
    this.none = h("p", { class: "none" });
    this.element = h("div", { class: "tiles", hidden: true }, this.none, this.grid, this.note, this.others);
    this.sight = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        const tile = this.tiles.get(/** @type {HTMLElement} */ (target).dataset.seat ?? "");
        if (tile) tile.inSight = isIntersecting;
      }
    }, { rootMargin: "100px" });
  }

  /**
   * @param {any} picture
   * @param {any} changes
   */
  update(picture, changes) {
    if (!changes.all && !changes.calls.size) return;
    /** @type {Map<string, {seat: import("../store/seats.js").Seat | null, call: any}>} */
    const wanted = new Map();
    for (const seat of this.seats.known.values()) wanted.set(seat.extension, { seat, call: null });
    for (const call of Object.values(picture.calls)) {
      const key = call.operator.number ?? call.call_id;
      const there = wanted.get(key);
      // Of two calls on one extension the one that needs a decision more.
      if (!there?.call || call.order < there.call.order) wanted.set(key, { seat: there?.seat ?? null, call });
    }
    for (const [key, { seat, call }] of wanted) if (call ? !this.filter.takes(call) : seat && !this.filter.takesSeat(seat)) wanted.delete(key);
    for (const [key, tile] of this.tiles) {
      if (wanted.has(key)) continue;
      this.sight.unobserve(tile.element);
      this.tiles.delete(key);
    }
    const planned = [...wanted].filter(([, each]) => each.seat !== null);
    const others = [...wanted].filter(([, each]) => each.seat === null).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
    const placed = !this.filter.on && planned.some(([, { seat }]) => seat?.column);
    const columns = placed ? Math.max(...planned.map(([, { seat }]) => seat?.column ?? 0)) : 0;
    this.grid.style.gridTemplateColumns = columns ? `repeat(${columns}, minmax(3.4rem, 7rem))` : "";
    this.put(this.grid, planned, picture, changes, placed);
    this.put(this.others, others, picture, changes, false);
    this.note.hidden = !planned.length || !others.length;
    setText(this.note, t("seats.others"));
    this.none.hidden = wanted.size > 0;
    setText(this.none, t(this.filter.on ? "rows.none_found" : "seats.none"));
  }

  /**
   * @param {HTMLElement} grid
   * @param {[string, {seat: import("../store/seats.js").Seat | null, call: any}][]} list
   * @param {any} picture
   * @param {any} changes
   * @param {boolean} placed whether tiles stand where the seats do
   */
  put(grid, list, picture, changes, placed) {
    arrange(grid, list.map(([key, { seat, call }]) => {
      let tile = this.tiles.get(key);
      const fresh = !tile;
      if (!tile) {
        tile = new Tile(key, this);
        tile.element.dataset.seat = key;
        this.tiles.set(key, tile);
        this.sight.observe(tile.element);
      }
      if (fresh || changes.all || tile.call?.call_id !== call?.call_id || (call && changes.calls.has(call.call_id))) tile.update(picture, seat, call);
      tile.element.style.gridArea = placed && seat?.row && seat.column ? `${seat.row} / ${seat.column}` : "";
      return tile.element;
    }));
  }

  /** @param {number} now */
  tick(now) {
    for (const tile of this.tiles.values()) tile.tick(now);
  }
}
