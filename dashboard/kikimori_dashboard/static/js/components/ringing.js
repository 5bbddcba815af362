// What rings now, in one line: who is calling, how often, where it rings; on focus the last contacts. Repeat callers stand first.

import { callerName, callerText } from "./call_names.js";
import { arrange, fill, h, setText, show } from "./dom.js";
import { nth } from "./known_caller.js";
import { clock, current, t, title } from "../store/i18n.js";
import { look, shape } from "./severity.js";

const RING_PX = 200; // the least that a call needs, with its gap
const BESIDE_PX = 260; // title, rest, and what a repeat caller needs more
const LIST_PX = 760; // windows narrower than this have one below the other
const LIST_SHOWN = 5;
const PHONES_SHOWN = 3;

/** @typedef {import("../store/picture.js").RingingCall} RingingCall */

/**
 * Extensions at which a call rings, shortened.
 * @param {RingingCall} call
 */
export function phones(call) {
  const shown = call.phones.slice(0, PHONES_SHOWN).join(t("caller.comma"));
  const more = call.phones.length - Math.min(call.phones.length, PHONES_SHOWN) + call.phones_more;
  return more ? t("ring.phones_more", { phones: shown, n: more }) : shown;
}

/** One call that rings. */
class Ring {
  /** @param {string} callId */
  constructor(callId) {
    this.since = h("span", { class: "timer" });
    this.head = h("span", { class: "ring-head" });
    this.more = h("div", { class: "ring-more" });
    this.element = h("li", { class: "ring", tabindex: "0", dataset: { ring: callId } }, this.head, this.since, this.more);
  }

  /**
   * @param {RingingCall} call
   * @param {any | null} alert about the caller
   * @param {boolean} linked whether the person may open the caller's page
   */
  update(call, alert, linked) {
    this.call = call;
    const { known } = call;
    this.element.dataset.severity = look(alert?.severity ?? "calm");
    const times = known?.contacts ? t("caller.nth_short", { n: known.contacts + 1 }) : "";
    fill(this.head, JSON.stringify([call, alert?.revision, current()]), () => [
      h("span", { class: "shape", "aria-hidden": "true" }, alert ? shape(alert.severity) : "☎"),
      h("b", { class: "caller", title: callerText(call) }, callerText(call)),
      times ? h("span", {}, times) : null,
      alert ? h("span", { class: "ring-about" }, title(alert.title)) : null,
      h("span", { class: "ext" }, t("ring.at", { phones: phones(call) })),
    ]);
    const lines = [
      [callerName(call) && call.caller.number, t("ring.at", { phones: phones(call) }), call.queue ? t("call.queue", { name: call.queue }) : ""].filter(Boolean).join("　"),
      known ? nth(known, true) : t("ring.first"),
      known?.manner ? t("caller.how_to_speak", { manner: known.manner }) : "",
      known && "in_charge" in known && known.in_charge ? t("caller.person_in_charge", { name: known.in_charge }) : "",
    ].filter(Boolean);
    fill(this.more, JSON.stringify([lines, linked, current()]), () => [
      ...lines.map((each) => h("p", {}, each)),
      linked && known && "key" in known ? h("a", { href: `/callers/${known.key}` }, t("caller.all")) : null,
    ]);
  }

  /** @param {number} now */
  tick(now) {
    if (this.call) setText(this.since, clock(Math.max(0, (now - Date.parse(this.call.since)) / 1000)));
  }
}

export class Rings {
  /**
   * @param {HTMLElement} element
   * @param {() => boolean} linked whether the person may open callers' pages
   */
  constructor(element, linked) {
    this.element = element;
    this.linked = linked;
    this.title = /** @type {HTMLElement} */ (element.querySelector("h2"));
    this.list = h("ol", { class: "rings" });
    this.rest = h("span", { class: "ring-rest" });
    element.append(this.list, this.rest);
    /** @type {Map<string, Ring>} */
    this.rings = new Map();
    /** @type {any} */
    this.picture = null;
    this.room = 1; // calls for which there is room; more are counted
    new ResizeObserver(([{ contentRect }]) => this.fit(contentRect.width)).observe(element);
  }

  /** @param {number} width of the line in pixels */
  fit(width) {
    const room = innerWidth <= LIST_PX ? LIST_SHOWN : Math.max(1, Math.floor((width - BESIDE_PX) / RING_PX));
    if (!width || room === this.room) return;
    this.room = room;
    if (this.picture) this.update(this.picture);
  }

  /** @param {any} picture */
  update(picture) {
    this.picture = picture;
    /** @type {RingingCall[]} */
    const all = Object.values(picture.ringing);
    // A call that is among the calls rings at another telephone, and has its place.
    const calls = all.filter((call) => !picture.calls[call.call_id]);
    const alertOf = (/** @type {RingingCall} */ call) => picture.alertsOf(call.call_id)[0] ?? null;
    calls.sort((a, b) => Number(alertOf(b) !== null) - Number(alertOf(a) !== null) || a.since.localeCompare(b.since) || a.call_id.localeCompare(b.call_id));
    const shown = calls.slice(0, this.room);
    const more = calls.length - shown.length + (picture.site.ringing_more ?? 0);
    // Once something rang the line stays, so that what is below does not move with each ring.
    if (shown.length) show(this.element, true);
    setText(this.title, shown.length ? t("ring.title", { n: shown.length + more }) : t("ring.none"));
    const ids = new Set(shown.map((call) => call.call_id));
    for (const callId of this.rings.keys()) if (!ids.has(callId)) this.rings.delete(callId);
    arrange(this.list, shown.map((call) => {
      const ring = this.rings.get(call.call_id) ?? new Ring(call.call_id);
      this.rings.set(call.call_id, ring);
      ring.update(call, alertOf(call), this.linked());
      ring.tick(picture.now());
      return ring.element;
    }));
    setText(this.rest, more ? t("ring.more", { n: more }) : "");
  }

  /**
   * Shows a call that rings; false when it does not.
   * @param {string} callId
   */
  goTo(callId) {
    const ring = this.rings.get(callId);
    ring?.element.focus();
    return ring !== undefined;
  }

  /** @param {number} now */
  tick(now) {
    for (const ring of this.rings.values()) ring.tick(now);
  }
}
