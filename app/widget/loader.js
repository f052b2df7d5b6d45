/**
 * Frontdesk's loader, served as /widget.js: a bubble on a page that isn't ours.
 *
 * Before the visitor reaches for the bubble nothing happens but this: no request, nothing stored, no font. The panel is
 * a frame on our own origin, so that the page's scripts can't read what the visitor says and its styles can't reach it.
 * Nothing here may throw on the page, and the only global is `Frontdesk`.
 */
(() => {
  'use strict';
  const script = document.currentScript;
  if (!script || !script.src || window.Frontdesk) return;
  const given = script.dataset;
  const agent = (given.agentId || '').trim();
  if (!/^[0-9a-f-]{36}$/i.test(agent)) {
    console.warn('Frontdesk: data-agent-id is missing or is no agent id.');
    return;
  }
  const base = script.src.replace(/\/widget\.js([?#].*)?$/, '');
  const origin = new URL(script.src).origin;
  const root = document.documentElement;
  const locale = given.lang || root.lang || navigator.language || 'en';
  // How long the panel may take before we say that it doesn't come.
  const PATIENCE_MS = 15_000;
  const SEEN = 'frontdesk:teaser';

  const STYLE = `
:host{font:16px/1.4 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
*{box-sizing:border-box}
button{all:unset;box-sizing:border-box;cursor:pointer}
button:focus-visible{outline:3px solid #000;outline-offset:2px;box-shadow:0 0 0 8px #fff}
.bubble{position:fixed;bottom:20px;width:60px;height:60px;border-radius:50%;background:var(--accent);color:var(--ink);
box-shadow:0 1px 3px #0003,0 8px 24px #0003;display:grid;place-items:center;transition:transform .18s ease}
.bubble:hover{transform:scale(1.06)}
.bubble:active{transform:scale(.96)}
.bubble svg{width:28px;height:28px;grid-area:1/1;transition:opacity .18s,transform .18s}
.shut,[aria-expanded=true] .talk{opacity:0;transform:rotate(45deg) scale(.5)}
[aria-expanded=true] .shut{opacity:1;transform:none}
.right{right:20px}
.left{left:20px}
.badge{position:absolute;top:-3px;inset-inline-end:-3px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;
background:#d92d20;color:#fff;font-size:13px;font-weight:600;line-height:22px;text-align:center}
.teaser{position:fixed;bottom:94px;max-width:min(280px,calc(100vw - 40px));background:#fff;color:#1d2433;
border-radius:14px;box-shadow:0 1px 3px #0002,0 8px 28px #0003;display:flex;align-items:start}
.teaser .say{padding:14px 0 14px 16px;font-size:15px;padding-inline:16px 0}
.teaser .no{flex:none;width:36px;height:36px;text-align:center;line-height:36px;font-size:18px;color:#5a6275}
.panel{position:fixed;bottom:94px;width:400px;height:min(680px,calc(100vh - 114px));max-width:calc(100vw - 40px);
border-radius:18px;overflow:hidden;background:#fff;color:#1d2433;box-shadow:0 2px 6px #0002,0 16px 48px #0004;
opacity:0;visibility:hidden;transform:translateY(12px);transition:opacity .18s,transform .18s,visibility .18s}
.panel.on{opacity:1;visibility:visible;transform:none}
iframe{position:absolute;inset:0;width:100%;height:100%;border:0;color-scheme:normal;opacity:0}
.ready iframe,.gone iframe{opacity:1}
.wait{position:absolute;inset:0;display:grid;place-items:center;padding:24px;text-align:center}
.wait i{width:28px;height:28px;border-radius:50%;border:3px solid #8884;border-top-color:var(--accent);
animation:turn .8s linear infinite}
@keyframes turn{to{transform:rotate(1turn)}}
[hidden]{display:none!important}
@media (prefers-color-scheme:dark){.panel,.teaser{background:#171b24;color:#e8ebf2}.teaser .no{color:#aab2c5}}
@media (max-width:480px),(max-height:480px){.panel{inset:0;width:auto;height:100vh;height:100dvh;max-width:none;border-radius:0}
.panel.on.ready+.bubble{visibility:hidden}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation-duration:3s!important}}
@media (forced-colors:active){.bubble,.panel,.teaser{border:2px solid ButtonText}}
@media print{:host{display:none!important}}`;

  const listeners = { __proto__: null };
  let host, shell, bubble, badge, panel, wait, teaser, frame, port;
  let open = false;
  let soon = false; // opened before there was anything to open
  let ready = false;
  let identity; // undefined: nobody has said anything; null: nobody
  let teaserTimer, patienceTimer;

  /** Runs `action`; what fails in it is told to the console, never to the page. */
  const safely = (action) => (...args) => {
    try {
      return action(...args);
    } catch (error) {
      console.error('Frontdesk:', error);
    }
  };

  const make = (tag, className, parent) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (parent) parent.append(node);
    return node;
  };

  const icon = (className, path) => {
    const space = 'http://www.w3.org/2000/svg';
    const svg = document.createElementNS(space, 'svg');
    const line = document.createElementNS(space, 'path');
    const attributes = { class: className, viewBox: '0 0 24 24', fill: 'none', 'aria-hidden': 'true' };
    for (const name in attributes) svg.setAttribute(name, attributes[name]);
    const drawn = { d: path, stroke: 'currentColor', 'stroke-width': 2, 'stroke-linecap': 'round', 'stroke-linejoin': 'round' };
    for (const name in drawn) line.setAttribute(name, drawn[name]);
    svg.append(line);
    return svg;
  };

  const paint = (color) => {
    if (!/^#[0-9a-f]{6}$/i.test(color)) return;
    // White or black, whichever is seen better on it, as in the panel: WCAG 2.2, relative luminance.
    const part = (at) => ((parseInt(color.slice(at, at + 2), 16) / 255 + 0.055) / 1.055) ** 2.4;
    const light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5) > 0.179;
    shell.style.setProperty('--accent', color);
    shell.style.setProperty('--ink', light ? '#000' : '#fff');
  };

  const place = (position) => {
    const left = position === 'left' || (position !== 'right' && getComputedStyle(root).direction === 'rtl');
    for (const node of [bubble, panel, teaser]) {
      if (!node) continue;
      node.classList.toggle('left', left);
      node.classList.toggle('right', !left);
    }
  };

  const tell = (message) => ready && port.postMessage(message);

  const emit = (name, detail) => {
    for (const listener of listeners[name] || []) safely(listener)(detail);
  };

  // What the page may be told by the panel, and nothing else.
  const HEARD = {
    __proto__: null,
    ready() {
      ready = true;
      clearTimeout(patienceTimer);
      panel.classList.add('ready');
      wait.hidden = true;
      if (identity !== undefined) tell({ type: 'identify', token: identity });
      if (open) tell({ type: 'open', page: page() });
      emit('ready');
    },
    /** There is no such agent: the page says so, and nothing more will come of it. */
    gone() {
      clearTimeout(patienceTimer);
      panel.classList.add('gone');
      wait.hidden = true;
      if (open) frame.focus({ preventScroll: true });
    },
    close: () => shut(true),
    look({ color, position }) {
      if (!given.color) paint(color);
      if (!given.position && position) place(position);
    },
    unread({ count }) {
      const shown = open ? 0 : count;
      badge.hidden = !shown;
      badge.textContent = shown > 9 ? '9+' : String(shown);
      emit('unread', { count: shown });
    },
    event: ({ name, detail }) => emit(name, detail),
  };

  /** The page's address without its query and fragment, which may hold what is nobody's business. */
  const page = () => location.origin + location.pathname;

  /** The panel's frame, made when somebody reaches for the bubble. */
  const load = safely(() => {
    if (frame) return;
    wait.replaceChildren(make('i'));
    frame = document.createElement('iframe');
    frame.title = bubble.getAttribute('aria-label');
    frame.allow = 'clipboard-write';
    frame.referrerPolicy = 'no-referrer';
    frame.src = `${base}/widget/panel/${agent}?lang=${encodeURIComponent(locale)}`;
    frame.addEventListener('load', safely(connect));
    panel.append(frame);
    patienceTimer = setTimeout(safely(() => {
      wait.textContent = 'Chat is not available right now.';
      // The next time that it is opened, it is tried again.
      frame.remove();
      frame = null;
    }), PATIENCE_MS);
  });

  const connect = () => {
    const channel = new MessageChannel();
    if (port) port.close();
    port = channel.port1;
    ready = false;
    port.onmessage = safely(({ data }) => {
      const hear = data && HEARD[data.type];
      if (hear) hear(data);
    });
    // With another origin in the frame (a refusal of the browser, say) this goes nowhere. A page in a sandbox has no
    // origin, and its frames have none either.
    const target = window.origin === 'null' ? '*' : origin;
    frame.contentWindow.postMessage({ type: 'frontdesk:connect', page: page(), locale }, target, [channel.port2]);
  };

  const show = safely(() => {
    soon = !host;
    if (soon) return;
    // Back where it was, if the page has swept it away; its frame begins anew.
    if (!host.isConnected) root.append(host);
    if (open) return;
    load();
    open = true;
    hideTeaser();
    badge.hidden = true;
    bubble.setAttribute('aria-expanded', 'true');
    panel.classList.add('on');
    // A frame takes the focus only once it is laid out.
    requestAnimationFrame(safely(() => {
      frame.focus({ preventScroll: true });
      tell({ type: 'open', page: page() });
    }));
    emit('open');
  });

  const shut = safely((byVisitor) => {
    if (!host || !open) return;
    open = false;
    bubble.setAttribute('aria-expanded', 'false');
    panel.classList.remove('on');
    tell({ type: 'close' });
    // Back to where it came from; not for scripts of the page, which may be about something else.
    if (byVisitor) bubble.focus({ preventScroll: true });
    emit('close');
  });

  const toggle = () => (open ? shut(true) : show());

  const hideTeaser = () => {
    clearTimeout(teaserTimer);
    if (teaser) teaser.remove();
    teaser = null;
  };

  /** Once a visitor: that it was shown is all that is ever stored on the page's side, and only where there is one. */
  const planTeaser = () => {
    const text = (given.teaser || '').trim();
    const seconds = Number(given.teaserDelay || 8);
    if (!text || !(seconds >= 0)) return;
    teaserTimer = setTimeout(safely(() => {
      try {
        if (localStorage.getItem(SEEN)) return;
        localStorage.setItem(SEEN, '1');
      } catch {
        return; // without storage it would come back at every page
      }
      if (open || !host) return;
      teaser = make('div', 'teaser', shell);
      const say = make('button', 'say', teaser);
      say.dir = 'auto';
      say.textContent = text.slice(0, 300);
      say.onclick = show;
      const no = make('button', 'no', teaser);
      no.textContent = '×';
      no.setAttribute('aria-label', '×');
      no.onclick = safely(hideTeaser);
      place(given.position);
    }), seconds * 1000);
  };

  const build = safely(() => {
    host = document.createElement('frontdesk-widget');
    // Beats any rule of the page, `* { display: none !important }` included.
    const fixed = { all: 'initial', position: 'fixed', 'z-index': '2147483647', inset: 'auto', width: 0, height: 0 };
    for (const name in fixed) host.style.setProperty(name, String(fixed[name]), 'important');
    const shadow = host.attachShadow({ mode: 'closed' });
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      make('style', '', shadow).textContent = STYLE; // browsers from before 2023
    }
    shell = make('div', '', shadow);
    panel = make('div', 'panel', shell);
    wait = make('div', 'wait', panel);
    bubble = make('button', 'bubble', shell);
    bubble.type = 'button';
    bubble.setAttribute('aria-label', given.label || 'Chat');
    bubble.setAttribute('aria-expanded', 'false');
    bubble.setAttribute('aria-haspopup', 'dialog');
    bubble.append(
      icon('talk', 'M4 5.5h16v11H11l-4.5 4v-4H4z'),
      icon('shut', 'M6 9l6 6 6-6'),
    );
    badge = make('span', 'badge', bubble);
    badge.hidden = true;
    bubble.onclick = toggle;
    for (const name of ['pointerenter', 'focus', 'touchstart']) bubble.addEventListener(name, load, { passive: true });
    shadow.addEventListener('keydown', safely((event) => {
      if (event.key === 'Escape') open ? shut(true) : hideTeaser();
    }));
    paint('#0f766e');
    paint(given.color || '');
    place(given.position);
    // Beside the body rather than in it: single-page applications replace what is in there.
    root.append(host);
    planTeaser();
  });

  const api = {
    open: () => show(),
    close: () => shut(false),
    toggle: () => (open ? shut(false) : show()),
    /** Calls `listener` at every `open`, `close`, `ready`, `unread`, `registered` or `message`; returns what ends it. */
    on: safely((name, listener) => {
      if (typeof listener !== 'function') return () => {};
      (listeners[name] = listeners[name] || new Set()).add(listener);
      return () => listeners[name].delete(listener);
    }),
    /** Says who the visitor is, by a token that the company signed; null: nobody any more. */
    identify: safely((token) => {
      identity = typeof token === 'string' ? token : null;
      tell({ type: 'identify', token: identity });
    }),
    destroy: safely(() => {
      clearTimeout(patienceTimer);
      hideTeaser();
      if (port) port.close();
      if (host) host.remove();
      host = port = frame = null;
      ready = open = false;
      if (window.Frontdesk === api) delete window.Frontdesk;
    }),
  };

  safely(() => {
    Object.defineProperty(window, 'Frontdesk', { value: Object.freeze(api), configurable: true });
    const begin = () => {
      // Destroyed before there was a body.
      if (window.Frontdesk !== api) return;
      build();
      if (soon) show();
      window.dispatchEvent(new Event('frontdesk:ready'));
    };
    if (document.body) begin();
    else document.addEventListener('DOMContentLoaded', safely(begin), { once: true });
  })();
})();
