/**
 * Markdown into DOM nodes: what answers are written in (paragraphs, lists, tables, code, quotes, emphasis, links).
 *
 * No HTML is understood: it is shown as the text that it is. While an answer streams, finished blocks stay as they are
 * and only the last one is parsed again.
 */
import { h, link } from './dom.js';

const DEEPEST = 6;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const HEADING = /^ {0,3}(#{1,6})\s(.*)$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const CELLS = /^ {0,3}\|? {0,9}:?-+[-|: ]*$/;

// In the order in which they are tried at a place. Each part is bounded, so that no text takes long.
const INLINE = new RegExp(
  [
    /\\([\\`*_{}[\]()#+\-.!|~>])/, // 1: escaped
    /(`{1,3})([^`][^]{0,2000}?)\2(?!`)/, // 2, 3: code
    /!?\[([^[\]\n]{1,500})\]\(\s*<?([^\s()<>]{1,2000}(?:\([^\s()<>]{0,500}\)[^\s()<>]{0,500})?)>?(?:\s+"[^"\n]{0,300}")?\s*\)/, // 4, 5: link
    /\[(\d{1,3})\]/, // 6: citation
    /(https?:\/\/[^\s<>"'`|]{1,2000})/, // 7: bare address
    /(\*\*|__)(?=\S)([^\n]{0,1000}?\S)\8/, // 8, 9: strong
    /~~(?=\S)([^\n]{0,1000}?\S)~~/, // 10: struck
    /([*_])(?=[^\s*_])([^\n]{0,1000}?[^\s*_])\11(?![\p{L}\p{N}])/, // 11, 12: emphasis
    /(\n)/, // 13
  ]
    .map((each) => each.source)
    .join('|'),
  'gu',
);

/**
 * Renders the blocks of a text into `parent`.
 * @param {Element | DocumentFragment} parent
 * @param {string} text
 * @param {(index: number) => Node | null} cite what stands for the marker `[index]`; null leaves it as text
 */
export function render(parent, text, cite, depth = 0) {
  const lines = text.split('\n');
  let at = 0;
  while (at < lines.length) at = block(parent, lines, at, cite, depth);
}

/** Renders a text that grows. */
export class Growing {
  /** @param {Element} parent @param {(index: number) => Node | null} cite */
  constructor(parent, cite) {
    this.parent = parent;
    this.cite = cite;
    this.done = 0; // so many characters are rendered for good
    this.kept = 0; // in so many nodes
    this.text = '';
  }

  /** Shows `text`, of which the last one was usually the beginning. */
  update(text) {
    if (!text.startsWith(this.text)) this.done = this.kept = 0;
    this.text = text;
    while (this.parent.childNodes.length > this.kept) this.parent.lastChild.remove();
    const end = lastBoundary(text, this.done);
    if (end > this.done) {
      render(this.parent, text.slice(this.done, end), this.cite);
      this.done = end;
      this.kept = this.parent.childNodes.length;
    }
    render(this.parent, text.slice(end), this.cite);
  }
}

/** Where the last blank line ends that is between blocks; not in code, and not before what may go on with a list. */
function lastBoundary(text, from) {
  let end = from;
  let fence = '';
  let at = from;
  let blank = false;
  for (const line of text.slice(from).split('\n')) {
    const mark = FENCE.exec(line);
    if (blank && !fence && line.trim() && !/^\s|^([-*+]|\d{1,9}[.)]?)(\s|$)/.test(line)) end = at;
    if (mark && !fence) fence = mark[1];
    else if (mark && mark[1].startsWith(fence) && !mark[2].trim()) fence = '';
    blank = !line.trim();
    at += line.length + 1;
  }
  return Math.min(end, text.length);
}

/** Renders the block that begins at a line; returns the line after it. */
function block(parent, lines, at, cite, depth) {
  const line = lines[at];
  if (!line.trim()) return at + 1;
  const fence = FENCE.exec(line);
  if (fence) return code(parent, lines, at, fence[1]);
  const heading = HEADING.exec(line);
  if (heading) {
    // The panel's own heading is the first level.
    const node = h(`h${Math.min(6, heading[1].length + 2)}`);
    inline(node, heading[2], cite);
    parent.append(node);
    return at + 1;
  }
  if (RULE.test(line)) {
    parent.append(h('hr'));
    return at + 1;
  }
  if (QUOTE.test(line) && depth < DEEPEST) return quote(parent, lines, at, cite, depth);
  if (ITEM.test(line) && depth < DEEPEST) return list(parent, lines, at, cite, depth);
  if (line.includes('|') && CELLS.test(lines[at + 1] || '')) return table(parent, lines, at, cite);
  return paragraph(parent, lines, at, cite, depth);
}

function code(parent, lines, at, fence) {
  const inside = [];
  let next = at + 1;
  while (next < lines.length && !(lines[next].trim().startsWith(fence) && !lines[next].trim().replace(/[`~]/g, ''))) {
    inside.push(lines[next]);
    next += 1;
  }
  parent.append(h('pre', { tabindex: 0 }, h('code', { text: inside.join('\n') })));
  return next + 1;
}

function quote(parent, lines, at, cite, depth) {
  const inside = [];
  while (at < lines.length && QUOTE.test(lines[at])) {
    inside.push(lines[at].replace(QUOTE, ''));
    at += 1;
  }
  const node = h('blockquote');
  render(node, inside.join('\n'), cite, depth + 1);
  parent.append(node);
  return at;
}

function list(parent, lines, at, cite, depth) {
  const [, indent, marker] = ITEM.exec(lines[at]);
  const ordered = /\d/.test(marker);
  const node = h(ordered ? 'ol' : 'ul', { start: ordered && parseInt(marker, 10) !== 1 ? parseInt(marker, 10) : null });
  while (at < lines.length) {
    const item = ITEM.exec(lines[at]);
    if (!item || item[1].length > indent.length + 1 || /\d/.test(item[2]) !== ordered || item[1].length < indent.length) break;
    const inside = [item[3]];
    at += 1;
    while (at < lines.length && belongs(lines, at, indent.length)) {
      inside.push(lines[at].replace(/^\s{1,4}/, ''));
      at += 1;
    }
    const entry = h('li');
    render(entry, inside.join('\n'), cite, depth + 1);
    // A single paragraph in an entry is just its text.
    if (entry.childNodes.length === 1 && entry.firstChild.nodeName === 'P') entry.replaceChildren(...entry.firstChild.childNodes);
    node.append(entry);
    while (at < lines.length && !lines[at].trim() && ITEM.test(lines[at + 1] || '')) at += 1;
  }
  parent.append(node);
  return at;
}

/** Whether a line goes on with the list entry whose marker is indented by `indent`. */
function belongs(lines, at, indent) {
  const line = lines[at];
  const next = line.trim() ? line : lines[at + 1] || '';
  if (!next.trim()) return false;
  const deeper = next.length - next.trimStart().length > indent + 1;
  if (!line.trim()) return deeper;
  return deeper || !(ITEM.test(line) || FENCE.test(line) || HEADING.test(line) || QUOTE.test(line) || RULE.test(line));
}

function table(parent, lines, at, cite) {
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, '')
      .replace(/\\\|/g, '\0')
      .split('|')
      .map((each) => each.trim().replace(/\0/g, '|'));
  const row = (line, tag, width) => {
    const found = cells(line);
    return h(
      'tr',
      {},
      ...Array.from({ length: width }, (_, column) => {
        const cell = h(tag);
        inline(cell, found[column] || '', cite);
        return cell;
      }),
    );
  };
  const width = Math.min(cells(lines[at]).length, 20);
  const body = h('tbody');
  const head = h('thead', {}, row(lines[at], 'th', width));
  at += 2;
  while (at < lines.length && lines[at].includes('|')) {
    body.append(row(lines[at], 'td', width));
    at += 1;
  }
  parent.append(h('div', { class: 'wide', tabindex: 0 }, h('table', {}, head, body)));
  return at;
}

function paragraph(parent, lines, at, cite, depth) {
  const inside = [lines[at]];
  at += 1;
  while (at < lines.length && lines[at].trim()) {
    const line = lines[at];
    if (FENCE.test(line) || HEADING.test(line) || RULE.test(line)) break;
    if (depth < DEEPEST && (QUOTE.test(line) || /^\s{0,3}([-*+]|1[.)])\s/.test(line))) break;
    inside.push(line);
    at += 1;
  }
  const node = h('p');
  inline(node, inside.map((each) => each.trim()).join('\n'), cite);
  parent.append(node);
  return at;
}

/** Renders a line's text: emphasis, code, links and citations. */
function inline(parent, text, cite, depth = 0) {
  let at = 0;
  const plain = (end) => end > at && parent.append(text.slice(at, end));
  const nested = (tag, inside) => {
    const node = h(tag);
    if (depth < DEEPEST) inline(node, inside, cite, depth + 1);
    else node.textContent = inside;
    return node;
  };
  const scan = new RegExp(INLINE);
  for (let found = scan.exec(text); found; found = scan.exec(text)) {
    const [, escaped, , coded, label, target, cited, address, , strong, struck, , emphasis, newline] = found;
    let node;
    let length = found[0].length;
    if (escaped) node = document.createTextNode(escaped);
    else if (coded) node = h('code', { text: coded.trim() || coded });
    else if (label) node = link(target, label);
    else if (cited) node = cite(Number(cited)) || document.createTextNode(found[0]);
    else if (address) {
      const trimmed = address.replace(/[.,;:!?)\]*_~]+$/, '');
      length = trimmed.length;
      node = link(trimmed, trimmed);
    } else if (strong) node = nested('strong', strong);
    else if (struck) node = nested('s', struck);
    else if (newline) node = h('br');
    else if (/[\p{L}\p{N}]/u.test(text[found.index - 1] || '')) {
      // snake_case and 2*3*4 are no emphasis. (A lookbehind would say so, but not every browser knows them.)
      scan.lastIndex = found.index + 1;
      continue;
    } else node = nested('em', emphasis);
    plain(found.index);
    parent.append(node);
    at = scan.lastIndex = found.index + length;
  }
  plain(text.length);
}
