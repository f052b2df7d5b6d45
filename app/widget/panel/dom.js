/** Building elements. Text is always text: nothing in the panel is ever parsed as HTML. */

/**
 * An element. `props`: `class`, `text`, `on<event>` functions, and attributes; null and false are left out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined)} children
 * @returns {any}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  // Which submits nothing, unless it is asked to.
  if (tag === 'button') node.type = 'button';
  for (const [name, value] of Object.entries(props)) {
    if (value == null || value === false) continue;
    if (name === 'text') node.textContent = value;
    else if (name === 'class') node.className = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((each) => each != null));
  return node;
}

/** An icon, drawn by strokes in a 24 × 24 box. */
export function icon(path) {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  const line = document.createElementNS(space, 'path');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', path);
  svg.append(line);
  return svg;
}

export const ICONS = {
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
  menu: 'M12 5.5v.01M12 12v.01M12 18.5v.01',
  send: 'M5 12h13M12.5 6l6 6-6 6',
  up: 'M7 10.5V20H4v-9.5zM7 10.5L11 3.5c1.4 0 2.3 1.1 2 2.4L12.3 9h6.2c1.2 0 2 1.1 1.7 2.3l-1.6 6.7c-.2.9-1 1.5-1.9 1.5H7',
};

/** An address that a link may lead to, or null: whatever isn't plainly a web page or a mail is no link. */
export function safeAddress(text) {
  try {
    const url = new URL(text);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link into a tab of its own, which learns nothing of this page; plain text when the address isn't safe. */
export function link(address, ...children) {
  const href = safeAddress(address);
  if (!href) return h('span', {}, ...children);
  return h('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children);
}

/** `text` with `{name}` replaced by the values. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
}
