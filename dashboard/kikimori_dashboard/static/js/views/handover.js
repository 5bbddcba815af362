// 引き継ぎ: what the superior who is rung has to know before picking up, on one screen.

import { byId as at, fill, h, setText } from "../components/dom.js";
import { openKeys } from "../components/keys.js";
import * as i18n from "../store/i18n.js";
import { answeredHint, answeredText, ofHandover } from "../store/answered.js";
import { loadReasons, reasonText } from "../store/help_reasons.js";
import { spoken } from "../store/names.js";
import { applyTheme } from "../store/preferences.js";
import { load, toLogin } from "../store/session.js";

const EVERY_MS = 1000;
const LONG = 50; // letters of a text from which it is set smaller

const { t } = i18n;
const wanted = new URLSearchParams(location.search).get("call");

/** @type {any} */
let call = null; // the last that the server said; stays while it is away
let mine = false;
let over = false;
let known = false;
let away = false;
let refused = false; // the rights to see it are gone

async function look() {
  const answer = await load(`/api/handover${wanted ? `?call=${encodeURIComponent(wanted)}` : ""}`);
  if (answer.status === 401) return toLogin();
  refused = answer.status === 403;
  away = !answer.ok && !refused;
  if (refused) [call, known] = [null, true];
  if (answer.ok) {
    known = true;
    over = call !== null && answer.call === null;
    if (answer.call) [call, mine] = [answer.call, answer.rings_for_you];
  }
  draw();
  return undefined;
}

function draw() {
  const fault = refused ? "reason.not_allowed" : away ? "handover.away" : null;
  fill(at("fault"), JSON.stringify([fault, i18n.current()]), () => (fault ? [h("p", { class: "banner bad" }, h("span", {}, t(fault)))] : []));
  setText(at("state"), call ? stateText() : "");
  fill(at("main"), JSON.stringify([call, known, refused, i18n.current()]), () => (call ? cells() : refused ? [] : [h("p", {}, t(known ? "handover.none" : "link.connecting"))]));
  tick();
}

/** Whether the telephone still rings, and whose. */
function stateText() {
  // Whose telephone rang no more may not see the call: whether it goes on is not known here.
  if (over) return t(mine && call.status !== "transferred" ? "handover.rang" : "handover.over");
  if (call.status === "transferred") return t("handover.transferred");
  if (!call.ringing) return i18n.word("status", call.status);
  return mine ? t("handover.rings_you") : t("handover.rings", { name: call.ringing.name ? spoken(call.ringing.name) : t("call.extension", { number: call.ringing.number ?? "" }) });
}

const cells = () => [who(), quote("asked", call.asked), quote("answered", call.answered), worst(), wish()];

function who() {
  const { caller, operator, queue } = call;
  const nobody = i18n.find(`call.withheld_${caller.withheld}`) ?? t("call.unknown_caller");
  const by = [operator.name, operator.number ? t("call.extension", { number: operator.number }) : null].filter(Boolean).join("　");
  return h("section", { class: "cell who" },
    h("span", { class: "name" }, caller.name ?? (caller.number ? t("role.customer") : nobody)),
    caller.number ? h("span", { class: "number" }, caller.number) : null,
    queue ? h("span", { class: "queue" }, t("call.queue", { name: queue })) : null,
    by ? h("span", { class: "operator" }, t("handover.operator", { name: by })) : null);
}

/**
 * What was asked, or answered; where no rule found it the last that was said, and it says so.
 * @param {string} kind
 * @param {any} found
 */
function quote(kind, found) {
  return h("section", { class: `cell ${kind}` },
    h("h2", {}, t(`handover.${kind}${found && !found.found ? "_last" : ""}`), found ? h("time", {}, i18n.clock(found.at_s)) : null),
    h("p", { class: found ? "text" : "text none", dataset: lengthOf(found?.text) }, found ? t("why.words", { words: found.text }) : t("handover.not_heard")),
    ...(kind === "answered" ? call.repeated.map((/** @type {any} */ each) => ofHandover(call.started_at, each)).flatMap((/** @type {any} */ each) => [
      h("p", { class: "repeated" }, answeredText(each)), h("p", { class: "wall" }, answeredHint(each))]) : []));
}

/**
 * Data of a text, by which a long one is set smaller.
 * @param {string | undefined} text
 * @returns {Record<string, string>}
 */
const lengthOf = (text) => ((text ?? "").length > LONG ? { long: "yes" } : {});

function worst() {
  return h("section", { class: "cell worst" }, h("h2", {}, t("handover.worst")),
    call.worst.length
      ? h("ul", {}, ...call.worst.map((/** @type {any} */ each) => h("li", {}, ...marked(each), h("small", {}, `${i18n.find(`category.${each.category}`) ?? each.category} ${i18n.clock(each.at_s)}`))))
      : h("p", { class: "text none" }, t("handover.no_words")));
}

/**
 * The sentence with the words that a phrase found.
 * @param {{text: string, matched: string}} words
 */
function marked({ text, matched }) {
  const begin = matched ? text.indexOf(matched) : -1;
  if (begin < 0) return [text];
  return [text.slice(0, begin), h("mark", {}, matched), text.slice(begin + matched.length)];
}

function wish() {
  const { wish: said } = call;
  return h("section", { class: "cell wish" }, h("h2", {}, t("handover.wish")),
    said?.reason ? h("p", { class: "reason" }, reasonText(said.reason)) : null,
    said?.comment ? h("p", { class: "text", dataset: lengthOf(said.comment) }, said.comment) : null,
    said?.reason || said?.comment ? null : h("p", { class: "text none" }, t(said ? "handover.called" : "handover.not_called")));
}

/** How long the call lasts; it stands still when the call is over or the server is away. */
function tick() {
  if (!call) setText(at("timer"), "");
  if (!call || over || away) return;
  setText(at("timer"), t("handover.lasts", { time: i18n.clock((Date.now() - Date.parse(call.started_at)) / 1000) }));
}

function words() {
  document.title = `${t("handover.title")} – ${t("app.name")}`;
  setText(at("title"), t("handover.title"));
  setText(at("back"), t("app.supervisor"));
  setText(at("note"), t("ui.evidence_note"));
  setText(at("keys"), t("keys.open"));
  setText(at("language"), t("ui.language"));
}

applyTheme();
await i18n.start();
await loadReasons();
words();
draw();
at("keys").addEventListener("click", openKeys);
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); draw(); });
setInterval(tick, EVERY_MS);
for (;;) {
  await look();
  await new Promise((resolve) => { setTimeout(resolve, EVERY_MS); });
}
