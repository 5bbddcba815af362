// The list of customers: sought in, taken in from a file, and written into one.

import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { refusalText } from "../components/form.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import { watchRights } from "../components/right_watch.js";
import * as i18n from "../store/i18n.js";
import { latest } from "../store/latest.js";
import { plain } from "../store/name_variants.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const SHOWN = 200;
const loadLatest = latest(load);

/** @typedef {import("../store/session.js").Answer} Answer */
/** @typedef {{id: string, name: string, contract: string | null, in_charge: string | null, manner: string | null, numbers: {key: string, number: string}[]}} Customer */

/** @type {Customer[]} */
let customers = [];
/** @type {Answer | null} */
let unread = null; // why the list could not be had
/** @type {Answer | null} */
let fault = null; // why the file was not taken
/** @type {Answer | null} */
let plan = null;
let done = "";
const chosen = at("file", HTMLInputElement);
/** @type {File | null} */
let file = null;
const person = await me().catch(() => undefined);
if (person === null) toLogin();
const mayExport = person?.roles.includes("records") ?? false;

applyTheme();
await i18n.start();
at("language").addEventListener("click", async () => { await i18n.toggle(); draw(); });
at("sought").addEventListener("input", draw);
chosen.addEventListener("change", choose);
draw();
if (chosen.files?.length) choose(); // while this module was still being loaded
await read();
watchRights(() => { customers = []; plan = null; draw(); });

async function read() {
  const answer = await loadLatest("/api/customers");
  if (answer === null) return undefined;
  if (answer.status === 401) return toLogin();
  unread = answer.ok ? null : answer;
  if (answer.ok) customers = answer.customers;
  return draw();
}

function forgetFile() {
  file = null;
  chosen.value = "";
}

function choose() {
  file = chosen.files?.[0] ?? null;
  return take(true);
}

/** @param {boolean} dry only say what would change */
async function take(dry) {
  done = "";
  plan = fault = null;
  const taken = file;
  if (!dry) forgetFile(); // taken in once; another may be chosen meanwhile
  draw();
  if (taken === null) return;
  const answer = await posted(`/api/customers/import?dry_run=${dry ? 1 : 0}`, taken);
  if (dry && file !== taken) return; // another was chosen meanwhile
  if (answer.status === 401) return toLogin();
  if (!answer.ok) fault = answer;
  else if (dry) plan = answer;
  else {
    done = t("customers.imported", answer);
    await read();
  }
  draw();
}

/**
 * @param {string} path
 * @param {File} content
 * @returns {Promise<Answer>}
 */
async function posted(path, content) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "text/csv" }, body: await content.arrayBuffer() });
    return { ok: answer.ok, status: answer.status, ...(await answer.json()) };
  } catch {
    return { ok: false, status: 0, reason: "network" };
  }
}

function draw() {
  drawPagesMenu(person);
  document.title = `${t("customers.title")} – ${t("app.name")}`;
  setText(at("title"), t("customers.title"));
  setText(at("file-title"), t("customers.file"));
  setText(at("file-why"), t("customers.file_why"));
  setText(at("file-label"), t("customers.choose"));
  setText(at("export-utf8"), t("customers.export_utf8"));
  setText(at("export-sjis"), t("customers.export_sjis"));
  for (const [id, encoding] of [["export-utf8", "utf-8"], ["export-sjis", "shift_jis"]]) {
    show(at(id), mayExport);
    at(id, HTMLAnchorElement).href = `/api/customers.csv?encoding=${encoding}&language=${i18n.current()}`;
  }
  setText(at("sought-label"), t("customers.sought"));
  setText(at("account"), t("account.title"));
  setText(at("language"), t("ui.language"));
  fill(at("fault"), JSON.stringify([fault, unread, i18n.current()]), faultParts);
  show(at("fault"), fault !== null || unread !== null);
  setText(at("done"), done);
  show(at("done"), done !== "");
  fill(at("plan"), JSON.stringify([plan, i18n.current()]), planParts);
  drawList();
}

function faultParts() {
  const shown = fault ?? unread;
  if (shown === null) return [];
  if (shown.reason !== "bad_csv") return [h("span", {}, i18n.find(`caller.refused.${shown.reason}`) ?? refusalText(shown))];
  return [h("span", {}, t("customers.faults")), h("ul", {},
    ...shown.faults.map((/** @type {{line: number, words: Record<string, string>}} */ each) => h("li", {}, t("customers.line", { line: each.line, reason: each.words[i18n.current()] }))),
    shown.more ? h("li", {}, t("customers.more_faults", { n: shown.more })) : null)];
}

function planParts() {
  if (plan === null) return [];
  const counts = h("p", {}, t("customers.would", plan));
  if (!plan.added && !plan.changed && !plan.unchanged) return [counts];
  const items = [
    ...plan.add.map((/** @type {string} */ name) => h("li", {}, t("customers.add", { name }))),
    ...plan.change.map((/** @type {{name: string, changed: Record<string, [any, any]>}} */ each) => h("li", {}, t("customers.change", { name: each.name, changes: Object.entries(each.changed).map(changeText).join(t("customers.comma")) }))),
  ];
  return [counts, items.length ? h("ul", { tabindex: "0", "aria-label": t("customers.changes") }, ...items) : null,
    h("p", { class: "row" }, h("button", { class: "primary", type: "button", onclick: () => take(false) }, t("customers.import")),
      h("button", { class: "secondary", type: "button", onclick: () => { forgetFile(); take(true); } }, t("people.cancel")))];
}

/** @param {[string, [any, any]]} change */
function changeText([column, [before, after]]) {
  const said = (/** @type {any} */ value) => [value ?? []].flat().join(" ") || "—";
  return `${t(`caller.${column}`)}: ${said(before)} → ${said(after)}`;
}

function drawList() {
  const sought = plain(at("sought", HTMLInputElement).value);
  const digits = sought.replace(/[^0-9]/g, "");
  const found = customers.filter((each) => !sought
    || [each.name, each.contract, each.in_charge].some((text) => plain(text).includes(sought))
    || (digits.length >= 3 && each.numbers.some(({ number }) => number.replace(/[^0-9]/g, "").includes(digits))));
  setText(at("count"), customers.length === 0 ? (unread === null ? t("customers.nobody") : "") : t("customers.count", { n: found.length.toLocaleString(i18n.current()), shown: Math.min(found.length, SHOWN) }));
  fill(at("list"), JSON.stringify([found.slice(0, SHOWN), i18n.current()]), () => (found.length ? [h("div", { class: "table", tabindex: "0", role: "group", "aria-label": t("customers.title") }, h("table", {},
    h("thead", {}, h("tr", {}, ...["name", "numbers", "contract", "in_charge", "manner"].map((each) => h("th", { scope: "col" }, t(`caller.${each}`))))),
    h("tbody", {}, ...found.slice(0, SHOWN).map((each) => h("tr", {},
      h("td", {}, each.numbers.length ? h("a", { href: `/callers/${each.numbers[0].key}` }, each.name) : each.name),
      h("td", {}, ...each.numbers.flatMap(({ number }) => [h("span", { class: "number" }, number), " "])), h("td", {}, each.contract ?? ""), h("td", {}, each.in_charge ?? ""), h("td", {}, each.manner ?? ""))))))] : []));
}
