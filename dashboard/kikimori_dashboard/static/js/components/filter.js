// The filter over calm calls and seats: team, queue, name. Alerts are never filtered. Kept in this browser.

import { fill, h, setText, show } from "./dom.js";
import { current, t } from "../store/i18n.js";
import { plain } from "../store/name_variants.js";
import { read, write } from "../store/preferences.js";

const NAME = "filter";

/** @returns {{team: string, queue: string, name: string}} */
function kept() {
  const none = { team: "", queue: "", name: "" };
  try {
    return { ...none, ...JSON.parse(read(NAME) ?? "{}") };
  } catch {
    return none;
  }
}

export class Filter {
  /**
   * @param {import("../store/seats.js").Seats} seats
   * @param {() => void} changed
   */
  constructor(seats, changed) {
    this.seats = seats;
    this.changed = changed;
    this.set = kept();
    this.team = h("select", { onchange: () => this.take() });
    this.queue = h("select", { onchange: () => this.take() });
    this.name = h("input", { type: "search", autocomplete: "off", value: this.set.name, oninput: () => this.take() });
    this.count = h("span", { class: "count", role: "status" });
    this.clear = h("button", { type: "button", class: "quiet", onclick: () => this.none() });
    this.element = h("div", { class: "filter", role: "search" }, this.name, this.team, this.queue, this.clear, this.count);
    this.name.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      this.none();
      this.name.blur();
    });
  }

  take() {
    this.set = { team: this.team.value, queue: this.queue.value, name: this.name.value };
    write(NAME, JSON.stringify(this.set));
    this.changed();
  }

  none() {
    this.name.value = "";
    this.team.value = "";
    this.queue.value = "";
    this.take();
  }

  /** Whether anything is left out. */
  get on() {
    return Boolean(this.set.team || this.set.queue || plain(this.set.name));
  }

  /**
   * The choices, and how much is left.
   * @param {any[]} calls
   * @param {number} shown
   * @param {number} all
   */
  draw(calls, shown, all) {
    const seats = [...this.seats.known.values()];
    this.choices(this.team, "filter.every_team", seats.map((each) => each.team), this.set.team);
    this.choices(this.queue, "filter.every_queue", [...seats.map((each) => each.queue), ...calls.map((each) => each.queue)], this.set.queue);
    this.name.setAttribute("placeholder", t("filter.name"));
    this.name.setAttribute("aria-label", t("filter.name"));
    setText(this.clear, t("filter.clear"));
    show(this.clear, this.on);
    setText(this.count, this.on ? t("filter.count", { shown, all }) : "");
  }

  /**
   * @param {HTMLSelectElement} list
   * @param {string} every key of the text for all of them
   * @param {(string | null)[]} values
   * @param {string} chosen stays among the choices while it is chosen
   */
  choices(list, every, values, chosen) {
    const names = [...new Set([...values, chosen])].filter((each) => each !== null && each !== "").sort();
    list.setAttribute("aria-label", t(every));
    show(list, names.length > 0);
    if (fill(list, JSON.stringify([names, current()]), () => [h("option", { value: "" }, t(every)), ...names.map((each) => h("option", { value: each }, each))])) list.value = chosen;
  }

  /**
   * Whether a call is shown.
   * @param {any} call
   */
  takes(call) {
    const seat = this.seats.of(call);
    return this.matches({ team: seat?.team, queues: [call.queue, seat?.queue], names: [call.operator.name, call.operator.number, call.caller.name, call.caller.number] });
  }

  /**
   * Whether a seat without a call is shown.
   * @param {import("../store/seats.js").Seat} seat
   */
  takesSeat(seat) {
    return this.matches({ team: seat.team, queues: [seat.queue], names: [seat.name, seat.extension] });
  }

  /** @param {{team: string | null | undefined, queues: (string | null | undefined)[], names: (string | null | undefined)[]}} found */
  matches({ team, queues, names }) {
    const { set } = this;
    if (set.team && team !== set.team) return false;
    if (set.queue && !queues.includes(set.queue)) return false;
    const wanted = plain(set.name);
    return wanted === "" || names.some((each) => plain(each).includes(wanted));
  }
}
