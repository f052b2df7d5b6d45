/** Calls to our server, in the visitor's name. */

/** A refusal of the server, or no answer at all (status 0). */
export class Problem extends Error {
  constructor(status, { code = '', detail = '', errors = {} } = {}, retryAfter = 0) {
    super(detail);
    Object.assign(this, { status, code, errors, retryAfter });
  }

  /** Whether the same call may succeed later. */
  get passing() {
    return [0, 408, 429].includes(this.status) || this.status >= 500;
  }
}

/** The server is away, or says no: what can be done about it happens elsewhere. */
export function passOver(problem) {
  if (!(problem instanceof Problem)) throw problem;
}

/** Where the server is: these files lie below it. */
export const base = new URL('.', import.meta.url).pathname.replace(/\/widget\/assets\/.*$/, '');

/** One call; answers with the JSON. Raises Problem. */
export async function call(method, path, { body, token, key } = {}) {
  let response;
  try {
    response = await fetch(base + path, {
      method,
      headers: {
        ...(body && { 'Content-Type': 'application/json' }),
        ...(token && { Authorization: `Bearer ${token}` }),
        ...(key && { 'Idempotency-Key': key }),
      },
      body: body && JSON.stringify(body),
      signal: timeout(20_000),
    });
    if (response.ok) return response.status === 204 ? null : await response.json();
  } catch {
    throw new Problem(0);
  }
  throw await problemOf(response);
}

/** The refusal that a response is. */
export async function problemOf(response) {
  const said = await response.json().catch(() => ({}));
  return new Problem(response.status, said, Number(response.headers.get('Retry-After')) || 0);
}

function timeout(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

/** Calls with the visitor's token, which is renewed when it has expired. */
export class Session {
  /** @param {import('./store.js').Store} store @param {() => void} onLost called when the visitor has to say again who they are */
  constructor(store, onLost) {
    this.store = store;
    this.onLost = onLost;
    this.renewing = null;
  }

  get known() {
    return Boolean(this.store.read().token);
  }

  /** Keeps what registering or identifying answered with; returns whether it is somebody else than before. */
  keep({ lead: { id: lead }, access_token: token, refresh_token: refresh }) {
    const other = this.store.read().lead !== lead;
    if (other) this.store.change({ conversation: undefined, opening: undefined });
    this.store.change({ token, refresh, lead });
    return other;
  }

  /** One call in the visitor's name. */
  async call(method, path, options = {}) {
    return this.withToken((token) => call(method, path, { ...options, token }));
  }

  /** Does something with a token, and once more with a new one when it was refused. */
  async withToken(action) {
    const { token, lead } = this.store.read();
    try {
      return await action(token);
    } catch (problem) {
      if (problem.status !== 401) throw problem;
      await this.renew(token);
      const now = this.store.read();
      // What one visitor wanted is never done in the name of the next.
      if (now.lead !== lead) throw problem;
      return action(now.token);
    }
  }

  /** A new token for an expired one. Another tab may have got it already. */
  async renew(expired) {
    if (this.store.read().token !== expired) return;
    if (!this.renewing) {
      this.renewing = this._renew().finally(() => {
        this.renewing = null;
      });
    }
    await this.renewing;
  }

  async _renew() {
    const { refresh } = this.store.read();
    const answer =
      refresh &&
      (await call('POST', '/v1/lead/refresh', { token: refresh }).catch((problem) => {
        if (problem.passing) throw problem;
      }));
    // Somebody else may be there by now, whose tokens are none of our business.
    if (this.store.read().refresh !== refresh) return;
    if (answer) {
      this.keep(answer);
      return;
    }
    this.store.change({ token: undefined, refresh: undefined });
    this.onLost();
    throw new Problem(401);
  }
}
