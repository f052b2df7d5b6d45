/**
 * The panel: a frame on our own origin, inside a page that isn't ours. What the page says (its address, its visitor's
 * identity) is untrusted; it comes through one channel, handed over by the loader.
 */
import { call, passOver, Session } from './api.js';
import { Conversation } from './conversation.js';
import { h, icon, ICONS } from './dom.js';
import { registration } from './form.js';
import { Store } from './store.js';
import { Thread } from './thread.js';

const config = JSON.parse(document.getElementById('config').textContent);
const { agent, strings, texts, look } = config;
const store = new Store(agent.id);
const session = new Session(store, () => begin(strings.expired));
const conversation = new Conversation({ agentId: agent.id, store, session, onChange: draw, onAnswer: answered });
const thread = new Thread({ config, conversation, onRated: (rating) => announce(rating ? strings.thanks : '') });

let port;
let opened = false;
let unread = 0;
let page = '';
let planned = false;
let claim; // who the page says the visitor is, last

const announcer = h('div', { class: 'unseen', role: 'status', 'aria-live': 'polite' });
const connection = h('div', { id: 'connection', role: 'status', hidden: true });
const composer = h('textarea', {
  id: 'composer',
  rows: 1,
  maxlength: config.limits.message_characters,
  placeholder: texts.placeholder || strings.placeholder,
  'aria-label': texts.placeholder || strings.placeholder,
  enterkeyhint: 'send',
});
const send = h('button', { id: 'send', type: 'submit', 'aria-label': strings.send, title: strings.send }, icon(ICONS.send));
const foot = h('form', { class: 'foot', hidden: true }, composer, send);
const note = h('p', { class: 'ai', text: strings.note });
const menu = h(
  'div',
  { id: 'menu', hidden: true },
  h('button', { text: strings.restart, onclick: () => leave(false) }),
  h('button', { text: strings.forget, onclick: () => leave(true) }),
);
const more = h('button', { class: 'tool', id: 'more', 'aria-label': strings.menu, 'aria-expanded': 'false', 'aria-controls': 'menu', hidden: true, onclick: () => showMenu(menu.hidden) }, icon(ICONS.menu));

function build() {
  const root = document.documentElement;
  root.dataset.scheme = look.color_scheme;
  root.style.setProperty('--accent', look.primary_color);
  root.style.setProperty('--ink', inkOn(look.primary_color));
  const name = texts.title || agent.name;
  const face = agent.avatar_url
    ? h('img', { class: 'face', src: agent.avatar_url, alt: '', referrerpolicy: 'no-referrer' })
    : h('span', { class: 'face', 'aria-hidden': 'true', text: [...agent.name][0] });
  document.body.append(
    h(
      'header',
      {},
      face,
      h('div', { class: 'who' }, h('h1', { tabindex: -1 }, h('bdi', { text: name })), h('p', { class: agent.online ? 'online' : '', text: texts.subtitle || (agent.online ? strings.online : texts.offline || strings.away) })),
      more,
      h('button', { class: 'tool', id: 'close', 'aria-label': strings.close, title: strings.close, onclick: () => tell({ type: 'close' }) }, icon(ICONS.close)),
      menu,
    ),
    connection,
    h('main', {}, thread.node),
    h('footer', {}, foot, note),
    announcer,
  );
  foot.addEventListener('submit', (event) => {
    event.preventDefault();
    say(composer.value);
  });
  composer.addEventListener('keydown', (event) => {
    // In the middle of composing a character Enter belongs to the input method (229: Safari, which says so too late).
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    say(composer.value);
  });
  composer.addEventListener('input', () => {
    fit();
    store.change({ draft: composer.value || undefined });
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing) return;
    if (menu.hidden) tell({ type: 'close' });
    else showMenu(false);
  });
  addEventListener('click', ({ target }) => menu.hidden || more.contains(target) || showMenu(false));
  addEventListener('online', draw);
  addEventListener('offline', draw);
  // A page that is kept for "back" must hold no connection.
  addEventListener('pagehide', () => conversation.pause());
  addEventListener('pageshow', (event) => event.persisted && session.known && conversation.resume());
  // Another tab of the visitor has signed in or out, or begun another conversation.
  let seen = mark();
  store.watch(() => {
    if (mark() !== seen) begin();
    else draw();
    seen = mark();
  });
}

/** White or nearly black, whichever is read better on a colour (WCAG 2.2, contrast ratio). */
function inkOn(color) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return ((part + 0.055) / 1.055) ** 2.4; // nearly so for the darkest, too
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? '#000' : '#fff';
}

function mark() {
  const { lead, conversation: id } = store.read();
  return `${lead} ${id}`;
}

/** Shows the form to those we don't know, and the conversation to the others. */
function begin(why = '') {
  conversation.reset();
  const { known } = session;
  const greeting = h('div', { class: 'message', 'data-role': 'assistant' }, h('div', { class: 'text', dir: 'auto', text: texts.greeting || strings.hello }));
  const before = [greeting];
  if (!known) {
    if (why) before.push(h('p', { class: 'event', text: why }));
    before.push(registration({ config, page: () => page, onRegistered: registered }));
  } else if (texts.suggestions?.length) {
    before.push(h('div', { class: 'suggestions' }, ...texts.suggestions.map((each) => h('button', { class: 'pill suggestion', dir: 'auto', text: each, onclick: () => say(each) }))));
  }
  thread.before.replaceChildren(...before);
  foot.hidden = more.hidden = !known;
  composer.value = store.read().draft || '';
  conversation.about = page;
  thread.log.scrollTop = 0;
  draw();
  fit();
  if (opened) focus();
  if (known) conversation.resume().then(() => requestAnimationFrame(() => thread.toEnd()));
}

function registered(answer) {
  session.keep(answer);
  tell({ type: 'event', name: 'registered', detail: { lead_id: answer.lead.id } });
  begin();
}

/** The page says who the visitor is; null: nobody. A changed identity is a new session. */
async function identify(token) {
  claim = token;
  const { identified } = store.read();
  const subject = subjectOf(token);
  const same = session.known && identified === subject;
  if (identified && !same) leave(true);
  // Until it is proven, what an earlier visitor said is hidden.
  veil(token !== null && !same);
  if (token === null) return;
  try {
    const answer = await call('POST', '/v1/lead/identify', { body: { agent_id: agent.id, token } });
    if (claim !== token) return;
    const other = session.keep(answer);
    if (other) store.change({ outbox: undefined, draft: undefined });
    store.change({ identified: subject });
    veil(false);
    if (other || !same) begin();
  } catch (problem) {
    passOver(problem);
    if (claim !== token) return;
    if (problem.passing) setTimeout(() => claim === token && identify(token), 5_000);
    else {
      console.warn(`Frontdesk: the identity was refused. ${problem.message}`);
      veil(false);
    }
  }
}

/** Whom a token is about, by its own account, which proves nothing. */
function subjectOf(token) {
  try {
    return JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/'))).sub;
  } catch {
    return '';
  }
}

function veil(on) {
  for (const { style } of [thread.node, foot]) style.visibility = on ? 'hidden' : '';
}

function leave(forget) {
  showMenu(false);
  conversation.restart();
  if (forget) store.clear();
  else store.change({ fresh: true });
  begin();
}

function say(text) {
  const said = text.trim();
  if (!said) return;
  composer.value = '';
  store.change({ draft: undefined });
  fit();
  conversation.say(said);
  thread.toEnd();
}

function draw() {
  if (planned) return;
  planned = true;
  // However many events come at once, they are drawn once. A hidden page has no frames, and isn't looked at either.
  const next = document.hidden ? setTimeout : requestAnimationFrame;
  next(() => {
    planned = false;
    thread.show();
    const said = conversation.messages.size > 0 || conversation.outbox.length > 0;
    thread.before.classList.toggle('talking', said);
    const away = navigator.onLine ? (conversation.connected ? '' : strings.reconnecting) : strings.offline_now;
    if (connection.textContent !== away) connection.textContent = away;
    connection.hidden = !away;
  });
}

function answered(message) {
  const plain = message.content.replace(/\[\d+\]|[*_`#>|]/g, '');
  announce(plain);
  if (!opened) {
    unread += 1;
    tell({ type: 'unread', count: unread });
  }
  tell({ type: 'event', name: 'message', detail: { role: message.role } });
}

function announce(text) {
  announcer.textContent = text;
}

/** The composer is as high as what is typed, up to a limit that the style sheet sets. */
function fit() {
  // An empty one is as the panel is, or its placeholder would run the wrong way.
  composer.dir = composer.value ? 'auto' : '';
  composer.style.setProperty('height', 'auto');
  composer.style.setProperty('height', `${composer.scrollHeight}px`);
}

function showMenu(shown) {
  const inside = menu.contains(document.activeElement);
  menu.hidden = !shown;
  more.setAttribute('aria-expanded', String(shown));
  if (shown) menu.firstChild.focus();
  else if (inside) more.focus();
}

function focus() {
  // On a phone the focus would bring up the keyboard, over half of the screen, before anybody wants to write.
  const first = document.querySelector('#register input') || composer;
  (matchMedia('(pointer: coarse)').matches ? document.querySelector('h1') : first).focus({ preventScroll: true });
}

function tell(message) {
  if (port) port.postMessage(message);
}

const HEARD = {
  __proto__: null,
  open({ page: where }) {
    page = conversation.about = pageOf(where);
    opened = true;
    unread = 0;
    tell({ type: 'unread', count: 0 });
    if (!claim) veil(false);
    focus();
    draw();
  },
  close() {
    opened = false;
  },
  identify: ({ token }) => identify(token),
};

/** The page's address, if it is one; without its query, whatever the loader says. */
function pageOf(text) {
  try {
    const { origin, pathname } = new URL(text);
    return (origin + pathname).slice(0, 500);
  } catch {
    return '';
  }
}

addEventListener('message', ({ data, source, ports }) => {
  if (port || source !== parent || data?.type !== 'frontdesk:connect' || !ports[0]) return;
  page = pageOf(data.page);
  [port] = ports;
  port.onmessage = ({ data: said }) => {
    const hear = HEARD[said?.type];
    if (hear) hear(said);
  };
  tell({ type: 'look', color: look.primary_color, position: look.position });
  tell({ type: 'ready' });
});

build();
// The page says who is there before it opens us.
veil(true);
begin();
