// The superiors: to whom calls are transferred, in which order, at which hours.

import { h } from "./dom.js";
import { ask } from "./form.js";
import { current, t } from "../store/i18n.js";
import { send } from "../store/session.js";

/** @type {Promise<void>} */
let moving = Promise.resolve(); // until the last order was answered
let moves = 0;

/** @typedef {import("./form.js").Section} Section */
/** @typedef {{id: string, name: string, number: string, enabled: boolean, hours: Record<string, string>}} Superior */

/**
 * @param {Section} page
 * @returns {Promise<HTMLElement[] | null>}
 */
export async function draw(page) {
  const found = await page.read("/api/superiors");
  if (found === null) return null;
  /** @type {Superior[]} */
  const all = found.superiors;
  return [
    h("div", { class: "bar" }, h("button", { class: "primary", type: "button", dataset: { act: "add" }, onclick: () => edit(page, null) }, t("people.add_superior")), h("span", { class: "hint" }, t("people.superiors_hint"))),
    all.length ? h("div", { class: "rows" }, ...all.map((each, index) => row(page, all, each, index))) : h("p", { class: "none" }, t("people.no_superiors")),
  ];
}

/**
 * @param {Section} page
 * @param {Superior[]} all
 * @param {Superior} superior
 * @param {number} index
 */
function row(page, all, superior, index) {
  /**
   * @param {string} name
   * @param {() => void} onclick
   */
  const act = (name, onclick, disabled = false) => h("button", { type: "button", class: "quiet", dataset: { act: name }, disabled, "aria-label": `${superior.name}: ${t(`people.${name}`)}`, onclick }, t(`people.${name}`));
  return h("div", { class: "row", dataset: { superior: superior.id, off: superior.enabled ? "no" : "yes" } },
    h("div", {}, h("b", {}, `${index + 1}. ${superior.name}`), superior.enabled ? null : h("small", {}, t("people.is_off"))),
    h("div", {}, h("small", {}, t("people.number")), superior.number),
    h("div", { class: "wide" }, h("small", {}, t("people.hours")), superior.hours[current()] || t("people.always")),
    h("div", { class: "acts" },
      act("up", () => move(page, all, superior, -1), index === 0),
      act("down", () => move(page, all, superior, 1), index === all.length - 1),
      act("edit", () => edit(page, superior)),
      act(superior.enabled ? "switch_off" : "switch_on", () => change(page, superior, { enabled: !superior.enabled })),
      act("remove", () => remove(page, superior))));
}

/**
 * @param {Section} page
 * @param {Superior | null} superior null for a new one
 */
async function edit(page, superior) {
  const fields = [
    { name: "name", label: t("people.name"), value: superior?.name, attributes: { required: true, maxlength: 128 } },
    { name: "number", label: t("people.number"), value: superior?.number, hint: t("people.number_hint"), attributes: { required: true, inputmode: "tel" } },
    { name: "hours", label: t("people.hours"), value: superior?.hours[current()], hint: t("people.hours_hint") },
  ];
  const path = superior ? `/api/superiors/${superior.id}` : "/api/superiors";
  const answer = await ask(t(superior ? "people.edit_superior" : "people.add_superior"), fields, (values) => send(path, values));
  await page.came(answer, t("people.saved_superiors"));
}

/**
 * @param {Section} page
 * @param {Superior} superior
 * @param {Partial<Superior>} values
 */
async function change(page, superior, values) {
  await page.came(await send(`/api/superiors/${superior.id}`, values), t("people.saved_superiors"));
}

/**
 * Moves a superior; pressed again before the list is drawn anew, from where the last press moved it to.
 * @param {Section} page
 * @param {Superior[]} all
 * @param {Superior} superior
 * @param {number} by
 */
function move(page, all, superior, by) {
  const index = all.indexOf(superior);
  if (all[index + by] === undefined) return;
  all.splice(index + by, 0, ...all.splice(index, 1));
  const ids = all.map((each) => each.id);
  moves += 1;
  const turn = moves;
  moving = moving.then(async () => {
    const answer = await send("/api/superiors/order", { ids });
    if (turn === moves || !answer.ok) await page.came(answer, t("people.saved_superiors"));
  });
}

/**
 * @param {Section} page
 * @param {Superior} superior
 */
async function remove(page, superior) {
  if (!window.confirm(t("people.remove_sure", { name: superior.name }))) return;
  await page.came(await send(`/api/superiors/${superior.id}/remove`), t("people.saved_superiors"));
}
