/**
 * The events of a conversation, over a fetch that never ends: an EventSource can't send headers.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * Whatever breaks, it comes back and goes on after the last event it passed on, so that each is passed on once.
 */
import { Problem, problemOf } from './api.js';

// The server says something every 15 seconds.
const SILENCE_MS = 45_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export class EventStream {
  /**
   * @param {object} options
   * @param {string} options.url
   * @param {import('./api.js').Session} options.session
   * @param {(name: string, data: any) => void} options.onEvent
   * @param {(connected: boolean, resumed?: boolean) => void} options.onState `resumed`: nothing was missed meanwhile
   * @param {(problem: Problem) => void} options.onEnd called when there is nothing to come back to
   */
  constructor(options) {
    Object.assign(this, options);
    this.last = null;
    this.retryMs = FIRST_PAUSE_MS;
    this.failures = 0;
    this.closed = false;
    this.hurry = this.hurry.bind(this);
    addEventListener('online', this.hurry);
    this._run();
  }

  close() {
    this.closed = true;
    removeEventListener('online', this.hurry);
    this.hurry();
  }

  /** Connects anew at once: what there is may be dead without knowing it. */
  hurry() {
    this.failures = 0;
    if (this.controller) this.controller.abort();
    if (this.wake) this.wake();
  }

  async _run() {
    while (!this.closed) {
      this.connected = false;
      try {
        await this.session.withToken((token) => this._connect(token));
      } catch (problem) {
        // A token that expired while we listened is no reason to end: the next round renews it.
        if (problem instanceof Problem && !problem.passing && !this.connected) {
          if (!this.closed) this.onEnd(problem);
          return;
        }
        this.retryAfterMs = (problem.retryAfter || 0) * 1000;
      }
      if (this.closed) return;
      this.onState(false);
      await this._pause();
    }
  }

  async _pause() {
    const longest = Math.min(LONGEST_PAUSE_MS, this.retryMs * 2 ** this.failures);
    this.failures += 1;
    const ms = Math.max(this.retryAfterMs || 0, longest * (0.5 + Math.random() / 2));
    await new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, ms);
    });
    this.wake = null;
  }

  async _connect(token) {
    // Closed while the token was renewed.
    if (this.closed) return;
    const controller = new AbortController();
    this.controller = controller;
    let watchdog;
    const alive = () => {
      clearTimeout(watchdog);
      watchdog = setTimeout(() => controller.abort(), SILENCE_MS);
    };
    alive();
    try {
      const response = await fetch(this.url, {
        headers: { Authorization: `Bearer ${token}`, ...(this.last && { 'Last-Event-ID': this.last }) },
        signal: controller.signal,
        cache: 'no-store',
      });
      if (!response.ok) throw await problemOf(response);
      this.connected = true;
      this.onState(true, this.last !== null);
      await this._read(response.body.getReader(), alive);
    } finally {
      clearTimeout(watchdog);
      controller.abort();
    }
  }

  async _read(reader, alive) {
    const decoder = new TextDecoder();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      // What breaks off in the middle of an event is no event; it comes again.
      if (done || this.closed) return;
      alive();
      text += decoder.decode(value, { stream: true });
      let end;
      while ((end = text.indexOf('\n\n')) >= 0) {
        this._take(text.slice(0, end));
        text = text.slice(end + 2);
        if (this.closed) return;
      }
    }
  }

  _take(block) {
    let name = 'message';
    let data = '';
    let id = null;
    for (const line of block.split('\n')) {
      const [, field, value] = /^(\w*):? ?(.*)$/.exec(line) || [];
      if (field === 'event') name = value;
      else if (field === 'data') data += value;
      else if (field === 'id') id = value;
      else if (field === 'retry') this.retryMs = Number(value) || FIRST_PAUSE_MS;
    }
    if (id) {
      if (this.last && name !== 'resync' && !isAfter(id, this.last)) return;
      this.last = id;
    }
    this.failures = 0;
    if (!data) return;
    const said = JSON.parse(data);
    if (name === 'end' && said.reason === 'not_allowed') {
      // Asked again with a new token, when that was all; the refusal of the next connection says what it is.
      throw new Problem(said.code === 'token_expired' ? 401 : 0);
    }
    this.onEvent(name, said);
  }
}

/** Whether an id, `<epoch>-<number>`, comes after another one. */
function isAfter(id, other) {
  const [epoch, number] = id.split('-');
  const [otherEpoch, otherNumber] = other.split('-');
  return (epoch - otherEpoch || number - otherNumber) > 0;
}
