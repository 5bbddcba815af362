// A caller: who it is, how to speak with them, and all of their contacts over all departments.

import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { whyAlerted } from "../components/found_call.js";
import { ask, refusalText } from "../components/form.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import { endText } from "../components/recorded_course.js";
import { watchRights } from "../components/right_watch.js";
import { shape } from "../components/severity.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, send, toLogin } from "../store/session.js";

const { t } = i18n;
const loadLatest = latest(load);

/** @typedef {import("../store/session.js").Answer} Answer */
/** @typedef {import("../components/found_call.js").AlertReason} AlertReason */
/** @typedef {{id: string, name: string, contract: string | null, in_charge: string | null, manner: string | null, numbers: {key: string, number: string}[]}} Customer */
/** @typedef {{contacts: number, seconds: number, alerts: number, incidents: number, first_at: string | null}} Totals */
/** @typedef {{at: string, seconds: number, team: string | null, queue: string | null, uid: string | null, operator?: string | null, worst?: string | null, alerts?: number, outcome?: string | null, end_reason?: string | null, reasons?: AlertReason[]}} Contact */
/** @typedef {{key: string, number: string | null, customer: Customer | null, may_change: boolean, totals: Totals, teams: (Totals & {team: string | null})[], contacts: Contact[], before: string | null}} CallerView */

const PATH = `/api/callers/${location.pathname.split("/").pop()}`;
/** @type {CallerView | null} */
let view = null;
/** @type {Contact[]} */
let contacts = [];
/** @type {Answer | null} */
let fault = null;
let done = "";

applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
at("language").addEventListener("click", async () => { await i18n.toggle(); draw(); });
at("more").addEventListener("click", () => read(true));
draw();
await read(false);
watchRights(() => { view = null; contacts = []; draw(); });

/** @param {boolean} further */
async function read(further) {
  if (!further) show(at("more"), false); // it would continue a list that is about to be another
  const answer = await loadLatest(further && view?.before ? `${PATH}?before=${encodeURIComponent(view.before)}` : PATH);
  if (answer === null) return undefined;
  if (answer.status === 401) return toLogin();
  fault = answer.ok ? null : answer;
  if (answer.ok) {
    view = /** @type {any} */ (answer);
    contacts = further ? [...contacts, ...answer.contacts] : answer.contacts;
  } else if (answer.status !== 0 && answer.status !== 503) {
    view = null;
    contacts = [];
  }
  return draw();
}

/**
 * Shows what came of a change, and the page anew.
 * @param {Answer | null} answer
 * @param {string} key of the text for a change that was made
 */
async function came(answer, key) {
  if (answer === null) return;
  done = answer.ok ? key : "";
  await read(false);
  if (!answer.ok) fault = answer;
  draw();
}

function draw() {
  drawPagesMenu();
  const name = view?.customer?.name ?? view?.number ?? null;
  setText(at("title"), name ?? t("caller.title"));
  document.title = `${name ?? t("caller.title")} – ${t("app.name")}`;
  setText(at("account"), t("account.title"));
  setText(at("customers"), t("customers.title"));
  setText(at("language"), t("ui.language"));
  setText(at("more"), t("caller.more"));
  setText(at("fault"), fault ? i18n.find(`caller.refused.${fault.reason}`) ?? refusalText(fault) : "");
  show(at("fault"), fault !== null);
  setText(at("done"), done ? t(done) : "");
  show(at("done"), done !== "" && fault === null);
  show(at("customers"), view?.may_change === true);
  show(at("more"), view?.before != null);
  for (const each of ["customer", "sums", "contacts"]) show(at(each), view !== null);
  if (view === null) {
    for (const each of ["customer", "sums", "contacts"]) fill(at(each), "", () => []);
    return;
  }
  const caller = view;
  fill(at("customer"), JSON.stringify([caller.customer, caller.number, caller.may_change, i18n.current()]), () => customerPart(caller));
  fill(at("sums"), JSON.stringify([caller.totals, caller.teams, i18n.current()]), () => sums(caller));
  fill(at("contacts"), JSON.stringify([contacts, i18n.current()]), list);
}

/** @param {[string, string | HTMLElement | null | undefined, string?][]} rows */
function facts(rows) {
  return h("dl", { class: "facts" }, ...rows.flatMap(([name, value, look]) => (value ? [h("dt", {}, name), h("dd", { class: look ?? null }, value)] : [])));
}

/** @param {CallerView} caller */
function customerPart({ customer, number, may_change: mayChange }) {
  const press = (/** @type {string} */ key, /** @type {() => void} */ act, look = "secondary") => h("button", { class: look, type: "button", onclick: act }, t(key));
  if (customer === null) {
    return [h("h2", {}, t("caller.not_listed")), facts([[t("caller.numbers"), number]]),
      mayChange ? h("p", { class: "row" }, press("caller.add", () => change(null), "primary"), press("caller.join_to", () => join("caller.join_to", "caller.join_to_hint"))) : null];
  }
  const numbers = h("ul", { class: "numbers" }, ...customer.numbers.map((each) => h("li", {}, h("span", {}, each.number || t("caller.no_number")),
    mayChange && customer.numbers.length > 1 ? h("button", { class: "quiet", type: "button", "aria-label": t("caller.part_number", { number: each.number }), onclick: () => part(each) }, t("caller.part")) : null)));
  return [h("h2", {}, t("caller.customer")),
    facts([[t("caller.manner"), customer.manner, "manner"], [t("caller.contract"), customer.contract], [t("caller.in_charge"), customer.in_charge], [t("caller.numbers"), numbers]]),
    mayChange ? h("p", { class: "row" }, press("caller.change", () => change(customer)), press("caller.join", () => join("caller.join", "caller.join_hint")), press("caller.remove", remove)) : null];
}

/** @param {Customer | null} customer */
async function change(customer) {
  const fields = /** @type {("name" | "contract" | "in_charge" | "manner")[]} */ (["name", "contract", "in_charge", "manner"]).map((name) => (
    { name, label: t(`caller.${name}`), value: customer?.[name] ?? "", hint: name === "manner" ? t("caller.manner_hint") : undefined, attributes: { maxlength: name === "manner" ? "400" : "128", required: name === "name" } }));
  await came(await ask(t(customer ? "caller.change" : "caller.add"), fields, (values) => send(`${PATH}/customer`, values)), "caller.saved");
}

/**
 * @param {string} title
 * @param {string} hint
 */
async function join(title, hint) {
  const field = { name: "number", label: t("caller.number"), type: "tel", hint: t(hint), attributes: { maxlength: "64", required: true } };
  await came(await ask(t(title), [field], (values) => send(`${PATH}/join`, values)), "caller.joined");
}

/** @param {{key: string, number: string}} number */
async function part({ key, number }) {
  if (confirm(t("caller.part_sure", { number }))) await came(await send(`${PATH}/part`, { caller: key }), "caller.parted");
}

async function remove() {
  if (confirm(t("caller.remove_sure"))) await came(await send(`${PATH}/remove`), "caller.removed");
}

/** @param {number} seconds */
function minutes(seconds) {
  return t("caller.minutes", { n: Math.max(seconds > 0 ? 1 : 0, Math.round(seconds / 60)).toLocaleString(i18n.current()) });
}

/** @param {CallerView} caller */
function sums({ totals, teams }) {
  const times = (/** @type {number} */ n) => t("caller.times", { n: n.toLocaleString(i18n.current()) });
  const several = teams.length > 1;
  return [h("h2", {}, t("caller.sums")),
    facts([
      [t("caller.contacts"), times(totals.contacts)],
      [t("caller.time"), minutes(totals.seconds)],
      [t("caller.alerts"), t("caller.alerts_n", { n: totals.alerts, incidents: totals.incidents })],
      [t("caller.first"), totals.first_at && i18n.dateAndTime(totals.first_at)],
    ]),
    several ? h("div", { class: "table", tabindex: "0", role: "group", "aria-label": t("caller.by_team") }, h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("caller.team")), ...["contacts", "time", "alerts"].map((each) => h("th", { scope: "col", class: "n" }, t(`caller.${each}`))))),
      h("tbody", {}, ...teams.map((each) => h("tr", {}, h("td", {}, each.team ?? t("caller.no_team")), h("td", { class: "n" }, times(each.contacts)), h("td", { class: "n" }, minutes(each.seconds)), h("td", { class: "n" }, String(each.alerts))))))) : null];
}

function list() {
  if (!contacts.length) return [h("h2", {}, t("caller.list")), h("p", {}, t("caller.none"))];
  return [h("h2", {}, t("caller.list")), h("div", { class: "table", tabindex: "0", role: "group", "aria-label": t("caller.list") }, h("table", {},
    h("thead", {}, h("tr", {}, ...["at", "worst", "time", "team", "operator", "outcome"].map((each) => h("th", { scope: "col", class: each === "time" ? "n" : null }, t(`caller.${each}`))))),
    h("tbody", {}, ...contacts.map(row))))];
}

/**
 * The way to a recorded call, for who may read it.
 * @param {string | null} uid
 * @param {HTMLElement} place
 */
function opened(uid, place) {
  return uid === null ? place : h("a", { href: `/history/${encodeURIComponent(uid)}` }, place);
}

/** @param {Contact} contact */
function row(contact) {
  const team = [contact.team, contact.queue].filter(Boolean).join("　") || "—";
  const when = i18n.dateAndTime(contact.at);
  const begun = h("td", { class: "at" }, opened(contact.uid, h("time", { datetime: contact.at }, when)));
  const where = [h("td", { class: "n" }, minutes(contact.seconds)), h("td", {}, team)];
  if (contact.uid === null) return h("tr", { class: "others" }, begun, h("td", {}, t("caller.others")), ...where, h("td", {}, "—"), h("td", {}, "—"));
  const worst = contact.worst ? i18n.word("severity", contact.worst) : t("caller.calm");
  const sign = contact.worst ? h("span", { class: "shape", "aria-hidden": "true" }, shape(contact.worst), " ") : null;
  return h("tr", {}, begun,
    h("td", { dataset: { severity: contact.worst ?? "none" } }, sign, contact.alerts ? t("caller.worst_n", { worst, n: contact.alerts }) : worst, whyAlerted(contact.reasons ?? [])),
    ...where, h("td", {}, contact.operator ?? "—"), h("td", {}, endText(contact)));
}
