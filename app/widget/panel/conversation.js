/**
 * A visitor's conversation: what was said, what is being said, and what is still to be sent.
 *
 * The server's messages are the truth. A message that the server doesn't have yet waits in the outbox, under a key that
 * makes sending it twice harmless; it survives reloads and being offline. An answer that streams is a draft until its
 * final message replaces it.
 *
 * @typedef {{id: string, role: string, content: string, status: string, citations: any[], metadata: any,
 *   feedback: any, error: any, task_id: string | null}} Message
 */
import { base, passOver } from './api.js';
import { EventStream } from './stream.js';

const PAGE = 50;
const SEND_AGAIN_MS = 3_000;

export class Conversation {
  /**
   * @param {object} options
   * @param {string} options.agentId
   * @param {import('./store.js').Store} options.store
   * @param {import('./api.js').Session} options.session
   * @param {() => void} options.onChange called after messages, drafts or the connection have changed
   * @param {(message: Message) => void} options.onAnswer called for each answer that has just been completed
   */
  constructor({ agentId, store, session, onChange, onAnswer }) {
    Object.assign(this, { agentId, store, session, onChange, onAnswer });
    /** @type {Map<string, Message>} */
    this.messages = new Map();
    /** Answers on their way, by turn: @type {Map<string, {id: string, question: string, text: string, sequence: number}>} */
    this.drafts = new Map();
    this.era = 0; // counts the visitors and new beginnings
    this.sending = null;
    this._clear();
  }

  get id() {
    return this.store.read().conversation;
  }

  /** @returns {import('./store.js').Waiting[]} */
  get outbox() {
    return this.store.read().outbox || [];
  }

  /** Shows what there is, and goes on from there. */
  async resume() {
    if (!this.id && !this.store.read().fresh) await this._findLatest().catch(passOver);
    if (this.id) {
      this._listen();
      await this.refresh();
    }
    this.onChange();
    this.flush();
  }

  /** Holds no connection any more. */
  pause() {
    if (this.stream) this.stream.close();
    this.stream = null;
    clearTimeout(this.sendTimer);
  }

  /** Shows nothing any more, and nothing that was asked for what is shown now. */
  reset() {
    this.era += 1;
    this.sending = null;
    this._clear();
  }

  _clear() {
    this.pause();
    this.messages.clear();
    this.drafts.clear();
    this.person = null; // who is typing or has joined
    this.earlier = 0; // the page of messages before those that are here
    this.connected = true;
  }

  /** Forgets this conversation; the next message begins another one. */
  restart() {
    this.reset();
    this.store.change({ outbox: undefined });
    this._gone();
  }

  /** Takes a message of the visitor. */
  say(text) {
    this.store.change({ outbox: [...this.outbox, { key: newKey(), text }] });
    this.onChange();
    return this.flush();
  }

  /** Tries a message again that was refused. */
  sayAgain(key) {
    this.store.change({ outbox: this.outbox.map((each) => (each.key === key ? { key: newKey(), text: each.text } : each)) });
    this.onChange();
    return this.flush();
  }

  drop(key) {
    this.store.change({ outbox: this.outbox.filter((each) => each.key !== key) });
    this.onChange();
  }

  /** Sends what waits, in order, one after the other. */
  flush() {
    if (!this.sending) {
      this.sending = this._flush().finally(() => {
        this.sending = null;
      });
    }
    return this.sending;
  }

  async _flush() {
    clearTimeout(this.sendTimer);
    for (;;) {
      const next = this.outbox.find((each) => !each.failed);
      if (!next || !this.session.known) return;
      try {
        await this._send(next);
      } catch (problem) {
        passOver(problem);
        if (problem.passing || problem.status === 401) {
          const ms = Math.max(problem.retryAfter * 1000, SEND_AGAIN_MS);
          this.sendTimer = setTimeout(() => this.flush(), ms);
          this.onChange();
          return;
        }
        const failed = Object.values(problem.errors || {}).flat()[0] || problem.message || String(problem.status);
        this.store.change({ outbox: this.outbox.map((each) => (each.key === next.key ? { ...each, failed } : each)) });
        this.onChange();
      }
    }
  }

  /** One call in the visitor's name. Nobody learns the answer when somebody else is there by then, or has begun anew. */
  async _call(...what) {
    const { era } = this;
    const outcome = this.session.call(...what);
    await outcome.catch(() => {});
    return era === this.era ? outcome : new Promise(() => {});
  }

  async _send({ key, text }) {
    await this._open();
    let sent;
    try {
      sent = await this._post(key, text);
    } catch (problem) {
      // Closed, or deleted by the team: the visitor simply goes on in a new one.
      if (problem.code !== 'conversation_closed' && problem.status !== 404) throw problem;
      this._gone();
      await this._open();
      sent = await this._post(key, text);
    }
    const answered = [...this.messages.values()].some((each) => each.reply_to_id === sent.message_id);
    if (!this.messages.has(sent.message_id)) {
      this.messages.set(sent.message_id, message(sent.message_id, 'user', text, { status: 'queued', task_id: sent.task_id }));
    }
    this.drop(key);
    // The answer was faster than the receipt: the server knows their order.
    if (answered) this.refresh();
  }

  _post(key, text) {
    return this._call('POST', `/v1/conversation/${this.id}/chat`, { key, body: { message: text } });
  }

  async _open() {
    if (!this.id) {
      // Kept with its key: the same key may only ever be sent with the same body.
      const opening = this.store.read().opening || { key: newKey(), page: this.about };
      this.store.change({ opening });
      const body = { agent_id: this.agentId, metadata: opening.page ? { page: opening.page } : {} };
      const { id } = await this._call('POST', '/v1/conversation', { key: opening.key, body });
      this.store.change({ conversation: id, opening: undefined, fresh: undefined });
    }
    this._listen();
  }

  /** The conversation that this visitor had elsewhere, on another device say. */
  async _findLatest() {
    const { items } = await this._call('GET', '/v1/conversation/entity?per_page=20');
    const found = items.find((each) => each.agent_id === this.agentId && each.status === 'active');
    if (found && !this.id) this.store.change({ conversation: found.id });
  }

  /** Reads the messages anew, the last ones. */
  async refresh() {
    const { id } = this;
    if (!id) return;
    try {
      let found = await this._page(1);
      const last = found.pagination.pages;
      if (last > 1) found = await this._page(last);
      if (id !== this.id) return;
      const answered = new Set([...this.messages.values()].filter((each) => each.role === 'assistant').map((each) => each.id));
      const first = this.messages.size === 0;
      // What was read earlier stays in front; what is known of both is as the server has it now.
      for (const each of found.items) this._take(each);
      this._order();
      if (first) this.earlier = last - 1;
      this._dropSettledDrafts();
      this.onChange();
      if (!first) found.items.filter((each) => each.role === 'assistant' && !answered.has(each.id)).forEach(this.onAnswer);
    } catch (problem) {
      passOver(problem);
      if (problem.status === 404) this._gone();
    }
  }

  /** Takes a message as the server has it, unless we have heard since that it is settled. */
  _take(message) {
    const known = this.messages.get(message.id);
    const settled = known && isOpen(message) && !isOpen(known);
    this.messages.set(message.id, settled ? { ...message, status: known.status, error: known.error } : message);
  }

  /** Reads the page of messages before those that are here. */
  async readEarlier() {
    const { items } = await this._page(this.earlier);
    this.earlier -= 1;
    for (const each of items) if (!this.messages.has(each.id)) this.messages.set(each.id, each);
    this._order();
    this.onChange();
  }

  _page(number) {
    return this._call('GET', `/v1/conversation/${this.id}/messages?per_page=${PAGE}&page=${number}`);
  }

  /** Rates an answer; the same rating again takes it back. */
  async rate(id, rating) {
    const before = this.messages.get(id);
    const wanted = before.feedback && before.feedback.rating === rating ? null : rating;
    this.messages.set(id, { ...before, feedback: wanted && { rating: wanted } });
    this.onChange();
    try {
      await this._call('PUT', `/v1/message/${id}/feedback`, { body: { rating: wanted } });
    } catch (problem) {
      this.messages.set(id, before);
      this.onChange();
      throw problem;
    }
    return wanted;
  }

  /** Whether an answer is expected that hasn't begun. */
  get waiting() {
    if (this.drafts.size) return false;
    return [...this.messages.values()].some(isOpen);
  }

  _listen() {
    if (this.stream && this.stream.conversation === this.id) return;
    if (this.stream) this.stream.close();
    const { id } = this;
    const url = `${base}/v1/conversation/${id}/messages/stream`;
    this.stream = new EventStream({
      url,
      session: this.session,
      onEvent: (name, said) => this.id === id && this._hear(name, said),
      onState: (connected, resumed) => this._setConnected(connected, resumed),
      onEnd: (problem) => this._ended(problem),
    });
    this.stream.conversation = id;
  }

  _setConnected(connected, resumed) {
    const back = connected && !this.connected;
    this.connected = connected;
    // A stream that doesn't resume begins with the turns that aren't over: one that was stored since the messages were
    // read would be in neither. And without events the messages tell, if only at every attempt to come back.
    if (connected ? !resumed : this.waiting || this.drafts.size) this.refresh();
    if (back) this.flush();
    this.onChange();
  }

  _ended(problem) {
    this.stream = null;
    if (problem.status === 404) this._gone();
  }

  _gone() {
    this._clear();
    this.store.change({ conversation: undefined, opening: undefined });
    this.onChange();
  }

  _hear(name, said) {
    if (name === 'resync') this.refresh();
    else if (name === 'queued' || name === 'processing') this._begin(name, said);
    else if (name === 'chat_delta') this._draft(said);
    else if (name === 'chat_response') this._answer(said);
    else if (name === 'completed') this._end(said);
    else if (name === 'failed') this._fail(said);
    else if (name === 'typing' || name === 'handover') this._person(name, said);
    else return;
    this.onChange();
  }

  _begin(status, { task_id: turn, message_id: id }) {
    const asked = this.messages.get(id);
    if (asked && asked.status !== 'completed') this.messages.set(id, { ...asked, status });
    // A new attempt says everything anew.
    if (status === 'processing') this.drafts.delete(turn);
    // Said in another tab; unless it is ours, and the answer to our call is still on its way.
    if (!asked) Promise.resolve(this.sending).then(() => this.messages.has(id) || this.refresh());
  }

  _draft({ task_id: turn, message_id: question, sequence, text }) {
    const draft = this.drafts.get(turn);
    if (sequence === 1) this.drafts.set(turn, { id: turn, question, text, sequence });
    else if (draft && sequence === draft.sequence + 1) Object.assign(draft, { text: draft.text + text, sequence });
  }

  _answer({ task_id: turn, message_id: id, message: answer }) {
    this.drafts.delete(turn);
    this._settle(id, { status: 'completed', error: null });
    if (this.messages.has(answer.id)) return;
    this.messages.set(answer.id, answer);
    this.person = this.person && { ...this.person, typing: false };
    this.onAnswer(answer);
  }

  _end({ task_id: turn, message_id: id, message: answer }) {
    if (answer) this._answer({ task_id: turn, message_id: id, message: answer });
    else this._settle(id, { status: 'completed' });
    this.drafts.delete(turn);
  }

  _fail({ task_id: turn, message_id: id, error }) {
    this.drafts.delete(turn);
    this._settle(id, { status: 'failed', error });
  }

  _settle(id, changes) {
    const asked = this.messages.get(id);
    if (asked) this.messages.set(id, { ...asked, ...changes });
  }

  _person(name, { status, active, who, display_name: shown }) {
    if (name === 'handover') this.person = status === 'left' || status === 'cancelled' ? null : { name: shown, status };
    else if (who === 'supporter') this.person = { ...this.person, name: shown || this.person?.name, typing: active };
  }

  _order() {
    const ordered = [...this.messages.values()].sort((one, other) => (one.sequence ?? 1e9) - (other.sequence ?? 1e9));
    this.messages = new Map(ordered.map((each) => [each.id, each]));
  }

  /** An answer may have been stored while we were away, and its final event missed. */
  _dropSettledDrafts() {
    for (const each of this.messages.values()) {
      if (each.task_id && !isOpen(each)) this.drafts.delete(each.task_id);
    }
  }
}

/** Whether the answer to a message is still to come. */
function isOpen({ status }) {
  return status === 'queued' || status === 'processing';
}

function message(id, role, content, more) {
  return { id, role, content, citations: [], metadata: {}, feedback: null, error: null, task_id: null, ...more };
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (each) => each.toString(16).padStart(2, '0')).join('');
}
