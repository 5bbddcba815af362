// Names of a call's people, as they stand everywhere on the supervisor's page.

import { find, t } from "../store/i18n.js";

/**
 * @param {any} call
 * @returns {string} the operator's name, else the extension
 */
export const who = (call) => call.operator.name ?? (call.operator.number ? t("call.extension", { number: call.operator.number }) : t("call.unknown_operator"));

/**
 * @param {any} call
 * @returns {string} the customer's name, else why there is none
 */
export function callerName(call) {
  if (call.known?.name) return t("caller.named", { name: call.known.name });
  if (call.caller.name) return call.caller.name;
  if (call.caller.number) return "";
  return call.identity ? t("call.identity_uncertain") : find(`call.withheld_${call.caller.withheld}`) ?? t("call.unknown_caller");
}

/**
 * The caller in a few words: name, else number, else why there is none.
 * @param {any} call
 */
export const callerText = (call) => callerName(call) || (call.caller.number ?? "");
