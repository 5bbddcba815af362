// Calls that have no slot, as small cards.

import { Card } from "./card.js";
import { show } from "./dom.js";

export class Rows {
  /**
   * @param {HTMLElement} element
   * @param {import("./board.js").Board} board
   */
  constructor(element, board) {
    this.element = element;
    this.board = board;
    this.grid = /** @type {HTMLElement} */ (element.querySelector(".grid"));
    /** @type {Map<string, Card>} */
    this.cards = new Map();
  }

  /**
   * @param {any} picture
   * @param {any} changes as of `Picture.takeChanges`
   */
  update(picture, changes) {
    const wanted = Object.keys(picture.calls).filter((callId) => !this.board.hasSlot(callId));
    for (const [callId, card] of this.cards) {
      if (wanted.includes(callId)) continue;
      if (!picture.calls[callId] && this.board.held(callId)) {
        card.end();
        continue;
      }
      card.buttons.remove();
      card.element.remove();
      this.cards.delete(callId);
    }
    for (const callId of wanted) {
      let card = this.cards.get(callId);
      const fresh = !card;
      if (!card) {
        card = new Card(callId, this.board);
        this.cards.set(callId, card);
        this.grid.append(card.element);
      }
      if (fresh || changes.all || changes.calls.has(callId)) card.update(picture);
      else if (changes.levels.has(callId)) card.updateLevels(picture);
    }
    show(this.element, this.cards.size > 0);
  }

  /** @returns {string[]} calls that are drawn */
  shown() {
    return [...this.cards.keys()];
  }

  /** @param {number} now */
  tick(now) {
    for (const card of this.cards.values()) card.tick(now);
  }
}
