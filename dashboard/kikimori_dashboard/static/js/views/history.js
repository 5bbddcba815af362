// The history: recorded calls found again by words and attributes. What is asked stays out of the address: a caller's number
// would stand in the browser's history and in the logs of whatever is between.

import { byId as at, h, setText, show } from "../components/dom.js";
import { FoundGroup, offer } from "../components/found_group.js";
import { openKeys, register } from "../components/keys.js";
import { drawPagesMenu } from "../components/pages_menu.js";
import * as i18n from "../store/i18n.js";
import { applyTheme } from "../store/preferences.js";
import { load, me, toLogin } from "../store/session.js";

const { t } = i18n;
const TYPED = ["words", "since", "until", "operator", "caller"];
const CHOSEN = ["kind", "length", "reviewed", "outcome"];
const LENGTHS = ["-60", "60-300", "300-600", "600-1800", "1800-", "3600-"];
const KEPT = "history.asked";
const AGAIN_MS = 3000; // between two questions while older calls come into the index

const exact = new FoundGroup("exact");
const alike = new FoundGroup("alike");
let choices = { kinds: /** @type {string[]} */ ([]), outcomes: /** @type {string[]} */ ([]), operators: /** @type {string[]} */ ([]), may_export: false };
let complete = true;
let asking = true; // the first answer has not come
let conditions = 0; // of what was asked last
/** @type {ReturnType<typeof setTimeout> | undefined} */
let later; // the next question of itself
/** @type {import("../store/session.js").Answer | null} */
let fault = null;

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement | HTMLSelectElement} */ (at(name));

applyTheme();
await i18n.start();
me().then(drawPagesMenu, () => {}); // the page works without it
register("/", "history.keys.words");
register("j", "keys.next");
register("ArrowDown", "keys.next");
register("k", "keys.previous");
register("ArrowUp", "keys.previous");
at("form").addEventListener("submit", (event) => { event.preventDefault(); ask(); });
at("clear").addEventListener("click", () => { for (const each of [...TYPED, ...CHOSEN]) field(each).value = ""; ask(); });
at("export").addEventListener("click", () => write());
at("key-help").addEventListener("click", openKeys);
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); });
for (const group of [exact, alike]) at(`${group.name}-more`).addEventListener("click", () => further(group));
document.addEventListener("keydown", keyed);
if (matchMedia("(max-width: 760px), (max-height: 800px)").matches) at("narrow").removeAttribute("open");
words();
const answer = await load("/api/history/choices");
if (answer.status === 401) toLogin();
if (answer.ok) choices = /** @type {any} */ (answer);
words();
recall();
show(at("form"), true); // not before: what is typed into it would be replaced, and nobody would hear Enter
await ask();

/** What is asked, as the server takes it; what is empty is left out. */
function asked() {
  const [from, to] = (field("length").value || "-").split("-");
  const found = Object.fromEntries([...TYPED, "kind", "reviewed", "outcome"].map((each) => [each, field(each).value.trim()]).filter(([, value]) => value));
  return { ...found, ...(from ? { at_least_s: Number(from) } : {}), ...(to ? { below_s: Number(to) } : {}) };
}

async function ask() {
  const wanted = asked();
  keep();
  clearTimeout(later);
  asking = true;
  conditions = Object.keys(wanted).length;
  words();
  const spoken = Boolean(field("words").value.trim());
  const others = spoken ? alike.ask(wanted) : (alike.clear(), null);
  const found = await exact.ask(wanted);
  if (found === null) return;
  if (found.status === 401) return toLogin();
  asking = false;
  fault = found.ok ? null : found;
  complete = found.ok ? found.complete : true;
  words();
  const also = await others;
  if (also?.status === 401) return toLogin();
  words();
  await counted();
  askLater();
}

async function counted() {
  for (const each of [exact, alike]) if (await each.count()) words();
}

/** While older calls are not in the index yet, what was asked is asked again: they are found as they come. */
function askLater() {
  clearTimeout(later);
  if (!complete) later = setTimeout(askAgain, AGAIN_MS);
}

async function askAgain() {
  if (document.hidden) return askLater();
  const found = await exact.again();
  const also = exact.asked.words ? await alike.again() : null;
  if (found?.status === 401 || also?.status === 401) {
    keep();
    return toLogin();
  }
  if (found?.ok) {
    ({ complete } = found);
    words();
    await counted();
  }
  return askLater();
}

/** @param {FoundGroup} group */
async function further(group) {
  const button = at(`${group.name}-more`, HTMLButtonElement);
  button.disabled = true;
  const found = await group.further();
  button.disabled = false;
  if (found?.status === 401) return toLogin();
  fault = found === null || found.ok ? null : found;
  return words();
}

/** Writes what is asked for as a file, as a link would. */
async function write() {
  const button = at("export", HTMLButtonElement);
  button.disabled = true;
  fault = null;
  try {
    const file = await fetch("/api/history/export", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ ...asked(), language: i18n.current() }) });
    if (file.status === 401) return toLogin();
    if (file.ok) {
      const address = URL.createObjectURL(await file.blob());
      h("a", { href: address, download: "kikimori-history.csv" }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    } else {
      fault = { ok: false, status: file.status, ...(await file.json()) };
    }
  } catch {
    fault = { ok: false, status: 0, reason: "network" };
  }
  button.disabled = false;
  return words();
}

/** Keeps what is asked for this tab, so that it is there again on the way back from a call. */
function keep() {
  sessionStorage.setItem(KEPT, JSON.stringify(Object.fromEntries([...TYPED, ...CHOSEN].map((each) => [each, field(each).value]))));
}

function recall() {
  /** @type {Record<string, string>} */
  let kept = {};
  try {
    kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "{}");
  } catch {
    sessionStorage.removeItem(KEPT);
  }
  for (const each of [...TYPED, ...CHOSEN]) if (kept[each]) field(each).value = kept[each];
  if ([...TYPED, ...CHOSEN].some((each) => each !== "words" && field(each).value)) at("narrow").setAttribute("open", "");
}

/** @param {KeyboardEvent} event */
function keyed(event) {
  const { target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (target instanceof HTMLElement && target.matches("input, select, textarea")) return;
  if (event.key === "/") {
    event.preventDefault();
    at("words").focus();
    return;
  }
  const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const rows = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".calls .call > a")]);
  const now = rows.findIndex((each) => each === document.activeElement);
  const next = rows[now < 0 ? 0 : now + step];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function words() {
  drawPagesMenu();
  document.title = `${t("history.title")} – ${t("app.name")}`;
  setText(at("title"), t("history.title"));
  for (const each of [...TYPED, ...CHOSEN, "narrow"]) setText(at(`${each}-label`), t(`history.${each}`));
  setText(at("words-hint"), t("history.words_hint"));
  at("caller", HTMLInputElement).placeholder = t("history.caller_hint");
  setText(at("send"), t("history.find"));
  setText(at("clear"), t("history.clear"));
  setText(at("export"), t("history.export"));
  show(at("export"), choices.may_export);
  setText(at("account"), t("account.title"));
  setText(at("key-help"), t("keys.open"));
  setText(at("language"), t("ui.language"));
  offer(at("kind", HTMLSelectElement), [["", t("history.every")], ...choices.kinds.map((each) => /** @type {[string, string]} */ ([each, i18n.word("history.kinds", each)]))]);
  offer(at("length", HTMLSelectElement), [["", t("history.every")], ...LENGTHS.map((each) => /** @type {[string, string]} */ ([each, t(`history.lengths.${each}`)]))]);
  offer(at("reviewed", HTMLSelectElement), [["", t("history.every")], ["no", t("history.reviewed_no")], ["yes", t("history.reviewed_yes")]]);
  offer(at("outcome", HTMLSelectElement), [["", t("history.every")], ...choices.outcomes.map((each) => /** @type {[string, string]} */ ([each, i18n.word("caller.outcomes", each)]))]);
  show(at("outcome-field"), choices.outcomes.length > 0);
  at("operators").replaceChildren(...choices.operators.map((each) => h("option", { value: each })));
  show(at("fault"), fault !== null);
  if (fault !== null) setText(at("fault"), i18n.find(`history.faults.${fault.reason}`) ?? t("history.faults.other"));
  setText(at("incomplete"), complete ? "" : t("history.incomplete"));
  const empty = conditions === 0 && complete; // not only nothing that was looked for
  setText(at("exact-title"), asking ? t("history.asking") : exact.calls.length ? exact.number() : t(!complete || exact.before !== null ? "history.none_yet" : empty ? "history.empty" : "history.none"));
  const older = [exact, alike].some((each) => each.before !== null);
  setText(at("exact-hint"), t(older ? "history.further_hint" : empty ? "history.empty_hint" : "history.none_hint"));
  show(at("exact-hint"), !asking && (complete || older) && fault === null && !exact.calls.length && !alike.calls.length);
  show(at("exact-title"), fault === null || exact.calls.length > 0);
  setText(at("alike-title"), t("history.alike", { number: alike.number() }));
  setText(at("alike-why"), t("history.alike_why"));
  show(at("alike"), alike.calls.length > 0 || alike.before !== null);
  for (const each of [exact, alike]) each.draw();
}
