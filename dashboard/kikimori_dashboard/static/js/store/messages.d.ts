// Messages between the dashboard and its pages, made of kikimori_dashboard/protocol by
// `python -m kikimori_dashboard.protocol` and `npm --prefix tests/js run types`; the checks compare.

export type PageMessage = SupervisorMessage | OperatorMessage | BrowserMessage;
export type SupervisorMessage = SupervisorSnapshot | SupervisorDelta | Echo | Beat;
export type Severity = string;
export type SpeechStatus = string;
export type ClosedBecause = string;
/**
 * Side whose voice a leg carries.
 */
export type Role = string;
/**
 * Anything but `closed` is shown as open.
 */
export type AlertState = string;
export type Action = string;
/**
 * Place of a call on the supervisor's page.
 */
export type CallLane = "attention" | "held" | "ringing" | "taken" | "calm";
export type CallStatus = string;
export type Outcome = string;
/**
 * State of a call's recording.
 */
export type CallRecording = string;
export type OperatorMessage = OperatorSnapshot | OperatorDelta | Echo | Beat;
export type BrowserMessage = Ping | DrawnAlerts | Look;

/**
 * Everything that the page may see; words and levels of what it draws.
 */
export interface SupervisorSnapshot {
  agents: {
    [k: string]: SupervisorAgent;
  };
  alerts: {
    [k: string]: SupervisorAlert;
  };
  calls: {
    [k: string]: SupervisorCall;
  };
  closed: SupervisorAlert[];
  closed_more: number;
  commands: {
    [k: string]: {
      [k: string]: PressView;
    };
  };
  extensions: {
    [k: string]: string;
  };
  levels?: {
    [k: string]: CallVoices;
  };
  lines?: {
    [k: string]: LineChanges;
  };
  missed: MissedView;
  now: string;
  past?: {
    [k: string]: PastLevels;
  };
  reviewed?: string[];
  ringing: {
    [k: string]: SupervisorRinging;
  };
  seq: number;
  site: SupervisorSite;
  type: "snapshot";
}
/**
 * Health of an agent.
 */
export interface SupervisorAgent {
  agent_id: string;
  at: string;
  calls: number;
  counters: {
    /**
     * This interface was referenced by `undefined`'s JSON-Schema definition
     * via the `patternProperty` "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$".
     */
    [k: string]: number;
  };
  host: string | null;
  inventory: string | null;
  online: boolean;
  pbx: string;
  problems: ProblemView[];
  run: string | null;
  site: string;
  speech: SpeechStatus;
  speech_model: string | null;
  started_at: string | null;
  unconfirmed: boolean;
  version: string;
}
/**
 * Problem with its texts by language; `detail` and `remedy` are English.
 */
export interface ProblemView {
  cause: string | null;
  code: string;
  detail: string;
  remedy: string;
  severity: Severity;
  words: {
    [k: string]: WordedProblemView;
  };
}
/**
 * Texts of a problem in one language.
 */
export interface WordedProblemView {
  detail: string;
  remedy: string;
}
/**
 * Alert as its agent sends it, with the marks of people.
 */
export interface SupervisorAlert {
  agent_id: string;
  alert_id: string;
  call_id: string;
  caller: Party;
  claim?: ClaimMark;
  closed_because: ClosedBecause | null;
  drawn: boolean;
  evidence: (
    | ShoutingEvidence
    | WordsEvidence
    | ToneEvidence
    | DurationEvidence
    | ButtonEvidence
    | OverlapEvidence
    | SilenceEvidence
    | RepeatCallerEvidence
    | AnsweredEvidence
    | OtherEvidence
  )[];
  false_alarm?: FalseAlarmMark;
  operator: Party;
  raised_at: string;
  raised_s: number;
  revision: number;
  rule: string;
  rule_kind: string;
  run: string | null;
  seq: number | null;
  severity: Severity;
  site: string;
  state: AlertState;
  suggestion: Action | null;
  title: {
    [k: string]: string;
  };
  unanswered?: UnansweredMark;
  updated_at: string;
}
/**
 * A customer or an operator as the PBX names them; any part may be unknown.
 */
export interface Party {
  name: string | null;
  named_by: string | null;
  number: string | null;
  withheld: string | null;
}
/**
 * Mark of the person who takes care of an alert.
 */
export interface ClaimMark {
  at: string;
  name: string;
  person_id: string;
}
export interface ShoutingEvidence {
  end_s: number;
  kind: "shouting";
  level_db: number;
  over_calm_db: number | null;
  pitch_over_calm_percent: number | null;
  probability: number;
  speech_s: number;
  start_s: number;
  summary: {
    [k: string]: string;
  };
  tilt_db: number;
  tilt_over_calm_db: number | null;
}
export interface WordsEvidence {
  category: string;
  end_s: number;
  engine: string | null;
  kind: "words";
  matched: string;
  role: Role;
  start_s: number;
  summary: {
    [k: string]: string;
  };
  text: string;
}
/**
 * A sentence that was judged as a whole: no listed phrase is in it.
 */
export interface ToneEvidence {
  category: string;
  end_s: number;
  kind: "tone";
  probability: number;
  role: Role;
  start_s: number;
  summary: {
    [k: string]: string;
  };
  text: string;
  /**
   * @maxItems 8
   */
  words:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string];
}
export interface DurationEvidence {
  elapsed_s: number;
  end_s: number;
  kind: "duration";
  quote: string | null;
  since: ("call_start" | "refusal") | string;
  start_s: number;
  summary: {
    [k: string]: string;
  };
  threshold_s: number;
}
export interface ButtonEvidence {
  comment: string | null;
  end_s: number;
  kind: "button";
  pressed_by: string | null;
  reason: string | null;
  source: ("page" | "dtmf") | string;
  start_s: number;
  summary: {
    [k: string]: string;
  };
}
export interface OverlapEvidence {
  end_s: number;
  kind: "overlap";
  overlap_s: number;
  start_s: number;
  summary: {
    [k: string]: string;
  };
}
export interface SilenceEvidence {
  end_s: number;
  kind: "silence";
  silent_s: number;
  start_s: number;
  summary: {
    [k: string]: string;
  };
  who: ("customer" | "both") | string;
}
/**
 * Contacts of the same caller in the last days. It stands at the call's beginning.
 */
export interface RepeatCallerEvidence {
  contacts: number;
  days: number;
  end_s: number;
  incidents: number;
  kind: "repeat_caller";
  minutes: number;
  /**
   * @maxItems 8
   */
  reached:
    | []
    | [string]
    | [string, string]
    | [string, string, string]
    | [string, string, string, string]
    | [string, string, string, string, string]
    | [string, string, string, string, string, string]
    | [string, string, string, string, string, string, string]
    | [string, string, string, string, string, string, string, string];
  start_s: number;
  summary: {
    [k: string]: string;
  };
}
/**
 * A demand that was made again and again, with the answers that the operator gave (ご説明済み).
 *
 * `start_s` is the start of its first time; there is one piece for each demand, and a later one replaces it.
 */
export interface AnsweredEvidence {
  count: number;
  count_before: number | null;
  demand: string | null;
  end_s: number;
  kind: "answered";
  /**
   * @maxItems 200
   */
  refusals: RefusalMade[];
  start_s: number;
  summary: {
    [k: string]: string;
  };
  /**
   * @maxItems 200
   */
  times_s: number[];
  title: {
    [k: string]: string;
  };
}
/**
 * A refusal of the operator, as the answer to a demand.
 */
export interface RefusalMade {
  demand_s: number;
  end_s: number;
  quote: string | null;
  start_s: number;
}
/**
 * Evidence of a kind that this version does not know, from a newer agent.
 */
export interface OtherEvidence {
  end_s: number;
  kind: string;
  start_s: number;
  summary: {
    [k: string]: string;
  };
}
/**
 * Mark of an alert that was none.
 */
export interface FalseAlarmMark {
  at: string;
  name: string;
  reason: string;
}
/**
 * Mark of an alert that waits for an answer.
 */
export interface UnansweredMark {
  alarm: string | null;
  heard_by: string | null;
  hold: boolean;
  louder: boolean;
  since: string;
  step: number;
  team: string | null;
}
/**
 * Call as its agent sends it, with what the dashboard knows besides.
 */
export interface SupervisorCall {
  accommodated: boolean;
  agent_id: string;
  announcements: Announcement[];
  call_id: string;
  caller: Party;
  capabilities: Action[];
  ended_at: string | null;
  ending?: EndingProposalView;
  help_keys: string | null;
  hold_ends_at: string | null;
  identity: string | null;
  judging_failed: boolean;
  keep_operator: boolean | null;
  keys: KeysToPress[];
  known?: KnownCallerView;
  lane: CallLane;
  listeners?: string[];
  moves?: StatusMove[];
  notes?: NoteOnCall[];
  operator: Party;
  order: string;
  presses?: PressInStory[];
  queue: string | null;
  recording: CallRecording | null;
  returned: boolean;
  ringing: Ringing | null;
  roles: Role[];
  run: string | null;
  seq: number | null;
  severity: Severity | null;
  site: string;
  speech: SpeechStatus;
  stale: boolean;
  started_at: string;
  status: CallStatus;
  /**
   * @maxItems 100
   */
  stop_requests: StopRequest[];
  stops?: string[];
  superior: Party;
  tap: string;
  unconfirmed: boolean;
  urgency: number;
  with_superior: Party | null;
}
/**
 * Something the PBX can play to the customer.
 */
export interface Announcement {
  name: string;
  title: string;
}
/**
 * Newest proposal to end a call.
 */
export interface EndingProposalView {
  at: string;
  confirm_from: string;
  expires_at: string;
  id: string;
  name: string;
  needed: number;
  people: number;
  person_id: string;
  reason: {
    [k: string]: string;
  };
  say: {
    [k: string]: string;
  };
  second_id: string | null;
  second_name: string | null;
  state: "proposed" | "agreed" | "ending" | "refused" | "ended" | "expired";
  words: string | null;
}
/**
 * Keys of a telephone by which a person does an action: for a PBX without an interface.
 */
export interface KeysToPress {
  action: string;
  text: string;
}
/**
 * Caller whom the office knows; `contacts` are earlier ones, `last` the newest of them.
 */
export interface KnownCallerView {
  contacts: number;
  contract: string | null;
  in_charge: string | null;
  key: string;
  last: KnownContactOutcome[];
  manner: string | null;
  name: string | null;
}
/**
 * Earlier contact of a caller, with its worst severity and how it ended.
 */
export interface KnownContactOutcome {
  at: string;
  operator: string | null;
  outcome: string | null;
  worst: string | null;
}
/**
 * Status that a call had from a time on; None = since before it was first seen.
 */
export interface StatusMove {
  at: string | null;
  status: CallStatus;
}
/**
 * Note of a supervisor that others see.
 */
export interface NoteOnCall {
  at: string;
  id: string;
  name: string;
  person_id: string | null;
  text: string;
}
/**
 * Press in a call's course.
 */
export interface PressInStory {
  action: Action;
  at: string;
  by: string;
  outcome: Outcome | null;
  reason: string | null;
  target: string | null;
}
/**
 * Superior whose telephone rings for a call.
 */
export interface Ringing {
  ends_at: string | null;
  name: string | null;
  number: string | null;
  purpose: string;
  since: string;
}
/**
 * Request of the operator that the customer stop: to lower the voice, to mind the words.
 */
export interface StopRequest {
  quote: string | null;
  start_s: number;
}
/**
 * Last press of a lane; without a result it is under way, unless nobody answered.
 */
export interface PressView {
  action: Action;
  command_id: string;
  issued_at: string;
  issued_by: string;
  keep_operator: boolean | null;
  result: ResultView | null;
  target: string | null;
  to: RungView | null;
  unanswered: boolean;
}
/**
 * Result of a press; `words` is its detail by language.
 */
export interface ResultView {
  action: Action;
  at: string;
  call_id: string;
  command_id: string;
  detail: string | null;
  outcome: Outcome;
  reason: string | null;
  words: {
    [k: string]: string;
  };
}
/**
 * Telephone to which a transfer leads.
 */
export interface RungView {
  name: string | null;
  number: string | null;
}
/**
 * Levels of a call's voices by role, without those in silence, in a row the dB alone of a usual voice; `s`: seconds of the call, for cards.
 */
export interface CallVoices {
  s?: number;
  [k: string]: [number | null, number | null, number] | [number | null, number | null, number, 1] | number | undefined;
}
/**
 * Changed lines of the call that is drawn whole; `all`: there are no others.
 */
export interface LineChanges {
  all?: true;
  changed: LineView[];
  gone: string[];
}
/**
 * Line of a transcript.
 */
export interface LineView {
  doubted?: DoubtedView[];
  final: boolean;
  id: string;
  other?: OtherHearingView;
  role: Role;
  start_s: number;
  superior?: SuperiorOfLine;
  text: string;
}
/**
 * Words that raise nothing, as the sentence was taken for harmless.
 */
export interface DoubtedView {
  category: string;
  matched: string;
}
/**
 * An utterance as another recogniser heard it.
 */
export interface OtherHearingView {
  engine: string;
  text: string;
}
/**
 * Superior who says a line; not `certain`: it may be the operator, who is heard by the same leg.
 */
export interface SuperiorOfLine {
  certain: boolean;
  name: string | null;
}
/**
 * Missed alerts; `more` are not shown yet, `dropped` never will be.
 */
export interface MissedView {
  alerts: MissedAlertView[];
  dropped: number;
  more: number;
}
/**
 * Alert that was over before anybody saw it; its number acknowledges it.
 */
export interface MissedAlertView {
  agent_id: string;
  alert_id: string;
  call_id: string;
  caller: Party;
  claim?: ClaimMark;
  closed_because: ClosedBecause | null;
  drawn: boolean;
  evidence: (
    | ShoutingEvidence
    | WordsEvidence
    | ToneEvidence
    | DurationEvidence
    | ButtonEvidence
    | OverlapEvidence
    | SilenceEvidence
    | RepeatCallerEvidence
    | AnsweredEvidence
    | OtherEvidence
  )[];
  false_alarm?: FalseAlarmMark;
  number: number;
  operator: Party;
  raised_at: string;
  raised_s: number;
  revision: number;
  rule: string;
  rule_kind: string;
  run: string | null;
  seq: number | null;
  severity: Severity;
  site: string;
  state: AlertState;
  suggestion: Action | null;
  title: {
    [k: string]: string;
  };
  unanswered?: UnansweredMark;
  updated_at: string;
}
/**
 * Levels of the last minute; `end_s`: end of the last step in seconds of the call.
 */
export interface PastLevels {
  end_s: number;
  legs: {
    [k: string]: PastVoice;
  };
  step_s: number;
}
/**
 * Levels and effort of a voice in equal steps; None where nobody spoke.
 */
export interface PastVoice {
  db: (number | null)[];
  effort: (number | null)[];
}
/**
 * Call that rings; one that is among the calls rings at another telephone.
 */
export interface SupervisorRinging {
  answered: boolean;
  call_id: string;
  caller: Party;
  known: KnownCallerView | null;
  phones: string[];
  phones_more: number;
  queue: string | null;
  since: string;
  tap: string;
}
/**
 * Settings of the site, and faults of the dashboard itself.
 */
export interface SupervisorSite {
  broker_connected: boolean;
  broker_problem: ProblemView | null;
  certificate: ProblemView[];
  clocks: {
    [k: string]: number;
  };
  help: HelpNow | null;
  incomplete: boolean;
  language: string;
  left_out: {
    [k: string]: number;
  };
  name: string;
  names_people: boolean;
  newer: string[];
  own_roles: OwnRole[];
  reading: boolean;
  ringing_more: number;
  signatures: {
    [k: string]: SignatureView;
  };
  superiors: SuperiorView[];
  time_zone: string;
  watching_since: string | null;
}
/**
 * Superior whom a call for help would ring now; None outside all opening hours, and when the first is back.
 */
export interface HelpNow {
  name: string | null;
  opens_at: string | null;
}
/**
 * Roles that somebody gave to themselves.
 */
export interface OwnRole {
  added: string[];
  at: string;
  name: string;
}
/**
 * Standing of an agent's signatures, where it is not good.
 */
export interface SignatureView {
  fingerprint: string;
  key: string;
  standing: string;
}
/**
 * Superior of the directory; `open`: within the opening hours.
 */
export interface SuperiorView {
  id: string;
  name: string;
  number: string;
  open: boolean;
  person_id: string | null;
}
/**
 * Changes since the version `from`; None = gone.
 */
export interface SupervisorDelta {
  agents?: {
    [k: string]: SupervisorAgent | null;
  };
  alerts?: {
    [k: string]: SupervisorAlert | null;
  };
  calls?: {
    [k: string]: SupervisorCall | null;
  };
  closed?: SupervisorAlert[];
  closed_more?: number;
  commands?: {
    [k: string]: {
      [k: string]: PressView;
    } | null;
  };
  extensions?: {
    [k: string]: string | null;
  };
  from: number;
  levels?: {
    [k: string]: CallVoices;
  };
  lines?: {
    [k: string]: LineChanges;
  };
  missed?: MissedView;
  now: string;
  past?: {
    [k: string]: PastLevels | null;
  };
  reviewed?: string[];
  ringing?: {
    [k: string]: SupervisorRinging | null;
  };
  seq: number;
  site?: SupervisorSite;
  type: "delta";
}
/**
 * Answer to a ping, behind everything that was sent before; `seq` is the last version among it.
 */
export interface Echo {
  at: number;
  seq: number;
  type: "echo";
}
/**
 * Message every few seconds, where nothing else was sent.
 */
export interface Beat {
  now: string;
  seq: number;
  type: "beat";
}
/**
 * Everything that the page may see.
 */
export interface OperatorSnapshot {
  agents: {
    [k: string]: OperatorAgent;
  };
  alerts: {
    [k: string]: OperatorAlert;
  };
  calls: {
    [k: string]: OperatorCall;
  };
  /**
   * @maxItems 0
   */
  closed: [];
  closed_more: 0;
  commands: {
    [k: string]: {
      [k: string]: PressView;
    };
  };
  extensions: {
    [k: string]: string;
  };
  levels: {
    [k: string]: null;
  };
  missed: NothingMissed;
  now: string;
  ringing: {
    [k: string]: OperatorRinging;
  };
  seq: number;
  site: OperatorSite;
  type: "snapshot";
}
/**
 * Health of an agent, as far as it matters to a call.
 */
export interface OperatorAgent {
  agent_id: string;
  at: string;
  online: boolean;
  /**
   * @maxItems 0
   */
  problems: [];
  speech: SpeechStatus;
  unconfirmed: boolean;
}
/**
 * Alert in the operator's own call, without what was said.
 */
export interface OperatorAlert {
  agent_id: string;
  alert_id: string;
  call_id: string;
  claim: OperatorClaim | null;
  evidence: OperatorEvidence[];
  raised_at: string;
  raised_s: number;
  revision: number;
  rule: string;
  rule_kind: string;
  severity: Severity;
  state: AlertState;
  title: {
    [k: string]: string;
  };
  unanswered: OperatorUnanswered | null;
  updated_at: string;
}
/**
 * Name of who looks after an alert.
 */
export interface OperatorClaim {
  name: string;
}
/**
 * Ground of an alert: enough to choose the next sentence.
 */
export interface OperatorEvidence {
  category?: string;
  comment?: string;
  count?: number;
  count_before?: number;
  demand?: string;
  end_s?: number;
  kind: string;
  reason?: string;
  refusals?: RefusalMade[];
  start_s?: number;
  times_s?: number[];
  title?: {
    [k: string]: string;
  };
}
/**
 * Mark of an alert that waits for an answer; `hold`: the operator may put the customer on hold.
 */
export interface OperatorUnanswered {
  alarm: string | null;
  heard_by: string | null;
  hold: boolean;
}
/**
 * Call of the operator's own extension.
 */
export interface OperatorCall {
  agent_id: string;
  call_id: string;
  capabilities: Action[];
  ended_at: string | null;
  ending?: EndingProposalView;
  help_keys: string | null;
  judging_failed: boolean;
  keep_operator: boolean | null;
  known?: OperatorKnownCaller;
  /**
   * @maxItems 0
   */
  lines: [];
  listeners?: string[];
  operator: Party;
  queue: string | null;
  recording: CallRecording | null;
  returned: boolean;
  stale: boolean;
  started_at: string;
  status: CallStatus;
  stops?: string[];
  unconfirmed: boolean;
}
/**
 * Caller whom the office knows; `contacts` are earlier ones, `last` the newest of them.
 */
export interface OperatorKnownCaller {
  contacts: number;
  last: KnownContact[];
  manner: string | null;
  name: string | null;
}
/**
 * Earlier contact of a caller: when, and with whom.
 */
export interface KnownContact {
  at: string;
  operator: string | null;
}
/**
 * The place of missed alerts: an operator's page has none.
 */
export interface NothingMissed {
  /**
   * @maxItems 0
   */
  alerts: [];
  dropped: 0;
  more: 0;
}
/**
 * Call that rings at the operator's telephone, perhaps at others too.
 */
export interface OperatorRinging {
  answered: boolean;
  call_id: string;
  caller: Party;
  known: OperatorKnownCaller | null;
  phones: string[];
  phones_more: number;
  queue: string | null;
  since: string;
}
/**
 * Settings of the site, and whether the page shows what is.
 */
export interface OperatorSite {
  broker_connected: boolean;
  broker_problem: ProblemView | null;
  help: HelpNow | null;
  incomplete: boolean;
  language: string;
  name: string;
  newer: string[];
  reading: boolean;
  time_zone: string;
  watching_since: string | null;
}
/**
 * Changes since the version `from`; None = gone.
 */
export interface OperatorDelta {
  agents?: {
    [k: string]: OperatorAgent | null;
  };
  alerts?: {
    [k: string]: OperatorAlert | null;
  };
  calls?: {
    [k: string]: OperatorCall | null;
  };
  commands?: {
    [k: string]: {
      [k: string]: PressView;
    } | null;
  };
  extensions?: {
    [k: string]: string | null;
  };
  from: number;
  now: string;
  ringing?: {
    [k: string]: OperatorRinging | null;
  };
  seq: number;
  site?: OperatorSite;
  type: "delta";
}
/**
 * Question for an echo; `at` is any number of the browser's own.
 */
export interface Ping {
  at: number;
  type: "ping";
}
/**
 * Message of a supervisor's page: the alerts that it has drawn, with their revisions.
 */
export interface DrawnAlerts {
  alerts: {
    [k: string]: number;
  };
  type: "drawn";
}
/**
 * Calls that a page draws; names of calls that do not exist, or that it may not see, bring nothing.
 */
export interface Look {
  /**
   * @maxItems 50
   */
  cards: string[];
  /**
   * @maxItems 1000
   */
  rows: string[];
  type: "look";
  whole: string | null;
}
