// The operator's page: the own call, one button, the next sentence. Nothing else.

import { banners } from "./banners.js";
import { fill, h, setText } from "./dom.js";
import * as i18n from "./i18n.js";
import { Picture } from "./picture.js";
import { applyTheme, read, write } from "./preferences.js";
import { TRANSFERS, press, pressState, worded } from "./press.js";

const { t } = i18n;
const at = (id) => document.getElementById(id);
const HELP_KEY = "F9"; // calls for help wherever the focus is; as *9 on the telephone
const STEPS = ["called", "seen", "on_hold", "transferred"];

applyTheme();
await i18n.start();

let extension = new URLSearchParams(location.search).get("ext") ?? read("extension") ?? "";
if (extension) write("extension", extension);
let sent = false; // pressed here, not yet answered
let failure = null; // result of a press here that came to nothing
let lastCall = null;

const picture = new Picture(() => queueMicrotask(async () => {
  if (picture.known && (await i18n.useSite(picture.site))) words();
  draw();
}));

function ownCall() {
  return Object.values(picture.calls)
    .filter((call) => call.operator.number === extension)
    .sort((a, b) => b.started_at.localeCompare(a.started_at))[0] ?? null;
}

/** How far the help is: "none", "called", "seen", "on_hold", "transferred". */
function helpState(call, alerts, lanes) {
  if (call.status === "transferred") return "transferred";
  if (call.status === "on_hold") return "on_hold";
  if (lanes.move?.doing) return "seen";
  // Who is alone with the customer again may need the button again.
  if (cameBack(call, alerts, lanes)) return sent ? "called" : "none";
  return sent || lanes.help?.doing || alerts.some((alert) => alert.rule_kind === "escalate") ? "called" : "none";
}

/** Whether the customer is back from hold or from the superior, and nothing has happened since. */
function cameBack(call, alerts, lanes) {
  if (call.returned) return true;
  const result = lanes.move?.result;
  return ["take_back", "unhold"].includes(result?.action) && result.outcome === "done" && alerts.every((alert) => alert.updated_at < result.at);
}

/** Whether the operator is still in the call that a superior has taken over. */
const stays = (call) => call.keep_operator !== null && (picture.commands[call.call_id]?.move?.keep_operator ?? call.keep_operator);

/** Key of the sentence that fits: the help's state first, then the worst alert's words, then its kind. */
function sentence(call, alerts, help, lanes) {
  if (help === "transferred") return stays(call) ? "joined" : "transferred";
  if (help === "on_hold") return TRANSFERS.includes(lanes.move?.doing) ? "on_hold" : "held";
  if (help === "seen") return "before_hold";
  if (help === "called") return "waiting";
  const worst = alerts.find((alert) => alert.rule_kind !== "escalate");
  if (worst && !cameBack(call, [], lanes)) {
    const category = worst.evidence.findLast?.((each) => each.kind === "words")?.category;
    if (category && i18n.find(`say.${category}`)) return category;
    if (i18n.find(`say.${worst.rule_kind}`)) return worst.rule_kind;
  }
  return cameBack(call, alerts, lanes) ? "back" : "calm";
}

/** What the operator should know besides: who hears whom. */
function known(call, help, lanes) {
  const found = [];
  if (help === "on_hold") found.push(t(TRANSFERS.includes(lanes.move?.doing) ? "operator.ringing" : "operator.held"));
  if (help === "none" && call.returned) found.push(t("operator.back"));
  const beside = lanes.aside;
  if (beside?.doing === "announce") found.push(t("operator.announce"));
  if (["whisper", "barge"].includes(beside?.result?.action) && beside.result.outcome === "done") found.push(t(`operator.${beside.result.action}`));
  return found;
}

function draw() {
  const wrong = banners(picture).filter((each) => each.mood === "bad" || each.mood === "wait");
  fill(at("banners"), JSON.stringify([wrong, i18n.current()]), () => wrong.slice(0, 1).map((each) =>
    h("p", { class: `banner ${each.mood}` }, h("span", {}, each.text, each.mood === "bad" && !each.watched ? ` ${t("operator.alone")}` : ""))));
  setText(at("mine"), extension ? t("operator.mine", { ext: extension }) : "");
  at("change").hidden = !extension;
  if (!extension) return choose();
  const call = picture.known ? ownCall() : null;
  if (call?.call_id !== lastCall) [lastCall, sent, failure] = [call?.call_id ?? null, false, null];
  if (call && call.status !== "talking") sent = false; // the help is here
  if (!call) {
    fill(at("main"), JSON.stringify(["waiting", i18n.current()]), () => [
      h("div", { class: "idle" }, h("p", { class: "big" }, t("operator.waiting")), h("p", {}, t("operator.waiting_hint")))]);
    return undefined;
  }
  return inCall(call);
}

function inCall(call) {
  const alerts = picture.alertsOf(call.call_id);
  const lanes = Object.fromEntries(Object.entries(picture.commands[call.call_id] ?? {}).map(([lane, command]) => [lane, pressState(command)]));
  const help = helpState(call, alerts, lanes);
  const last = lanes.move?.result;
  const instruction = last?.outcome === "instructed" && help !== "transferred" ? last.detail : null;
  const usable = picture.linked && picture.site.broker_connected && !call.stale;
  const say = t(`say.${sentence(call, alerts, help, lanes)}`);
  const facts = known(call, help, lanes);
  const stay = help === "transferred" && stays(call);
  const key = JSON.stringify([call.call_id, help, say, instruction, facts, stay, usable, failure, sent, i18n.current()]);
  const hadFocus = at("main").contains(document.activeElement);
  const redrawn = fill(at("main"), key, () => [
    h("div", { class: "say", role: "status" }, ...advice(help, say, instruction, stay), ...facts.map((each) => h("p", { class: "fact" }, each))),
    help === "none" ? helpButton(usable) : steps(help),
    failure ? h("p", { class: "failed", role: "alert" }, h("strong", {}, t("operator.failed")), h("span", {}, worded(failure).detail)) : null,
  ].filter(Boolean));
  if (redrawn) {
    document.body.dataset.help = help;
    if (help !== "none") setText(at("announcer"), t(`operator.steps.${help}`));
    if (hadFocus) at("main").querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
  }
}

function advice(help, say, instruction, stay) {
  if (instruction) return [h("small", {}, t("operator.do")), h("p", { class: "big" }, instruction)];
  if (stay) return [h("p", { class: "big" }, t("operator.joined")), h("small", {}, t("operator.say")), h("p", { class: "quote" }, t("why.words", { words: say }))];
  if (help === "transferred") return [h("p", { class: "big" }, t("operator.over"))];
  if (help === "on_hold") return [h("small", {}, t("operator.unheard")), h("p", { class: "big" }, say)];
  return say ? [h("small", {}, t("operator.say")), h("p", { class: "big quote" }, t("why.words", { words: say }))] : [];
}

function helpButton(usable) {
  return h("button", { class: "help", type: "button", disabled: !usable || sent, "aria-busy": sent ? "true" : null, onclick: callHelp },
    h("span", {}, t(sent ? "doing.escalate" : "operator.call_help")), h("small", {}, t("operator.key")));
}

function steps(help) {
  const reached = STEPS.indexOf(help);
  return h("ol", { class: "steps" }, ...STEPS.map((step, index) =>
    h("li", { dataset: { state: index < reached ? "past" : index === reached ? "now" : "next" }, "aria-current": index === reached ? "step" : null },
      h("span", { class: "mark", "aria-hidden": "true" }, index < reached ? "✓" : String(index + 1)), t(`operator.${index < reached ? "past" : "steps"}.${step}`))));
}

async function callHelp() {
  const call = ownCall();
  if (!call || sent) return;
  sent = true;
  failure = null;
  draw();
  const result = await press(call.call_id, "escalate", "operator");
  if (lastCall !== call.call_id) return;
  if (result.outcome !== "done") {
    sent = false;
    failure = result;
  }
  draw();
}

function choose() {
  const known = [...new Set(Object.values(picture.calls).map((call) => call.operator.number).filter(Boolean))].sort();
  fill(at("main"), JSON.stringify([known, i18n.current()]), () => {
    const input = h("input", { name: "ext", inputmode: "numeric", maxlength: "64", autocomplete: "off", "aria-label": t("operator.other"), placeholder: t("operator.other") });
    return [h("div", { class: "choose" },
      h("h1", {}, t("operator.choose")),
      h("div", { class: "known" }, ...known.map((number) => h("button", { type: "button", onclick: () => use(number) }, number))),
      h("form", { onsubmit: (event) => { event.preventDefault(); if (input.value.trim()) use(input.value.trim()); } },
        input, h("button", { type: "submit" }, t("operator.use"))))];
  });
}

function use(number) {
  extension = number;
  write("extension", number);
  history.replaceState(null, "", number ? `?ext=${encodeURIComponent(number)}` : location.pathname);
  draw();
}

function words() {
  document.title = `${t("app.operator")} – ${t("app.name")}`;
  setText(at("change"), t("operator.change"));
  setText(at("language"), t("ui.language"));
}

at("change").addEventListener("click", () => use(""));
at("language").addEventListener("click", async () => { await i18n.toggle(); words(); draw(); });
addEventListener("keydown", (event) => {
  if (event.key !== HELP_KEY || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  at("main").querySelector(".help:not(:disabled)")?.click();
});

words();
draw();
picture.connect();
