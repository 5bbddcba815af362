// Both voices of a recorded call over time: customer above, operator below; alerts and evidence marked; a click goes there.

import { clock, t } from "../store/i18n.js";
import { h, setText, show } from "./dom.js";
import { inFrame } from "./frames.js";
import { look, shape } from "./severity.js";

const SPANS_S = [0, 600, 120, 30]; // lengths of what is shown; 0 = the whole call
const DRAG_PX = 6; // moved so far, a press draws a stretch to be repeated
const ALERTS_PX = 14; // height of the alerts' bars
const TICKS_PX = 12; // and of the marks of their evidence

/**
 * @typedef {object} Drawn
 * @property {number} length s
 * @property {import("../store/recorded.js").Peaks | null} peaks
 * @property {import("../store/recorded.js").RecordedAlert[]} alerts
 * @property {import("../store/recorded.js").Hit[]} hits
 * @property {{status: string, from: number, to: number}[]} stretches
 */

export class Waveform {
  /**
   * @param {object} given
   * @param {(seconds: number) => void} given.seek
   * @param {(loop: import("./player.js").Stretch | null) => void} given.loop
   */
  constructor({ seek, loop }) {
    this.seek = seek;
    this.loopBy = loop;
    this.canvas = h("canvas", { "aria-hidden": "true" });
    this.head = h("div", { class: "head", "aria-hidden": "true" });
    this.looped = h("div", { class: "looped", hidden: true, "aria-hidden": "true" });
    this.tip = h("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.slider = h("div", { class: "wave", role: "slider", tabindex: "0", "aria-valuemin": "0" }, this.canvas, this.looped, this.head, this.tip);
    this.sides = h("div", { class: "sides", "aria-hidden": "true" }, h("span", { dataset: { role: "customer" } }), h("span", { dataset: { role: "operator" } }));
    this.element = h("div", { class: "waveform" }, this.sides, this.slider);
    /** @type {Drawn} */
    this.drawn = { length: 1, peaks: null, alerts: [], hits: [], stretches: [] };
    this.span = 0; // index in SPANS_S
    this.from = 0; // s at the left edge
    this.time = 0;
    /** @type {import("./player.js").Stretch | null} */
    this.loop = null;
    /** @type {{x: number, at: number} | null} */
    this.pressed = null;
    this.paint = () => this.draw();
    new ResizeObserver(() => inFrame(this.paint)).observe(this.slider);
    new MutationObserver(() => inFrame(this.paint)).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme", "lang"] });
    this.slider.addEventListener("pointerdown", (event) => this.press(event));
    this.slider.addEventListener("pointermove", (event) => this.move(event));
    this.slider.addEventListener("pointerup", (event) => this.release(event));
    this.slider.addEventListener("pointercancel", () => { this.pressed = null; });
    this.slider.addEventListener("pointerleave", () => show(this.tip, false));
  }

  /** Seconds that are shown. */
  get shown() {
    const { length } = this.drawn;
    return Math.min(length, SPANS_S[this.span] || length);
  }

  /** @param {Drawn} drawn */
  show(drawn) {
    this.drawn = drawn;
    this.slider.setAttribute("aria-valuemax", String(Math.round(drawn.length)));
    inFrame(this.paint);
  }

  words() {
    this.slider.setAttribute("aria-label", t("recorded.place"));
    const [customer, operator] = /** @type {HTMLElement[]} */ ([...this.sides.children]);
    const mixed = this.drawn.peaks?.channels === 1;
    setText(customer, t(mixed ? "role.mixed" : "role.customer"));
    setText(operator, t("role.operator"));
    show(operator, !mixed);
    inFrame(this.paint);
  }

  /** @param {1 | -1} way 1 = closer */
  zoom(way) {
    const { length } = this.drawn;
    let next = this.span + way;
    while (next > 0 && SPANS_S[next] >= length) next += way;
    if (!(next in SPANS_S)) return;
    this.span = next;
    this.from = this.time - this.shown / 2;
    this.keepInside();
    inFrame(this.paint);
  }

  /**
   * Moves the head; follows it where only a part is shown.
   * @param {number} time
   * @param {import("./player.js").Stretch | null} loop
   */
  at(time, loop) {
    this.time = time;
    if (loop !== this.loop) {
      this.loop = loop;
      inFrame(this.paint);
    }
    if (time < this.from || time > this.from + this.shown) {
      this.from = time - this.shown * 0.1;
      this.keepInside();
      inFrame(this.paint);
    }
    this.head.style.transform = `translateX(${this.x(time).toFixed(1)}px)`;
    const said = clock(time);
    if (this.slider.getAttribute("aria-valuetext") !== said) {
      this.slider.setAttribute("aria-valuenow", String(Math.floor(time)));
      this.slider.setAttribute("aria-valuetext", said);
    }
  }

  keepInside() {
    this.from = Math.max(0, Math.min(this.from, this.drawn.length - this.shown));
  }

  /** @param {number} seconds */
  x(seconds) {
    return ((seconds - this.from) / this.shown) * this.slider.clientWidth;
  }

  /** @param {PointerEvent} event */
  secondsOf(event) {
    const box = this.slider.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return this.from + share * this.shown;
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (event.button !== 0) return;
    this.slider.setPointerCapture(event.pointerId);
    this.pressed = { x: event.clientX, at: this.secondsOf(event) };
  }

  /** @param {PointerEvent} event */
  move(event) {
    const seconds = this.secondsOf(event);
    setText(this.tip, clock(seconds));
    show(this.tip, true);
    this.tip.style.transform = `translateX(${this.x(seconds).toFixed(0)}px)`;
    if (this.pressed && Math.abs(event.clientX - this.pressed.x) > DRAG_PX) this.placeLoop(stretch(this.pressed.at, seconds));
  }

  /** @param {PointerEvent} event */
  release(event) {
    if (!this.pressed) return;
    const { x, at } = this.pressed;
    this.pressed = null;
    if (Math.abs(event.clientX - x) > DRAG_PX) this.loopBy(stretch(at, this.secondsOf(event)));
    else this.seek(at);
    this.placeLoop(this.loop);
  }

  /** @param {import("./player.js").Stretch | null} loop */
  placeLoop(loop) {
    show(this.looped, loop !== null);
    if (!loop) return;
    const [from, to] = [Math.max(0, this.x(loop.from)), Math.min(this.slider.clientWidth, this.x(loop.to))];
    this.looped.style.transform = `translateX(${from.toFixed(1)}px)`;
    this.looped.style.width = `${Math.max(0, to - from).toFixed(1)}px`;
  }

  draw() {
    const [width, height] = [this.slider.clientWidth, this.slider.clientHeight];
    if (!width || !height) return;
    const scale = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * scale) || this.canvas.height !== Math.round(height * scale)) {
      this.canvas.width = Math.round(width * scale);
      this.canvas.height = Math.round(height * scale);
    }
    const pen = this.canvas.getContext("2d");
    if (!pen) return;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const looks = getComputedStyle(this.slider);
    /** @param {string} name */
    const colour = (name) => looks.getPropertyValue(`--${name}`).trim();
    for (const each of this.drawn.stretches) {
      pen.fillStyle = colour(each.status === "on_hold" ? "held-back" : "moved-back");
      pen.fillRect(this.x(each.from), ALERTS_PX + TICKS_PX, Math.max(1, this.x(each.to) - this.x(each.from)), height);
    }
    this.drawVoices(pen, width, height, colour);
    this.drawAlerts(pen, colour);
    this.placeLoop(this.loop);
    this.at(this.time, this.loop);
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {number} width
   * @param {number} height
   * @param {(name: string) => string} colour
   */
  drawVoices(pen, width, height, colour) {
    const top = ALERTS_PX + TICKS_PX;
    const { peaks } = this.drawn;
    const middle = peaks?.channels === 1 ? height : top + (height - top) / 2;
    pen.fillStyle = colour("line");
    pen.fillRect(0, middle - (peaks?.channels === 1 ? 1 : 0.5), width, 1);
    if (!peaks) return;
    const most = middle - top - 2;
    const step = this.shown / width / peaks.step_s; // peaks of a pixel
    const first = this.from / peaks.step_s;
    for (let channel = 0; channel < Math.min(2, peaks.channels); channel += 1) {
      pen.fillStyle = colour(channel === 0 ? "customer" : "operator");
      for (let x = 0; x < width; x += 1) {
        const begin = Math.floor(first + x * step);
        const end = Math.max(begin + 1, Math.floor(first + (x + 1) * step));
        let peak = 0;
        for (let at = begin; at < end && at < peaks.count; at += 1) peak = Math.max(peak, peaks.bytes[at * peaks.channels + channel]);
        if (peak === 0) continue;
        // As the ear has it: what is half as loud is not half as high.
        const tall = Math.max(1, most * Math.sqrt(peak / 255));
        pen.fillRect(x, channel === 0 ? middle - tall : middle, 1, tall);
      }
    }
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {(name: string) => string} colour
   */
  drawAlerts(pen, colour) {
    const { alerts, hits, length } = this.drawn;
    pen.font = "700 10px system-ui, sans-serif";
    pen.textBaseline = "middle";
    const worstLast = [...alerts].sort((a, b) => rank(a.severity) - rank(b.severity));
    for (const alert of worstLast) {
      const kind = look(alert.severity);
      const from = this.x(alert.opened_s);
      pen.globalAlpha = 0.5;
      pen.fillStyle = colour(`${kind}-mark`);
      // A bar each for the three severities, the worst above.
      pen.fillRect(from, 10 - 4 * rank(alert.severity), Math.max(2, this.x(alert.closed_s ?? length) - from), 3);
    }
    pen.globalAlpha = 1;
    for (const alert of worstLast) {
      pen.fillStyle = colour(`${look(alert.severity)}-mark`);
      pen.fillText(shape(alert.severity), this.x(alert.opened_s) - 1, 7);
    }
    for (const hit of [...hits].sort((a, b) => rank(a.severity) - rank(b.severity))) {
      pen.fillStyle = colour(`${look(hit.severity)}-mark`);
      const x = Math.round(this.x(hit.at));
      pen.fillRect(x, ALERTS_PX + 1, 2, TICKS_PX - 3);
    }
  }
}

/** @param {string} severity */
const rank = (severity) => ["notice", "warning", "critical"].indexOf(look(severity));

/**
 * @param {number} a
 * @param {number} b
 */
const stretch = (a, b) => ({ from: Math.min(a, b), to: Math.max(a, b) });
