// One call on the supervisor's page.

import { Actions } from "./actions.js";
import { fill, h, setText, show } from "./dom.js";
import { endOf } from "./end_of.js";
import { clock, current, find, t, title, word } from "../store/i18n.js";
import { marksKey, marksRow } from "./marks.js";
import { Meter } from "./meter.js";
import { Transcript } from "./transcript.js";
import { why } from "./why.js";

const SHAPES = { critical: "◆", warning: "▲", notice: "●", calm: "○" };

/** The severity whose colours and sign are used; one that only newer agents know looks like a warning. */
export const look = (severity) => (Object.hasOwn(SHAPES, severity) ? severity : "warning");

/** The sign of a severity. */
export const shape = (severity) => SHAPES[look(severity)];

export const who = (call) => call.operator.name ?? (call.operator.number ? t("call.extension", { number: call.operator.number }) : t("call.unknown_operator"));

export class Card {
  constructor(callId, page) {
    this.callId = callId;
    this.opened = false;
    this.movedAt = performance.now();
    this.inSight = true; // until the browser says otherwise
    this.badge = h("span", { class: "badge" });
    this.name = h("h3", { class: "who", id: `who-${callId}` });
    this.status = h("span", { class: "status" });
    this.timer = h("span", { class: "timer", role: "timer", "aria-live": "off" });
    this.caller = h("p", { class: "caller" });
    this.stale = h("p", { class: "stale" });
    this.why = h("ul", { class: "why" });
    this.meters = { customer: new Meter("customer"), operator: new Meter("operator"), mixed: new Meter("mixed") };
    this.transcript = new Transcript();
    this.actions = new Actions(callId, page);
    this.more = h("button", { class: "more quiet", type: "button", onclick: () => page.toggle(this) });
    this.element = h("article", { class: "card", tabindex: "-1", "aria-labelledby": `who-${callId}`, dataset: { call: callId } },
      h("header", {}, this.badge, this.name, this.status, this.timer),
      h("div", { class: "about" }, this.caller, this.more),
      this.stale, this.why,
      h("div", { class: "meters" }, ...Object.values(this.meters).map((meter) => meter.element)),
      this.transcript.element, this.actions.element);
  }

  /** Draws the call again; true when its buttons were built anew. */
  update(picture) {
    this.picture = picture;
    const call = picture.calls[this.callId];
    const alerts = picture.alertsOf(this.callId);
    const severity = call.severity ?? "calm";
    this.call = call;
    this.usable = picture.linked && picture.site.broker_connected && !call.stale;
    Object.assign(this.element.dataset, { severity: look(severity), urgency: call.urgency, status: call.status, stale: this.usable ? "no" : "yes", unconfirmed: call.unconfirmed ? "yes" : "no", opened: this.opened ? "yes" : "no" });
    fill(this.badge, severity + current(), () => [h("span", { class: "shape", "aria-hidden": "true" }, shape(severity)), h("span", { class: "word" }, word("severity", severity))]);
    fill(this.name, JSON.stringify([call.operator, picture.site.names_people, current()]), () => [
      h("b", {}, who(call)),
      call.operator.name && call.operator.number ? h("span", { class: "ext" }, t("call.extension", { number: call.operator.number })) : null,
      // An extension is not a person: whoever is not known is said to be not known.
      picture.site.names_people && !call.operator.name && call.operator.number ? h("span", { class: "ext" }, t("call.nobody_known")) : null,
    ].filter(Boolean));
    setText(this.status, word("status", call.status));
    this.drawCaller(call);
    const unwatched = call.stale ? t("call.stale") : call.unconfirmed ? t("call.unconfirmed") : call.judging_failed ? t("fault.call") : "";
    show(this.stale, unwatched !== "");
    setText(this.stale, unwatched);
    setText(this.more, t(this.opened ? "ui.close" : "ui.open"));
    this.more.setAttribute("aria-expanded", String(this.opened));
    this.drawWhy(alerts, call.returned);
    const mixed = call.roles.length > 0 && !call.roles.includes("customer") && call.roles.includes("mixed");
    for (const [role, meter] of Object.entries(this.meters)) {
      meter.label();
      show(meter.element, mixed ? role === "mixed" : role !== "mixed");
    }
    this.updateLevels(picture);
    this.transcript.update(call.lines, call.speech);
    this.tick(picture.now());
    return this.actions.update(call, alerts, picture.commands[this.callId], this.usable, picture.site.superiors);
  }

  updateLevels(picture) {
    if (!this.inSight) return;
    const levels = this.usable ? picture.levels[this.callId] : null;
    for (const [role, meter] of Object.entries(this.meters)) meter.update(levels?.[role] ?? null);
  }

  updateLines(picture) {
    const { lines, speech } = picture.calls[this.callId];
    this.transcript.update(lines, speech);
  }

  /** The call is over, and the card must stay where it is for a moment. */
  end() {
    if (this.call.status === "ended") return;
    this.call = { ...this.call, status: "ended", urgency: 0 };
    this.actions.cancel();
    Object.assign(this.element.dataset, { status: "ended", urgency: 0 });
    setText(this.status, t("status.ended"));
    this.actions.update(this.call, [], null, false);
  }

  drawCaller(call) {
    const caller = [call.caller.name, call.caller.number].filter(Boolean);
    const nobody = call.identity ? t("call.identity_uncertain") : find(`call.withheld_${call.caller.withheld}`) ?? t("call.unknown_caller");
    fill(this.caller, JSON.stringify([caller, call.caller.withheld, call.identity, call.queue, call.roles, call.accommodated, current()]), () => [
      h("span", {}, `${t("role.customer")}: ${caller.length ? call.caller.name ?? "" : nobody}`),
      call.caller.number ? h("span", { class: "number" }, call.caller.number) : null,
      call.queue ? h("span", { class: "queue" }, t("call.queue", { name: call.queue })) : null,
      call.roles.includes("mixed") ? h("span", { class: "queue" }, t("call.mixed_only")) : null,
      call.accommodated ? h("span", { class: "queue", title: t("call.accommodated_why") }, t("call.accommodated")) : null,
    ].filter(Boolean));
  }

  drawWhy(alerts, returned) {
    const key = JSON.stringify([alerts.map((alert) => [alert.alert_id, alert.revision, marksKey(alert)]), returned, current()]);
    const cameBack = () => h("li", { class: "alert came-back", dataset: { severity: "warning" } },
      h("strong", {}, h("span", { class: "shape", "aria-hidden": "true" }, shape("warning")), t("call.returned")));
    if (alerts.length > 0) this.whyEnd ??= endOf(this.why);
    fill(this.why, key, () => (returned ? [cameBack()] : []).concat(alerts.map((alert) =>
      h("li", { class: "alert", dataset: { severity: look(alert.severity) } },
        h("div", { class: "alert-head" },
          h("strong", {}, h("span", { class: "shape", "aria-hidden": "true" }, shape(alert.severity)), title(alert.title)),
          marksRow(alert, () => this.drawWhy(this.picture.alertsOf(this.callId), this.call.returned))),
        h("ul", { class: "evidence" }, ...why(alert).map((line) =>
          h("li", {}, h("time", {}, line.at), h("span", { class: line.quote ? "quote" : "fact" }, line.text)))))), this.whyEnd ?? []));
    show(this.why, alerts.length > 0 || returned);
  }

  tick(now) {
    const text = clock((now - Date.parse(this.call.started_at)) / 1000);
    if (!this.inSight || this.call.status === "ended" || this.ticked === text) return;
    this.ticked = text;
    this.timer.textContent = text;
  }
}
