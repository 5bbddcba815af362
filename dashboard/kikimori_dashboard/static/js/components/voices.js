// The last minute of both voices of a call as a picture, the evidence marked in it, and the same in words.
//
// A voice is a path that is drawn anew when a step of half a second is over, and a bar for the present step, of which ten times
// a second the size of a background is set: nothing is laid out for it. No canvas: each would be a layer to be put together.

import { fill, h, setText, svg } from "./dom.js";
import { current, signed, t } from "../store/i18n.js";
import { loudness } from "./loudness.js";

const SHOWN_S = 60;
const SHOWN_STEPS = 120;
const MARKED_OVER_CALM_DB = 4;
const RAISED = 60; // percent of effort from which a bar says "raised"
const BAR = 0.8; // width of a bar, in steps
const LEAST_SHARE = 0.04; // a voice that is hardly heard is drawn so high, so that it can be seen
const LEAST_S = 0.9; // a mark is at least so long, so that it can be seen
const WORDS_EVERY_MS = 5_000; // a screen reader must not be told of every bar
const FIGURE_STAYS_MS = 1_000; // a figure that changes ten times a second cannot be read, and each change is a layout

/**
 * @typedef {import("../store/looked.js").Past} Past
 * @typedef {import("../store/looked.js").Leg} Leg
 * @typedef {{start_s: number, end_s: number}} Mark
 */

/** One voice in the picture. */
class Voice {
  /** @param {string} role */
  constructor(role) {
    this.role = role;
    this.usual = svg("path", { class: "usual" });
    this.raised = svg("path", { class: "raised" });
    this.now = h("span", { class: "now" });
    this.element = h("div", { class: "voice", dataset: { role } });
    const drawing = svg("svg", { viewBox: `0 0 ${SHOWN_STEPS} 100`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.usual, this.raised);
    this.element.append(drawing, this.now);
    this.over = h("span", { class: "meter-over" });
    this.figure = ""; // as it is now; what is shown may be up to `FIGURE_STAYS_MS` older
    this.figureAt = -Infinity; // when the shown one came
    this.size = "";
  }

  /**
   * Draws the steps that are over.
   * @param {Past | null} past
   */
  drawPast(past) {
    const leg = past?.legs[this.role];
    const paths = { usual: "", raised: "" };
    const last = (leg?.db.length ?? 0) - 1;
    leg?.db.forEach((db, index) => {
      if (db === null || index === last) return;
      const high = loudness(db, LEAST_SHARE);
      paths[(leg.effort[index] ?? 0) >= RAISED ? "raised" : "usual"] += `M${SHOWN_STEPS - 1 - last + index} ${100 - high}h${BAR}v${high}h-${BAR}z`;
    });
    this.usual.setAttribute("d", paths.usual);
    this.raised.setAttribute("d", paths.raised);
  }

  /**
   * Draws the present step.
   * @param {Leg | undefined} leg
   * @param {boolean} known whether levels of the call are known
   */
  drawNow(leg, known) {
    const size = leg?.speaking && leg.level_db !== null ? `100% ${loudness(leg.level_db, LEAST_SHARE)}%` : "0 0";
    if (size !== this.size) this.now.style.backgroundSize = size;
    this.size = size;
    this.drawOver(leg, known);
    const raised = leg?.speaking && leg.effort >= RAISED / 100 ? "yes" : "no";
    if (this.over.dataset.raised === raised) return;
    this.over.dataset.raised = raised;
    this.now.dataset.raised = raised;
  }

  /**
   * Says how much louder than calm the voice is; a figure stays for a moment, unless nothing is known any more.
   * @param {Leg | undefined} leg
   * @param {boolean} known
   */
  drawOver(leg, known) {
    const over = leg?.speaking ? leg.over_calm_db : null;
    this.figure = leg?.noise ? t("level.noise") : over !== null && over >= MARKED_OVER_CALM_DB ? t("level.over_calm", { db: signed(over) }) : "";
    this.tick(known);
  }

  /**
   * Shows the figure as it is now, when the one before has stayed for a moment.
   * @param {boolean} [stays] whether it stays
   */
  tick(stays = true) {
    const now = performance.now();
    if (this.figure === this.over.textContent || (stays && now - this.figureAt < FIGURE_STAYS_MS)) return;
    this.figureAt = now;
    setText(this.over, this.figure);
  }
}

export class Voices {
  /** @param {HTMLElement | null} [beside] stands beside the picture */
  constructor(beside = null) {
    this.beside = beside;
    /** @type {Voice[]} from above */
    this.voices = [];
    this.marks = svg("svg", { class: "voice-marks", viewBox: `0 0 ${SHOWN_S} 1`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.picture = h("div", { class: "voice-picture", role: "img" });
    this.element = h("div", { class: "voices" }, this.picture);
    /** @type {Past | null} */
    this.past = null;
    /** @type {number | null} end of the steps that are drawn */
    this.drawnTo = null;
    this.marked = "";
    this.wordsAt = -Infinity;
  }

  /** @param {string[]} roles the voices of the call, from above */
  show(roles) {
    fill(this.element, JSON.stringify([roles, current()]), () => {
      this.voices = roles.map((role) => new Voice(role));
      this.picture.replaceChildren(this.marks, ...this.voices.map((voice) => voice.element));
      this.past = null;
      this.drawnTo = null;
      this.wordsAt = -Infinity;
      return [this.picture, ...this.voices.map(({ role, over }) => h("div", { class: "meter", dataset: { role } }, h("span", { class: "meter-name" }, t(`role.${role}`)), over)), this.beside];
    });
    this.element.dataset.voices = String(roles.length);
  }

  /**
   * @param {Past | null} past
   * @param {Record<string, Leg> | null | undefined} levels the newest level of each voice
   * @param {Mark[]} marks evidence
   */
  update(past, levels, marks) {
    for (const voice of this.voices) voice.drawNow(levels?.[voice.role], Boolean(levels));
    const end = past?.end_s ?? null;
    if (past !== this.past || end !== this.drawnTo) {
      this.past = past;
      this.drawnTo = end;
      for (const voice of this.voices) voice.drawPast(past);
    }
    this.drawMarks(marks);
    this.say(marks);
  }

  /** Shows figures that are due though no level came: in the frame of the clocks, rather than in one of their own. */
  tick() {
    for (const voice of this.voices) voice.tick();
  }

  /** @param {Mark[]} marks */
  drawMarks(marks) {
    const end = this.drawnTo;
    const seen = end === null ? [] : marks.flatMap(({ start_s: start, end_s: over }) => {
      const from = Math.max(0, start - end + SHOWN_S);
      const to = Math.min(SHOWN_S, Math.max(over, start + LEAST_S) - end + SHOWN_S);
      return to > 0 && from < SHOWN_S ? [{ from, width: to - from }] : [];
    });
    const key = JSON.stringify(seen);
    if (key === this.marked) return;
    this.marked = key;
    this.marks.replaceChildren(...seen.map(({ from, width }) => svg("rect", { x: from, y: 0, width, height: 1 })));
  }

  /**
   * Says the picture in words, now and then.
   * @param {Mark[]} marks
   */
  say(marks) {
    if (performance.now() - this.wordsAt < WORDS_EVERY_MS) return;
    this.wordsAt = performance.now();
    const { past } = this;
    const seconds = (/** @type {(number | null)[] | undefined} */ values, least = -Infinity) => Math.round((values ?? []).filter((value) => value !== null && value >= least).length * (past?.step_s ?? 0));
    const spoken = this.voices.map(({ role }) => t("voices.leg", {
      role: t(`role.${role}`),
      spoken: seconds(past?.legs[role]?.db),
      raised: seconds(past?.legs[role]?.effort, RAISED),
    }));
    const seen = past ? marks.filter((mark) => mark.end_s > past.end_s - SHOWN_S).length : 0;
    this.picture.setAttribute("aria-label", [t("voices.title"), ...spoken, t("voices.marks", { n: seen })].join(" "));
  }
}
