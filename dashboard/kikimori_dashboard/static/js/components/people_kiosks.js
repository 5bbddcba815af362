// Operators' PCs: codes that bind one to an extension, the bound ones, and who sat where.

import { h } from "./dom.js";
import { ask } from "./form.js";
import { dateAndTime, t } from "../store/i18n.js";
import { send } from "../store/session.js";

/** @typedef {import("../store/session.js").Answer} Answer */
/** @typedef {import("./form.js").Section} Section */
/** @typedef {{id: string, extension: string, name: string, since: string}} Kiosk */
/** @typedef {{code_hash: string, extension: string, expires_at: string}} Code */
/** @typedef {{id: string, person_id: string | null, since: string, ends_at: string, source: string, replaces: string | null}} Seating */

/**
 * The code that was made here last: {code, extension, expires_at}
 * @type {Answer | null}
 */
let made = null;

/**
 * @param {Section} page
 * @returns {Promise<HTMLElement[] | null>}
 */
export async function draw(page) {
  const found = await page.read("/api/kiosks");
  if (found === null) return null;
  if (made && Date.parse(made.expires_at) < Date.now()) made = null;
  return [
    h("div", { class: "bar" }, h("button", { class: "primary", type: "button", dataset: { act: "code" }, onclick: () => code(page) }, t("people.make_code")), h("span", { class: "hint" }, t("people.kiosks_hint"))),
    made ? h("div", { class: "panel" }, h("p", {}, t("people.code_is", { extension: made.extension, time: dateAndTime(made.expires_at) })), h("p", { class: "code" }, made.code)) : null,
    h("div", { class: "rows" }, ...found.codes.map((/** @type {Code} */ each) => codeRow(page, each)), ...found.kiosks.map((/** @type {Kiosk} */ each) => kioskRow(page, each))),
  ].filter((each) => each !== null);
}

/**
 * @param {Section} page
 * @param {Code} each
 */
function codeRow(page, each) {
  return h("div", { class: "row", dataset: { code: each.extension } },
    h("div", {}, h("b", {}, t("call.extension", { number: each.extension }))), h("div", {}, t("people.code_waits")), h("div", { class: "wide" }, h("small", {}, t("people.code_until")), dateAndTime(each.expires_at)),
    h("div", { class: "acts" }, h("button", { type: "button", class: "quiet", dataset: { act: "revoke" }, onclick: async () => page.came(await send("/api/kiosk-codes/revoke", { code_hash: each.code_hash }), t("people.revoked")) }, t("people.revoke"))));
}

/**
 * @param {Section} page
 * @param {Kiosk} each
 */
function kioskRow(page, each) {
  return h("div", { class: "row", dataset: { kiosk: each.id } },
    h("div", {}, h("b", {}, t("call.extension", { number: each.extension }))), h("div", {}, each.name || "—"), h("div", { class: "wide" }, h("small", {}, t("people.bound_since")), dateAndTime(each.since)),
    h("div", { class: "acts" },
      h("button", { type: "button", class: "quiet", dataset: { act: "seatings" }, onclick: () => seatings(page, each.extension) }, t("people.seatings")),
      h("button", { type: "button", class: "quiet", dataset: { act: "revoke" }, onclick: () => unbind(page, each) }, t("people.revoke"))));
}

/** @param {Section} page */
async function code(page) {
  const fields = [{ name: "extension", label: t("people.extension"), attributes: { required: true, inputmode: "tel" } }];
  const answer = await ask(t("people.make_code"), fields, ({ extension }) => send("/api/kiosk-codes", { extension }));
  if (answer) made = answer;
  await page.came(answer, "");
}

/**
 * @param {Section} page
 * @param {Kiosk} each
 */
async function unbind(page, each) {
  if (!window.confirm(t("people.unbind_sure", { extension: each.extension }))) return;
  await page.came(await send(`/api/kiosks/${each.id}/revoke`), t("people.revoked"));
}

/**
 * Who sat at an extension, newest first; each can be corrected, and what was said before stays.
 * @param {Section} page
 * @param {string} extension
 */
async function seatings(page, extension) {
  const [found, people] = await Promise.all([page.read(`/api/seatings/${encodeURIComponent(extension)}`), page.read("/api/people")]);
  if (!found || !people) return;
  const replaced = new Set(found.seatings.map((/** @type {Seating} */ each) => each.replaces));
  const dialog = h("dialog", { "aria-label": t("people.seatings") });
  const close = () => dialog.close();
  dialog.append(h("h2", {}, `${t("call.extension", { number: extension })}　${t("people.seatings")}`),
    h("div", { class: "rows" }, ...found.seatings.map((/** @type {Seating} */ each) => seatingRow(page, close, each, people.people, replaced.has(each.id)))),
    h("div", { class: "bar" }, h("button", { class: "secondary", type: "button", onclick: close }, t("people.close"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * @param {Section} page
 * @param {() => void} close
 * @param {Seating} each
 * @param {{id: string, name: string}[]} people
 * @param {boolean} isReplaced
 */
function seatingRow(page, close, each, people, isReplaced) {
  const options = [h("option", { value: "", selected: each.person_id === null }, t("people.nobody_known")),
    ...people.map((person) => h("option", { value: person.id, selected: person.id === each.person_id }, person.name))];
  const list = h("select", { disabled: isReplaced, "aria-label": t("people.sat_here"), onchange: async () => {
    const answer = await send(`/api/seatings/${each.id}/correct`, { person_id: list.value || null });
    close();
    await page.came(answer, t("people.corrected"));
  } }, ...options);
  return h("div", { class: "row", dataset: { seating: each.id, off: isReplaced ? "yes" : "no" } },
    h("div", {}, dateAndTime(each.since), " – ", dateAndTime(each.ends_at)), h("div", {}, t(`people.source.${each.source}`), isReplaced ? h("small", {}, t("people.replaced")) : null), list);
}
