/**
 * What the panel remembers of a visitor: their tokens, their conversation, what is still to be sent, a draft.
 *
 * It lies in the frame's own storage, which browsers keep apart for each site that embeds it; the page around can't read
 * it. Where storage is refused it lasts as long as the page.
 *
 * @typedef {{key: string, text: string, failed?: string}} Waiting a message that the server doesn't have yet
 * @typedef {{token?: string, refresh?: string, lead?: string, conversation?: string, outbox?: Waiting[],
 *   opening?: {key: string, page: string}, fresh?: boolean, identified?: string, draft?: string}} Kept
 *
 * `opening`: a conversation that the server may or may not have opened; `fresh`: the visitor wants a new one;
 * `identified`: as whom, by the company's signature rather than by the form.
 */
export class Store {
  /** @param {string} agentId */
  constructor(agentId) {
    this.name = `frontdesk:${agentId}`;
    this.memory = '{}';
  }

  /** @returns {Kept} */
  read() {
    let text = this.memory;
    try {
      text = localStorage.getItem(this.name) || '{}';
    } catch {
      // Refused: memory it is.
    }
    try {
      return JSON.parse(text) || {};
    } catch {
      return {};
    }
  }

  /** Changes what is kept, in view of what another tab has just written; undefined removes. @param {Kept} changes */
  change(changes) {
    this._write({ ...this.read(), ...changes });
  }

  clear() {
    this._write({});
  }

  _write(kept) {
    this.memory = JSON.stringify(kept);
    try {
      localStorage.setItem(this.name, this.memory);
    } catch {
      // Refused or full.
    }
  }

  /** Calls `listener` when another tab has changed something. @param {() => void} listener */
  watch(listener) {
    addEventListener('storage', (event) => {
      if (event.key === this.name || event.key === null) listener();
    });
  }
}
