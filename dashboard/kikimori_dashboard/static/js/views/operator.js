// The operator's page: the own call, one button, the next sentence. Nothing else.

import { fill, h, setText, show } from "../components/dom.js";
import { STEPS, facts, helpState, situation, stays } from "../store/help.js";
import * as i18n from "../store/i18n.js";
import { heardLine, idle, lastHeard } from "../components/idle.js";
import { Picture } from "../store/picture.js";
import { applyTheme, read, write } from "../store/preferences.js";
import { TRANSFERS, press, pressState, worded } from "../store/press.js";
import { me, toLogin } from "../store/session.js";
import { Seat } from "../components/seat.js";
import * as sentences from "../store/sentences.js";
import { bannerElement, watchBanner, watched } from "../components/watched.js";
import { WhoBar } from "../components/who_bar.js";

const { t } = i18n;
const at = (id) => document.getElementById(id);
const HELP_KEY = "F9"; // calls for help wherever the focus is; as *9 on the telephone

applyTheme();
await i18n.start();
await sentences.load(i18n.current());

const whoBar = new WhoBar(at("who"));
const seat = new Seat(at("seat"));
const person = await me().catch(() => undefined);
if (person === null) toLogin();
if (person) whoBar.show(person);
const ofOthers = person?.roles.includes("supervisor") ?? true; // may look at any extension; the server decides all the same
let extension = new URLSearchParams(location.search).get("ext") ?? read("extension") ?? "";
if (!ofOthers && !person.extensions.includes(extension)) extension = person.extensions.length === 1 ? person.extensions[0] : "";
if (extension) write("extension", extension);
let sent = false; // pressed here, not yet answered
let failure = null; // result of a press here that came to nothing
let lastCall = null;

let linked = true; // at the last change of the picture

const picture = new Picture(() => queueMicrotask(async () => {
  const again = picture.linked && !linked; // perhaps to a dashboard that was restarted with other sentences
  linked = picture.linked;
  const other = picture.known && (await i18n.useSite(picture.site));
  if (other) words();
  if (other || again || !sentences.loaded()) await sentences.load(i18n.current());
  draw();
}));

function ownCall() {
  return Object.values(picture.calls)
    .filter((call) => call.operator.number === extension)
    .sort((a, b) => b.started_at.localeCompare(a.started_at))[0] ?? null;
}

function draw() {
  const call = extension && picture.known ? ownCall() : null;
  const banner = watchBanner(picture, call);
  fill(at("banners"), JSON.stringify(banner), () => (banner ? [bannerElement(banner)] : []));
  drawFoot(call);
  document.body.dataset.watched = picture.known ? watched(picture, call) : "unknown";
  if (!extension) return choose();
  if (call?.call_id !== lastCall) [lastCall, sent, failure] = [call?.call_id ?? null, false, null];
  if (call && call.status !== "talking") sent = false; // the help is here
  if (call) return inCall(call);
  delete document.body.dataset.help;
  const watch = picture.known ? watched(picture, null) : "unknown";
  const key = JSON.stringify(["idle", extension, watch, lastHeard(picture, extension), Object.keys(picture.extensions).sort(), i18n.current()]);
  fill(at("main"), key, () => idle(picture, extension, watch));
  return undefined;
}

/** To which extension this page is bound, and when a call was last heard on it. */
function drawFoot(call) {
  setText(at("mine"), extension ? t("operator.mine", { ext: extension }) : "");
  at("change").hidden = !extension || (!ofOthers && person.extensions.length < 2);
  const heard = lastHeard(picture, extension);
  show(at("heard"), Boolean(extension) && picture.known && !call);
  at("heard").dataset.state = heard.state;
  setText(at("heard"), heardLine(picture, heard));
}

function inCall(call) {
  const alerts = picture.alertsOf(call.call_id);
  const commands = picture.commands[call.call_id] ?? {};
  const lanes = Object.fromEntries(Object.entries(commands).map(([lane, command]) => [lane, pressState(command)]));
  const help = helpState(call, alerts, lanes, sent);
  const last = lanes.move?.result;
  const instruction = last?.outcome === "instructed" && help !== "transferred" ? last.detail : null;
  const usable = picture.linked && picture.site.broker_connected && !call.stale;
  const { names, alert } = situation(call, alerts, help, lanes, commands.move);
  const say = sentences.proposed(names, alert);
  const known = facts(call, help, lanes).map((key) => t(key));
  const stay = help === "transferred" && stays(call, commands.move);
  const ringing = TRANSFERS.includes(lanes.move?.doing);
  const key = JSON.stringify([call.call_id, help, say, instruction, known, stay, ringing, usable, failure, sent, i18n.current()]);
  const hadFocus = at("main").contains(document.activeElement);
  const redrawn = fill(at("main"), key, () => [
    h("div", { class: "say", role: "status" }, ...advice({ help, say, instruction, stay, ringing }), ...known.map((each) => h("p", { class: "fact" }, each))),
    help === "none" ? helpButton(usable) : steps(help),
    failure ? h("p", { class: "failed", role: "alert" }, h("strong", {}, t("operator.failed")), h("span", {}, worded(failure).detail)) : null,
  ].filter(Boolean));
  if (redrawn) {
    document.body.dataset.help = help;
    if (help !== "none") setText(at("announcer"), t(`operator.steps.${help}`));
    if (hadFocus) at("main").querySelector("button:not(:disabled)")?.focus({ preventScroll: true });
  }
}

function advice({ help, say, instruction, stay, ringing }) {
  if (instruction) return [h("small", {}, t("operator.do")), h("p", { class: "big" }, ...phrases(instruction))];
  if (help === "on_hold") return [h("small", {}, t("operator.unheard")), h("p", { class: "big" }, ...phrases(t(ringing ? "operator.quiet_ringing" : "operator.quiet_held")))];
  if (help === "transferred" && !stay) return [h("p", { class: "big" }, ...phrases(t("operator.over")))];
  const quote = say ? [h("small", {}, say.of > 1 ? t("operator.say_step", say) : t("operator.say")), h("p", { class: stay ? "quote" : "big quote" }, ...phrases(t("why.words", { words: say.say })))] : [];
  return stay ? [h("p", { class: "big" }, ...phrases(t("operator.joined"))), ...quote] : quote;
}

/** A text in pieces that begin a line of their own where they do not fit: read aloud, a sentence is one breath. */
function phrases(text) {
  return text.split(/(?<=。)(?=[^」])|(?<=[.?!]) /).flatMap((piece, index) => [index && i18n.current() !== "ja" ? " " : null, h("span", { class: "phrase" }, piece)]);
}

function helpButton(usable) {
  if (!usable) return h("button", { class: "help", type: "button", disabled: true }, h("span", { class: "instead" }, t("operator.speak")), h("small", {}, t("operator.cannot")));
  return h("button", { class: "help", type: "button", disabled: sent, "aria-busy": sent ? "true" : null, onclick: callHelp },
    h("span", {}, t(sent ? "doing.escalate" : "operator.call_help")), h("small", { class: "key" }, t("operator.key")));
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
  const numbers = !ofOthers ? person.extensions : [...Object.values(picture.calls).map((call) => call.operator.number), ...Object.keys(picture.extensions)];
  const known = [...new Set(numbers.filter(Boolean))].sort();
  fill(at("main"), JSON.stringify([known, i18n.current()]), () => {
    const input = h("input", { name: "ext", inputmode: "numeric", maxlength: "64", autocomplete: "off", "aria-label": t("operator.other"), placeholder: t("operator.other") });
    if (!ofOthers && !known.length) return [h("div", { class: "choose" }, h("h1", {}, t("operator.no_extension")))];
    return [h("div", { class: "choose" },
      h("h1", {}, t("operator.choose")),
      h("div", { class: "known" }, ...known.map((number) => h("button", { type: "button", onclick: () => use(number) }, number))),
      !ofOthers ? null : h("form", { onsubmit: (event) => { event.preventDefault(); if (input.value.trim()) use(input.value.trim()); } },
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
  whoBar.words();
  seat.words();
}

at("change").addEventListener("click", () => use(""));
at("language").addEventListener("click", async () => { await i18n.toggle(); await sentences.load(i18n.current()); words(); draw(); });
addEventListener("keydown", (event) => {
  if (event.key !== HELP_KEY || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  at("main").querySelector(".help:not(:disabled)")?.click();
});

words();
draw();
picture.connect();
if (person?.kiosk_id) seat.start();
