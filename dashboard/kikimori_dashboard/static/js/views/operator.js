// The operator's page: the own call, one button, the next sentence. Nothing else.

import { byId as at, fill, h, setText, show } from "../components/dom.js";
import { followPresses } from "../components/held_press.js";
import { idle, lastHeard } from "../components/idle.js";
import { openKeys, register } from "../components/keys.js";
import { OperatorCall } from "../components/operator_call.js";
import { ReachTry } from "../components/reach_try.js";
import { ringing, ringingAt } from "../components/ringing_own.js";
import { Seat } from "../components/seat.js";
import { SmallWindow } from "../components/small_window.js";
import { bannerElement, reachedByKeys, watchBanner, watched } from "../components/watched.js";
import { WhoBar } from "../components/who_bar.js";
import { loadReasons } from "../store/help_reasons.js";
import * as i18n from "../store/i18n.js";
import { Picture } from "../store/picture.js";
import { applyTheme, read, write } from "../store/preferences.js";
import * as sentences from "../store/sentences.js";
import { me, toLogin } from "../store/session.js";

const { t } = i18n;
// Elements that may stand in the small window, where the page's document does not find them.
const [desk, head, mine, watch, timer, main] = ["desk", "head", "mine", "watch", "timer", "main"].map((id) => at(id));
const HELP_KEY = "F9"; // calls for help wherever the focus is; as *9 on the telephone

applyTheme();
await i18n.start();
await sentences.load(i18n.current());
loadReasons();

const whoBar = new WhoBar(at("who"));
const seat = new Seat(at("seat"));
const person = await me().catch(() => undefined);
if (person === null) toLogin();
if (person) whoBar.show(person);
const ofOthers = person?.roles.includes("supervisor") ?? true; // may look at any extension; the server decides all the same
let extension = new URLSearchParams(location.search).get("ext") ?? read("extension") ?? "";
const own = person?.extensions ?? [];
if (!ofOthers && !own.includes(extension)) extension = own.length === 1 ? own[0] : "";
if (extension) write("extension", extension);
let linked = true; // at the last change of the picture

const picture = new Picture(() => queueMicrotask(async () => {
  const again = picture.linked && !linked; // perhaps to a dashboard that was restarted with other sentences
  linked = picture.linked;
  if (again) loadReasons();
  const other = picture.known && (await i18n.useSite(picture.site));
  if (other) words();
  if (other || again || !sentences.loaded()) await sentences.load(i18n.current());
  draw();
}));

const ofCall = new OperatorCall({ draw, announce: (text) => setText(at("announcer"), text), personId: person?.person_id ?? null });
const reach = new ReachTry();
const small = new SmallWindow(at("small"), at("place"), desk, { onKey, tick, address: () => `/operator?ext=${encodeURIComponent(extension)}` });

function ownCall() {
  return Object.values(picture.calls)
    .filter((call) => call.operator.number === extension)
    .sort((a, b) => b.started_at.localeCompare(a.started_at))[0] ?? null;
}

function draw() {
  const call = extension && picture.known ? ownCall() : null;
  const rings = extension && picture.known && !call ? ringingAt(picture, extension) : [];
  const banner = watchBanner(picture, call);
  fill(at("banners"), JSON.stringify(banner), () => (banner ? [bannerElement(banner)] : []));
  at("change").hidden = !extension || (!ofOthers && own.length < 2);
  const state = picture.known ? watched(picture, call) : "unknown";
  desk.dataset.watched = state;
  drawHead(call, state, rings.length > 0);
  if (call) {
    fill(main, call.call_id, () => ofCall.elements);
    desk.dataset.help = ofCall.update(picture, call);
  } else {
    delete desk.dataset.help;
    if (rings.length) drawRinging(rings);
    else if (extension) drawIdle(state);
    else choose();
  }
  tick();
}

/** @param {import("../store/picture.js").RingingCall[]} rings */
function drawRinging(rings) {
  const drawn = fill(main, JSON.stringify(["ringing", extension, rings, i18n.current()]), () => ringing(rings, extension));
  const heard = [t("ring.now"), main.querySelector(".big")?.textContent, main.querySelector(".caller-line")?.textContent].filter(Boolean).join(" ");
  if (drawn) setText(at("announcer"), heard);
}

/** @param {string} state what `watched` says */
function drawIdle(state) {
  reach.draw();
  const key = JSON.stringify(["idle", extension, state, lastHeard(picture, extension), Object.keys(picture.extensions).sort(), i18n.current()]);
  fill(main, key, () => idle(picture, extension, state, reach.element));
}

/**
 * Whose telephone this is, and whether its call is watched.
 * @param {import("../store/picture.js").Call | null} call
 * @param {string} state what `watched` says
 * @param {boolean} rings
 */
function drawHead(call, state, rings) {
  show(head, Boolean(extension));
  const name = call ? call.operator.name : own.includes(extension) ? person?.name : seat.seat?.name;
  setText(mine, extension ? [t("operator.mine", { ext: extension }), name].filter(Boolean).join("・") : "");
  const keys = state !== "yes" && reachedByKeys(picture, call) ? t("operator.by_keys", { keys: call?.help_keys }) : "";
  setText(watch, [state === "yes" && rings ? t("ring.now") : t(`operator.watch.${state === "yes" && !call ? "ready" : state}`), keys].filter(Boolean).join("　"));
  show(timer, Boolean(call));
}

/** What runs by itself: the call's time, and the time since the call for help. */
function tick() {
  const call = extension && picture.known ? ownCall() : null;
  if (!call) return;
  const now = picture.linked ? picture.now() : Date.parse(picture.heardAt);
  setText(timer, i18n.clock((now - Date.parse(call.started_at)) / 1000));
  ofCall.tick(picture.now());
}

function choose() {
  const numbers = !ofOthers ? own : [...Object.values(picture.calls).map((call) => call.operator.number), ...Object.keys(picture.extensions)];
  const known = [...new Set(numbers.flatMap((number) => number || []))].sort();
  fill(main, JSON.stringify([known, i18n.current()]), () => {
    const input = h("input", { name: "ext", inputmode: "numeric", maxlength: "64", autocomplete: "off", "aria-label": t("operator.other"), placeholder: t("operator.other") });
    if (!ofOthers && !known.length) return [h("div", { class: "choose" }, h("h1", {}, t("operator.no_extension")))];
    return [h("div", { class: "choose" },
      h("h1", {}, t("operator.choose")),
      h("div", { class: "known" }, ...known.map((number) => h("button", { type: "button", onclick: () => use(number) }, number))),
      !ofOthers ? null : h("form", { onsubmit: (/** @type {Event} */ event) => { event.preventDefault(); if (input.value.trim()) use(input.value.trim()); } },
        input, h("button", { type: "submit" }, t("operator.use"))))];
  });
}

/** @param {string} number */
function use(number) {
  extension = number;
  write("extension", number);
  history.replaceState(null, "", number ? `?ext=${encodeURIComponent(number)}` : location.pathname);
  draw();
}

function words() {
  document.title = `${t("app.operator")} – ${t("app.name")}`;
  small.words();
  setText(at("change"), t("operator.change"));
  setText(at("keys"), t("keys.open"));
  setText(at("language"), t("ui.language"));
  whoBar.words();
  seat.words();
}

register(HELP_KEY, "keys.help");
at("keys").addEventListener("click", openKeys);
at("change").addEventListener("click", () => use(""));
at("language").addEventListener("click", async () => { await i18n.toggle(); await sentences.load(i18n.current()); words(); draw(); });

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (event.key !== HELP_KEY || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  /** @type {HTMLElement | null} */ (main.querySelector(".help:not(:disabled)"))?.click();
}
addEventListener("keydown", onKey);
followPresses(draw);
setInterval(tick, 500);

words();
draw();
picture.connect();
if (person?.kiosk_id) seat.start();
