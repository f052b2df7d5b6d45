/** How messages look: the visitor's, and answers with their sources. */
import { fill, h, icon, ICONS, link, safeAddress } from './dom.js';
import { Growing, render } from './markdown.js';

let counter = 0;

/** A message of the visitor. */
export function question({ id, content, status }, { strings, onAgain }) {
  const node = h('div', { class: 'message', 'data-role': 'user', 'data-id': id }, h('div', { class: 'text', dir: 'auto', text: content }));
  if (status === 'failed') {
    node.append(
      h('div', { class: 'note bad' }, `${strings.failed} `, h('button', { class: 'plain again', text: strings.again, onclick: onAgain })),
    );
  }
  return node;
}

/** A message that the server doesn't have yet. */
export function unsent({ key, text, failed }, { strings, stuck, onAgain, onDrop }) {
  const node = h('div', { class: 'message unsent', 'data-role': 'user', 'data-key': key }, h('div', { class: 'text', dir: 'auto', text }));
  if (failed) {
    node.append(
      h(
        'div',
        { class: 'note bad' },
        `${strings.not_sent} ${failed} `,
        h('button', { class: 'plain again', text: strings.again, onclick: onAgain }),
        ' ',
        h('button', { class: 'plain', text: strings.remove, onclick: onDrop }),
      ),
    );
  } else if (stuck) node.append(h('div', { class: 'note', text: strings.waiting }));
  return node;
}

/** An answer: a draft that grows, then the final message with its sources. */
export class Answer {
  constructor({ strings, contact, onRate }) {
    Object.assign(this, { strings, contact, onRate });
    this.text = h('div', { class: 'text', dir: 'auto' });
    this.node = h('div', { class: 'message', 'data-role': 'assistant' }, this.text);
    this.growing = new Growing(this.text, (index) => h('sup', { class: 'pending', text: index }));
    this.sources = new Map();
  }

  /** Shows the text so far. */
  grow(text) {
    this.growing.update(text);
  }

  /** Shows the final message. */
  finish(message) {
    this.message = message;
    this.node.dataset.id = message.id;
    const fragment = document.createDocumentFragment();
    render(fragment, message.content, (index) => this._marker(index));
    this.text.replaceChildren(fragment);
    if (message.language) this.text.lang = message.language;
    const note = message.metadata?.uncited && h('p', { class: 'note', text: this.strings.uncited });
    this.node.append(...[this._sources(), note, this._offer(), this._thumbs()].filter(Boolean));
  }

  /** Shows a rating. */
  rated(feedback) {
    for (const button of this.node.querySelectorAll('.thumb')) {
      button.setAttribute('aria-pressed', feedback?.rating === button.dataset.rating);
    }
  }

  _marker(index) {
    const citation = this.message.citations.find((each) => each.index === index);
    return citation && h('sup', {}, this._opener(citation, String(index), 'citation marker'));
  }

  /** A button that shows the quoted passage. */
  _opener(citation, text, className) {
    const source = this._source(citation);
    const button = h('button', {
      class: className,
      text,
      dir: 'auto',
      'data-index': citation.index,
      'aria-expanded': 'false',
      'aria-controls': source.passage.id,
      'aria-label': `${this.strings.source} ${citation.index}: ${citation.title}`,
      onclick: () => this._toggle(source),
    });
    source.buttons.push(button);
    return button;
  }

  /** A citation's passage and what opens it, which may be said several times. */
  _source(citation) {
    let source = this.sources.get(citation.index);
    if (!source) {
      counter += 1;
      source = { passage: passageOf(citation, this.strings, `passage-${counter}`), buttons: [] };
      this.sources.set(citation.index, source);
    }
    return source;
  }

  _toggle(wanted) {
    const opening = wanted.passage.hidden;
    for (const source of this.sources.values()) {
      const shown = opening && source === wanted;
      source.passage.hidden = !shown;
      for (const button of source.buttons) button.setAttribute('aria-expanded', shown);
    }
    if (opening) wanted.passage.scrollIntoView({ block: 'nearest' });
  }

  _sources() {
    const { citations } = this.message;
    if (!citations.length) return null;
    const chips = citations.map((each) => h('li', {}, this._opener(each, `${each.index} · ${placeOf(each, this.strings)}`, 'citation chip')));
    return h(
      'div',
      { class: 'sources' },
      h('ul', { 'aria-label': this.strings.sources }, ...chips),
      ...Array.from(this.sources.values(), (each) => each.passage),
    );
  }

  /** A person, when the documents didn't tell. */
  _offer() {
    const { message, strings, contact } = this;
    if (!message.metadata?.handover_offered) return null;
    const ways = [
      contact.email && link(`mailto:${contact.email}`, strings.write),
      contact.phone && h('a', { href: `tel:${contact.phone}`, text: fill(strings.call, { number: contact.phone }) }),
      contact.url && safeAddress(contact.url) && link(contact.url, strings.visit),
    ].filter(Boolean);
    return h('div', { class: 'person' }, h('p', { text: ways.length ? strings.person_text : strings.kept }), ...ways);
  }

  _thumbs() {
    const { message, strings } = this;
    const thumb = (rating, label) =>
      h(
        'button',
        {
          class: 'thumb',
          'data-rating': rating,
          'aria-label': label,
          title: label,
          'aria-pressed': `${message.feedback?.rating === rating}`,
          onclick: () => this.onRate(message.id, rating),
        },
        icon(ICONS.up),
      );
    return h('div', { class: 'thumbs' }, thumb('up', strings.helpful), thumb('down', strings.not_helpful));
  }
}

function placeOf({ title, page, heading_path: path }, strings) {
  if (page) return `${title}, ${fill(strings.page, { n: page })}`;
  const heading = path && path[path.length - 1];
  return heading && heading !== title ? `${title} › ${heading}` : title;
}

function passageOf(citation, strings, id) {
  const path = (citation.heading_path || []).join(' › ');
  return h(
    'figure',
    { class: 'passage', id, hidden: true },
    h('blockquote', { dir: 'auto', text: citation.quote }),
    h('figcaption', { dir: 'auto' }, h('b', { text: placeOf({ ...citation, heading_path: null }, strings) }), path && path !== citation.title ? h('span', { text: path }) : null),
    citation.url && safeAddress(citation.url) ? link(`${citation.url.split('#')[0]}#:~:text=${fragment(citation.quote)}`, strings.open_source) : null,
  );
}

/** The quoted words, for browsers that jump to them: https://wicg.github.io/scroll-to-text-fragment/ */
function fragment(quote) {
  const words = quote.split('\n')[0].trim().split(/\s+/);
  const encoded = (part) => encodeURIComponent(part.join(' ')).replace(/-/g, '%2D');
  return words.length > 12 ? `${encoded(words.slice(0, 5))},${encoded(words.slice(-5))}` : encoded(words);
}
