// The last minute of both voices of a call as a picture, the evidence marked in it, and the same in words.

import { fill, h, setText } from "./dom.js";
import { current, signed, t } from "../store/i18n.js";

const SHOWN_S = 60;
const QUIETEST_DB = -60;
const LOUDEST_DB = -6;
const MARKED_OVER_CALM_DB = 4;
const RAISED = 60; // percent of effort from which a bar says "raised"
const WORDS_EVERY_MS = 5_000; // a screen reader must not be told of every bar
const GAP_PX = 3; // between the two voices

/**
 * @typedef {import("../store/looked.js").Past} Past
 * @typedef {{start_s: number, end_s: number}} Mark
 * @typedef {{width: number, height: number, ratio: number, colours: Record<string, string>}} Measured
 */

/** @type {Set<Voices>} pictures to be drawn at the next frame */
const due = new Set();

function drawDue() {
  const all = [...due];
  due.clear();
  const measured = all.map((each) => each.measure()); // one layout for all of them
  all.forEach((each, index) => each.draw(measured[index]));
}

export class Voices {
  constructor() {
    this.canvas = h("canvas", { role: "img" });
    /** @type {Record<string, HTMLElement>} */
    this.overs = {};
    this.element = h("div", { class: "voices" }, this.canvas);
    /** @type {string[]} */
    this.roles = [];
    /** @type {Past | null} */
    this.past = null;
    /** @type {Mark[]} */
    this.marks = [];
    this.wordsAt = -Infinity;
  }

  /** @param {string[]} roles the voices of the call, from above */
  show(roles) {
    fill(this.element, JSON.stringify([roles, current()]), () => [this.canvas, ...roles.map((role) => {
      this.overs[role] = h("span", { class: "meter-over" });
      return h("div", { class: "meter", dataset: { role } }, h("span", { class: "meter-name" }, t(`role.${role}`)), this.overs[role]);
    })]);
    this.element.dataset.voices = String(roles.length);
    this.roles = roles;
  }

  /**
   * @param {Past | null} past
   * @param {Record<string, any> | null} levels the newest level of each voice
   * @param {Mark[]} marks evidence
   */
  update(past, levels, marks) {
    this.past = past;
    this.marks = marks;
    for (const role of this.roles) {
      const leg = levels?.[role];
      const raised = leg?.speaking && leg.over_calm_db != null && leg.over_calm_db >= MARKED_OVER_CALM_DB;
      setText(this.overs[role], leg?.noise ? t("level.noise") : raised ? t("level.over_calm", { db: signed(leg.over_calm_db) }) : "");
      const loud = leg?.speaking && leg.effort >= RAISED / 100 ? "yes" : "no";
      if (this.overs[role].dataset.raised !== loud) this.overs[role].dataset.raised = loud;
    }
    if (!due.size) requestAnimationFrame(drawDue);
    due.add(this);
  }

  /** @returns {Measured} */
  measure() {
    const computed = getComputedStyle(this.canvas);
    const colour = (/** @type {string} */ name) => computed.getPropertyValue(name).trim();
    return {
      width: this.canvas.clientWidth,
      height: this.canvas.clientHeight,
      ratio: devicePixelRatio,
      colours: { customer: colour("--customer"), operator: colour("--operator"), mixed: colour("--calm"), raised: colour("--critical-text"), mark: colour("--mark"), line: colour("--line") },
    };
  }

  /** @param {Measured} measured */
  draw({ width, height, ratio, colours }) {
    const context = this.canvas.getContext("2d");
    if (!width || !height || !context) return;
    const size = [Math.round(width * ratio), Math.round(height * ratio)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) [this.canvas.width, this.canvas.height] = size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const lane = (height - GAP_PX * (this.roles.length - 1)) / Math.max(1, this.roles.length);
    if (this.past) {
      const end = this.past.end_s;
      const x = (/** @type {number} */ second) => ((second - end + SHOWN_S) / SHOWN_S) * width;
      context.fillStyle = colours.mark;
      for (const mark of this.marks) {
        const from = Math.max(0, x(mark.start_s));
        const to = Math.min(width, Math.max(x(mark.end_s), x(mark.start_s) + 4));
        if (to > 0 && from < width) context.fillRect(from, 0, to - from, height);
      }
      for (const [at, role] of this.roles.entries()) this.drawVoice(context, role, this.past, { top: at * (lane + GAP_PX), lane, width, colours });
    }
    context.fillStyle = colours.line;
    this.roles.forEach((_, at) => context.fillRect(0, at * (lane + GAP_PX) + lane - 1, width, 1));
    this.say();
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {string} role
   * @param {Past} past
   * @param {{top: number, lane: number, width: number, colours: Record<string, string>}} place
   */
  drawVoice(context, role, past, { top, lane, width, colours }) {
    const leg = past.legs[role];
    if (!leg) return;
    const step = (past.step_s / SHOWN_S) * width;
    leg.db.forEach((db, index) => {
      if (db === null) return;
      const share = Math.min(1, Math.max(0.04, (db - QUIETEST_DB) / (LOUDEST_DB - QUIETEST_DB)));
      context.fillStyle = (leg.effort[index] ?? 0) >= RAISED ? colours.raised : colours[role];
      const left = width - (leg.db.length - index) * step;
      context.fillRect(left, top + lane * (1 - share), Math.max(1, step - 0.5), lane * share);
    });
  }

  /** Says the picture in words, now and then. */
  say() {
    if (performance.now() - this.wordsAt < WORDS_EVERY_MS) return;
    this.wordsAt = performance.now();
    const { past } = this;
    const seconds = (/** @type {(number | null)[] | undefined} */ values, least = -Infinity) => Math.round((values ?? []).filter((value) => value !== null && value >= least).length * (past?.step_s ?? 0));
    const spoken = this.roles.map((role) => t("voices.leg", {
      role: t(`role.${role}`),
      spoken: seconds(past?.legs[role]?.db),
      raised: seconds(past?.legs[role]?.effort, RAISED),
    }));
    const seen = past ? this.marks.filter((mark) => mark.end_s > past.end_s - SHOWN_S).length : 0;
    this.canvas.setAttribute("aria-label", [t("voices.title"), ...spoken, t("voices.marks", { n: seen })].join(" "));
  }
}
