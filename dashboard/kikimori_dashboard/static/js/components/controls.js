// Buttons of a recorded call's player: play, jump, speed, loop, volumes of both sides.

import { clock, current, t } from "../store/i18n.js";
import { fill, h, setText, show } from "./dom.js";
import { RATES } from "./player.js";

/** @typedef {import("./player.js").Player} Player */

export class Controls {
  /**
   * @param {Player} player
   * @param {{hit: (way: 1 | -1) => void, loopFrom: () => void, loopTo: () => void, zoom: (way: 1 | -1) => void}} given
   */
  constructor(player, { hit, loopFrom, loopTo, zoom }) {
    this.player = player;
    /**
     * @param {string} name
     * @param {() => void} press
     * @param {string} text
     */
    const button = (name, press, text = "") => h("button", { type: "button", class: "control", dataset: { name }, onclick: press }, text);
    this.play = button("play", () => player.toggle());
    this.time = h("span", { class: "clock" });
    this.before = button("previous", () => hit(-1));
    this.after = button("next", () => hit(1));
    this.rate = h("select", { onchange: () => player.setRate(Number(this.rate.value)) }, ...RATES.map((rate) => h("option", { value: rate }, `${rate}×`)));
    this.rateLabel = h("span");
    this.from = button("begin", loopFrom, "[");
    this.to = button("end", loopTo, "]");
    this.unloop = button("unloop", () => player.setLoop(null));
    this.closer = button("closer", () => zoom(1), "＋");
    this.wider = button("wider", () => zoom(-1), "−");
    this.sliders = ["customer", "operator"].map((role, channel) => {
      const input = h("input", { type: "range", min: "0", max: "2", step: "0.1", value: "1", oninput: () => this.volume(channel, Number(input.value)) });
      const name = h("span");
      return { role, input, name, label: h("label", { class: "volume", dataset: { role } }, name, input) };
    });
    this.raises = h("input", { type: "checkbox", onchange: () => player.setSides({ raises: this.raises.checked }) });
    this.apart = h("input", { type: "checkbox", onchange: () => player.setSides({ apart: this.apart.checked }) });
    this.raisesLabel = h("label", { class: "tick" }, this.raises, h("span"));
    this.apartLabel = h("label", { class: "tick" }, this.apart, h("span"));
    this.fault = h("p", { class: "fault", role: "alert", hidden: true });
    this.element = h("div", { class: "controls" },
      h("div", { class: "group" }, this.play, this.time),
      h("div", { class: "group" }, this.before, this.after),
      h("div", { class: "group" }, h("label", { class: "rate" }, this.rateLabel, this.rate)),
      h("div", { class: "group", role: "group" }, this.from, this.to, this.unloop),
      h("div", { class: "group" }, this.wider, this.closer),
      h("div", { class: "group sound" }, ...this.sliders.map((each) => each.label), this.raisesLabel, this.apartLabel),
      this.fault);
  }

  /**
   * @param {number} channel
   * @param {number} volume
   */
  volume(channel, volume) {
    this.player.setSides({ volumes: this.player.volumes.map((each, index) => (index === channel ? volume : each)) });
  }

  /** @param {boolean} audible whether there is sound that may be played here */
  update(audible) {
    const { player } = this;
    for (const each of [this.play, this.rate.parentElement, this.from, this.to, ...this.sliders.map(({ label }) => label), this.raisesLabel, this.apartLabel]) if (each) show(/** @type {HTMLElement} */ (each), audible);
    const mixed = player.channels === 1;
    show(this.sliders[1].label, audible && !mixed);
    show(this.raisesLabel, audible && !mixed);
    show(this.apartLabel, audible && !mixed);
    show(this.unloop, audible && player.loop !== null);
    if (this.rate.value !== String(player.rate)) this.rate.value = String(player.rate);
    setText(this.play, player.playing ? "❚❚" : "▶");
    this.play.setAttribute("aria-label", t(player.playing ? "recorded.pause" : "recorded.play"));
    this.play.setAttribute("aria-busy", String(player.waits));
    show(this.fault, player.fault !== "");
    setText(this.fault, player.fault ? t(`recorded.play_${player.fault}`) : "");
    setText(this.unloop, player.loop ? t("recorded.loop_of", { from: clock(player.loop.from), to: clock(player.loop.to) }) : "");
    this.tick();
  }

  tick() {
    setText(this.time, `${clock(this.player.time)} / ${clock(this.player.length)}`);
  }

  words() {
    fill(this.rateLabel, current(), () => [t("recorded.rate")]);
    /** @type {[HTMLElement, string][]} */
    const named = [[this.before, "previous_hit"], [this.after, "next_hit"], [this.from, "loop_begin"], [this.to, "loop_to"], [this.closer, "closer"], [this.wider, "wider"]];
    for (const [element, key] of named) {
      element.title = t(`recorded.${key}`);
      element.setAttribute("aria-label", t(`recorded.${key}`));
    }
    setText(this.before, t("recorded.previous_short"));
    setText(this.after, t("recorded.next_short"));
    for (const each of this.sliders) {
      setText(each.name, this.player.channels === 1 ? t("role.mixed") : t(`role.${each.role}`));
      each.input.setAttribute("aria-valuetext", t("recorded.percent", { n: Math.round(100 * Number(each.input.value)) }));
    }
    setText(/** @type {HTMLElement} */ (this.raisesLabel.lastElementChild), t("recorded.raise"));
    setText(/** @type {HTMLElement} */ (this.apartLabel.lastElementChild), t("recorded.apart"));
  }
}
