// The actions, made from kikimori_core/wire/actions.py by `python -m kikimori_dashboard.actions.action_table`; a test compares.

/**
 * @type {Record<string, {lane: string, rings: string | null, reason: string | null, leadsTo: string | null, place: string, asks: string}>}
 */
export const ACTIONS = {
  hold: { lane: "move", rings: null, reason: null, leadsTo: "on_hold", place: "main", asks: "unless_prompted" },
  unhold: { lane: "move", rings: null, reason: null, leadsTo: "talking", place: "main", asks: "never" },
  take_back: { lane: "move", rings: null, reason: null, leadsTo: "talking", place: "main", asks: "when_settled" },
  transfer: { lane: "move", rings: "other", reason: "outside", leadsTo: "transferred", place: "main", asks: "unless_prompted" },
  hold_transfer: { lane: "move", rings: "other", reason: "outside", leadsTo: "transferred", place: "main", asks: "unless_prompted" },
  listen: { lane: "aside", rings: "own", reason: null, leadsTo: null, place: "aside", asks: "never" },
  whisper: { lane: "aside", rings: "own", reason: null, leadsTo: null, place: "aside", asks: "never" },
  barge: { lane: "aside", rings: "own", reason: "always", leadsTo: null, place: "aside", asks: "never" },
  listen_audio: { lane: "sound", rings: null, reason: null, leadsTo: null, place: "none", asks: "never" },
  announce: { lane: "aside", rings: null, reason: null, leadsTo: null, place: "aside", asks: "never" },
  hang_up: { lane: "move", rings: null, reason: "always", leadsTo: null, place: "aside", asks: "always" },
  accommodate: { lane: "aside", rings: null, reason: null, leadsTo: null, place: "aside", asks: "never" },
  accommodate_end: { lane: "aside", rings: null, reason: null, leadsTo: null, place: "aside", asks: "never" },
  stop_recording: { lane: "aside", rings: null, reason: null, leadsTo: null, place: "aside", asks: "always" },
  ring_superior: { lane: "alarm", rings: "superior", reason: null, leadsTo: null, place: "none", asks: "never" },
  escalate: { lane: "help", rings: null, reason: null, leadsTo: null, place: "operator", asks: "never" },
  escalate_cancel: { lane: "help", rings: null, reason: null, leadsTo: null, place: "operator", asks: "never" },
};
