/** The conversation on the screen: what changed is changed, what is there stays. */
import { Answer, question, unsent } from './answer.js';
import { fill, h, icon, ICONS } from './dom.js';

// Who is so near to the end is reading what comes, and is kept there.
const NEAR_END_PX = 80;

export class Thread {
  /** @param {{config: any, conversation: import('./conversation.js').Conversation}} options */
  constructor({ config, conversation, onRated }) {
    Object.assign(this, { config, conversation, onRated });
    const { strings } = config;
    /** Nodes by the id of what they show: @type {Map<string, {node: Element, shows: string, answer?: Answer}>} */
    this.entries = new Map();
    this.before = h('div', { class: 'before' });
    this.list = h('div', { class: 'list' });
    this.earlier = h('button', { class: 'pill', id: 'earlier', text: strings.earlier, hidden: true, onclick: () => this._readEarlier() });
    this.down = h('button', { id: 'down', 'aria-label': strings.newest, hidden: true, onclick: () => this.toEnd() }, icon(ICONS.down));
    // Off: only finished answers are announced, in a region of their own.
    this.log = h('div', { id: 'log', role: 'log', 'aria-live': 'off', 'aria-label': strings.log, tabindex: 0 }, this.earlier, this.before, this.list);
    this.node = h('div', { class: 'scroll' }, this.log, this.down);
    this.log.addEventListener('scroll', () => {
      this.down.hidden = this.nearEnd;
    }, { passive: true });
  }

  get nearEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.log;
    return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** To the end, but no further than to the last question: a long answer is read from its beginning. */
  _follow() {
    const questions = this.list.querySelectorAll('[data-role=user]');
    const last = questions[questions.length - 1];
    this.toEnd();
    if (last) this.log.scrollTop = Math.min(this.log.scrollTop, last.offsetTop - 12);
  }

  /** Shows the conversation as it is now. */
  show() {
    const stay = this.nearEnd && this.entries.size + this.conversation.outbox.length > 0;
    const wanted = [...this._wanted()];
    const ids = new Set(wanted.map(([id]) => id));
    for (const [id, { node }] of this.entries) {
      if (ids.has(id)) continue;
      node.remove();
      this.entries.delete(id);
    }
    let after = null;
    for (const [id, shows, build, update] of wanted) {
      const node = this._entry(id, shows, build, update);
      const place = after ? after.nextSibling : this.list.firstChild;
      if (node !== place) this.list.insertBefore(node, place);
      after = node;
    }
    this.earlier.hidden = this.conversation.earlier < 1;
    if (stay) this._follow();
    this.down.hidden = this.nearEnd;
  }

  _entry(id, shows, build, update) {
    let entry = this.entries.get(id);
    if (entry && entry.shows === shows) return entry.node;
    if (entry && update) update(entry);
    else {
      const made = build();
      if (entry) entry.node.replaceWith(made.node || made);
      entry = made.node ? { node: made.node, answer: made } : { node: made };
      this.entries.set(id, entry);
    }
    entry.shows = shows;
    return entry.node;
  }

  /** What is to be seen, in order: id, what it shows (to see whether it changed), how it is made, how it is changed. */
  *_wanted() {
    const { conversation, config } = this;
    const { strings } = config;
    const waiting = [...conversation.outbox];
    for (const each of conversation.messages.values()) {
      if (each.role === 'user') yield this._question(each);
      else yield [each.id, JSON.stringify(each.feedback), () => this._finished(each), ({ answer }) => answer.rated(each.feedback)];
    }
    const drafts = [...conversation.drafts.values()];
    // Its question is stored, only the receipt is still on its way.
    if (waiting.length && drafts.some((each) => !conversation.messages.has(each.question))) yield this._unsent(waiting.shift());
    for (const each of drafts) yield [each.id, each.text, () => this._growing(each), ({ answer }) => answer.grow(each.text)];
    const sending = waiting.some((each) => !each.failed) && conversation.connected && navigator.onLine;
    for (const each of waiting) yield this._unsent(each);
    const { person } = conversation;
    if (person?.status) yield ['person', JSON.stringify(person), () => h('p', { class: 'event', text: fill(strings[`person_${person.status}`] || '', { name: person.name || strings.someone }) })];
    if (conversation.waiting || sending || person?.typing) {
      yield ['typing', '', () => h('div', { class: 'message typing', 'data-role': 'assistant', role: 'img', 'aria-label': strings.thinking }, h('i'), h('i'), h('i'))];
    }
  }

  _question(each) {
    const onAgain = () => this.conversation.say(each.content);
    return [each.id, each.status === 'failed', () => question(each, { strings: this.config.strings, onAgain })];
  }

  _unsent(each) {
    const { conversation } = this;
    const stuck = !conversation.connected || !navigator.onLine;
    const more = { strings: this.config.strings, stuck, onAgain: () => conversation.sayAgain(each.key), onDrop: () => conversation.drop(each.key) };
    return [each.key, `${each.failed}${stuck}`, () => unsent(each, more)];
  }

  _answer() {
    const { strings, contact } = this.config;
    return new Answer({ strings, contact, onRate: (id, rating) => this._rate(id, rating) });
  }

  _growing(draft) {
    const answer = this._answer();
    answer.grow(draft.text);
    return answer;
  }

  _finished(message) {
    const answer = this._answer();
    answer.finish(message);
    return answer;
  }

  async _rate(id, rating) {
    this.onRated(await this.conversation.rate(id, rating).catch(() => null));
  }

  async _readEarlier() {
    const { log } = this;
    const fromEnd = log.scrollHeight - log.scrollTop;
    await this.conversation.readEarlier();
    log.scrollTop = log.scrollHeight - fromEnd;
  }
}
