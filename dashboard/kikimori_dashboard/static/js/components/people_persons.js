// The list of persons, and the forms by which they are added and changed.

import { h } from "./dom.js";
import { ask } from "./form.js";
import { t } from "../store/i18n.js";
import { plain } from "../store/name_variants.js";
import { send } from "../store/session.js";

const ROLES = ["operator", "supervisor", "records", "admin", "wall"];
/** @typedef {import("./form.js").Section} Section */
/** @typedef {import("./form.js").Field} Field */
/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string | null} login
 * @property {string[]} roles
 * @property {string[]} extensions
 * @property {string | null} telephone
 * @property {string | null} team
 * @property {string | null} queue
 * @property {number | null} seat_row
 * @property {number | null} seat_column
 * @property {boolean} disabled
 * @property {boolean} has_factor
 */

let wanted = ""; // what is searched for
let all = false; // whether the disabled are shown

/**
 * @param {Section} page
 * @returns {Promise<HTMLElement[] | null>}
 */
export async function draw(page) {
  const found = await page.read("/api/people");
  if (found === null) return null;
  const rows = h("div", { class: "rows" });
  const list = () => rows.replaceChildren(...shown(found.people).map((person) => row(page, person)));
  const search = h("input", { type: "search", value: wanted, placeholder: t("people.search"), "aria-label": t("people.search"), oninput: () => { wanted = search.value; list(); } });
  const tick = h("input", { type: "checkbox", checked: all, onchange: () => { all = tick.checked; list(); } });
  list();
  return [
    h("div", { class: "bar" }, h("button", { class: "primary", type: "button", dataset: { act: "add" }, onclick: () => edit(page, null) }, t("people.add")), search,
      h("label", { class: "tick" }, tick, ` ${t("people.disabled_too")}`)),
    rows,
  ];
}

/** @param {Person[]} people */
function shown(people) {
  const text = plain(wanted);
  /** @param {Person} person */
  const words = (person) => [person.name, person.login, person.team, ...person.extensions];
  return people.filter((person) => (all || !person.disabled) && words(person).some((each) => plain(each).includes(text)));
}

/**
 * @param {Section} page
 * @param {Person} person
 */
function row(page, person) {
  /**
   * @param {string} act
   * @param {() => void} onclick
   */
  const quiet = (act, onclick) => h("button", { type: "button", class: "quiet", dataset: { act }, "aria-label": `${person.name}: ${t(`people.${act}`)}`, onclick }, t(`people.${act}`));
  const seat = [person.seat_row, person.seat_column].filter((each) => each !== null).join("-");
  return h("div", { class: "row", dataset: { person: person.id, off: person.disabled ? "yes" : "no" } },
    h("div", {}, h("b", {}, person.name), h("small", {}, person.login ?? t("people.no_login"), person.disabled ? `　${t("people.is_disabled")}` : "")),
    h("div", {}, person.roles.map((each) => t(`people.role.${each}`)).join(t("account.and")) || "—"),
    h("div", {}, h("small", {}, t("people.extensions")), person.extensions.join(" ") || "—"),
    h("div", {}, h("small", {}, t("people.team")), [person.team, seat && t("people.seat_is", { seat })].filter(Boolean).join("　") || "—"),
    h("div", { class: "acts" },
      quiet("edit", () => edit(page, person)),
      person.login ? quiet("password", () => password(page, person)) : null,
      person.roles.includes("operator") ? quiet("pin", () => pin(page, person)) : null,
      person.has_factor && person.id !== page.own ? quiet("factor", () => removeFactor(page, person)) : null,
      quiet(person.disabled ? "enable" : "disable", () => disable(page, person))));
}

/**
 * @param {Section} page
 * @param {Person | null} person null for a new one
 */
async function edit(page, person) {
  /**
   * @param {keyof Person} name
   * @param {Partial<Field>} [more]
   * @returns {Field}
   */
  const field = (name, more = {}) => ({ name, label: t(`people.${name}`), value: (person?.[name] ?? "").toString(), ...more });
  const fields = [
    field("name", { attributes: { required: true, maxlength: 128 } }),
    field("login", { hint: t("people.login_hint") }),
    field("extensions", { value: person?.extensions.join(" ") ?? "", hint: t("people.extensions_hint") }),
    field("telephone", { hint: t("people.telephone_hint") }),
    field("team"), field("queue"),
    field("seat_row", { attributes: { inputmode: "numeric" } }), field("seat_column", { attributes: { inputmode: "numeric" } }),
  ];
  const ticks = ROLES.map((role) => h("input", { type: "checkbox", name: `role-${role}`, value: role, checked: person?.roles.includes(role) ?? role === "operator" }));
  const roles = h("fieldset", {}, h("legend", {}, t("people.roles")), ...ticks.map((tick) => h("label", { class: "tick" }, tick, t(`people.role.${tick.value}`))));
  const answer = await ask(t(person ? "people.edit_title" : "people.add"), fields, (values) => {
    const body = Object.fromEntries(fields.map(({ name }) => [name, values[name]]));
    return send(person ? `/api/people/${person.id}` : "/api/people", { ...body, roles: ticks.filter((tick) => tick.checked).map((tick) => tick.value) });
  }, [roles]);
  await page.came(answer, t("people.saved", { name: answer?.name ?? "" }));
}

/**
 * @param {Section} page
 * @param {Person} person
 */
async function password(page, person) {
  const fields = [{ name: "password", label: t("people.new_password"), type: "password", hint: t("people.password_hint"), attributes: { required: true, autocomplete: "new-password", maxlength: 256 } }];
  const answer = await ask(`${person.name}: ${t("people.password")}`, fields, ({ password: given }) => send(`/api/people/${person.id}/password`, { password: given }));
  await page.came(answer, t("people.saved", { name: person.name }));
}

/**
 * @param {Section} page
 * @param {Person} person
 */
async function pin(page, person) {
  const fields = [{ name: "pin", label: t("people.pin"), hint: t("people.pin_hint"), attributes: { inputmode: "numeric", pattern: "[0-9]{4,8}", maxlength: 8 } }];
  const answer = await ask(`${person.name}: ${t("people.pin")}`, fields, ({ pin: given }) => send(`/api/people/${person.id}/pin`, { pin: given }));
  await page.came(answer, t("people.saved", { name: person.name }));
}

/**
 * @param {Section} page
 * @param {Person} person somebody else: one's own is turned off on the page of the account
 */
async function removeFactor(page, person) {
  if (!window.confirm(t("people.factor_sure", { name: person.name }))) return;
  const answer = await send(`/api/people/${person.id}/factor/remove`);
  await page.came(answer, t("people.factor_removed", { name: person.name }));
}

/**
 * @param {Section} page
 * @param {Person} person
 */
async function disable(page, person) {
  if (!person.disabled && !window.confirm(t("people.disable_sure", { name: person.name }))) return;
  const answer = await send(`/api/people/${person.id}/disable`, { disabled: !person.disabled });
  await page.came(answer, t("people.saved", { name: person.name }));
}
