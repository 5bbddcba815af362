// The order in which calls want to stand: who needs a decision most comes first, among equals who has waited longest.

const RANK = { critical: 3, warning: 2, notice: 1 };
const NEEDS_DECISION = 2; // urgency from which a call stands in the upper part

export class Order {
  constructor() {
    this.keys = new Map(); // call → {callId, urgency, rank, since}
    this.sorted = []; // [{callId, place}]
  }

  /** Takes the changed calls of a picture (`callIds`); true when the order may be another one. */
  update(picture, callIds) {
    let changed = false;
    for (const callId of callIds) {
      const call = picture.calls[callId];
      const before = this.keys.get(callId);
      if (!call) {
        changed = this.keys.delete(callId) || changed;
        continue;
      }
      const since = picture.alertsOf(callId)[0]?.raised_at ?? call.started_at;
      const rank = call.severity ? RANK[call.severity] ?? RANK.warning : 0;
      if (before && before.urgency === call.urgency && before.rank === rank && before.since === since) continue;
      this.keys.set(callId, { callId, urgency: call.urgency, rank, since });
      changed = true;
    }
    if (changed) {
      this.sorted = [...this.keys.values()].sort(worstFirst).map((each) => ({ callId: each.callId, place: each.urgency >= NEEDS_DECISION ? "attention" : "calls" }));
    }
    return changed;
  }
}

const worstFirst = (a, b) => b.urgency - a.urgency || b.rank - a.rank || a.since.localeCompare(b.since) || a.callId.localeCompare(b.callId);
