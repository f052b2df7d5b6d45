/** Who the visitor is. Errors stand beside the fields, and the first bad field gets the focus. */
import { call, passOver } from './api.js';
import { fill, h, link } from './dom.js';

/**
 * The form; `onRegistered` gets what the server answered.
 * @param {{config: any, page: () => string, onRegistered: (answer: any) => void}} options
 */
export function registration({ config, page, onRegistered }) {
  const { strings, texts, consent, fields } = config;
  const form = h('form', { id: 'register', novalidate: true, 'aria-labelledby': 'register-title' });
  const problem = h('p', { id: 'problem', class: 'note bad', role: 'alert', hidden: true });
  const submit = h('button', { class: 'primary', type: 'submit', text: strings.start });

  const field = (name, type, autocomplete, required = true) => {
    const input = h('input', { id: name, name, type, autocomplete, required, maxlength: type === 'email' ? 254 : 100, 'aria-describedby': `${name}-error` });
    const label = required ? strings[name] : `${strings[name]} (${strings.optional})`;
    return h('div', { class: 'field' }, h('label', { for: name, text: label }), input, h('p', { class: 'error', id: `${name}-error` }));
  };
  const tick = (name, text, required) => {
    const input = h('input', { id: name, name, type: 'checkbox', required, 'aria-describedby': `${name}-error` });
    return h('div', { class: 'field tick' }, h('label', {}, input, h('span', { dir: 'auto', text })), h('p', { class: 'error', id: `${name}-error` }));
  };
  const privacy = consent.privacy_url && link(consent.privacy_url, strings.privacy);
  const asksData = consent.data_processing === 'ask';

  form.append(
    h('h2', { id: 'register-title', text: strings.form_title }),
    h('p', { class: 'intro', text: strings.form_intro }),
    problem,
    h('div', { class: 'row' }, field('first_name', 'text', 'given-name'), field('last_name', 'text', 'family-name')),
    field('email', 'email', 'email'),
    ...(fields.phone === 'off' ? [] : [field('phone', 'tel', 'tel', fields.phone === 'required')]),
    ...(asksData ? [tick('consent_data_processing', texts.consent_data_processing || strings.consent_data_processing, true)] : []),
    ...(consent.marketing === 'ask' ? [tick('consent_marketing', texts.consent_marketing || strings.consent_marketing, false)] : []),
    consent.data_processing === 'notice' || privacy
      ? h('p', { class: 'intro', dir: 'auto' }, consent.data_processing === 'notice' ? `${texts.consent_data_processing || strings.consent_notice} ` : '', privacy)
      : '',
    submit,
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send();
  });
  form.addEventListener('input', ({ target }) => mark(target, ''));

  function mark(input, error) {
    const place = form.querySelector(`#${input.name}-error`);
    if (!place) return;
    place.textContent = error;
    if (error) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }

  function show(errors) {
    const inputs = [...form.querySelectorAll('input')];
    for (const input of inputs) mark(input, errors[input.name] || '');
    const first = inputs.find((each) => errors[each.name]);
    if (first) first.focus();
    return Boolean(first);
  }

  function check() {
    const errors = {};
    for (const input of form.querySelectorAll('input')) {
      if (input.type !== 'checkbox') input.value = input.value.trim();
      if (input.validity.valueMissing) errors[input.name] = input.type === 'checkbox' ? strings.consent_needed : strings.required;
      else if (input.validity.typeMismatch) errors[input.name] = strings.email_wrong;
    }
    return errors;
  }

  /** What is typed, as the server takes it. */
  function body() {
    const values = { agent_id: config.agent.id, language: config.language, page: page() || undefined };
    for (const input of form.querySelectorAll('input')) {
      if (input.type === 'checkbox') values[input.name] = input.checked;
      else if (input.value) values[input.name] = input.value;
    }
    if (consent.version && (asksData || consent.marketing === 'ask')) values.consent_version = consent.version;
    return values;
  }

  async function send() {
    problem.hidden = true;
    if (submit.disabled || show(check())) return;
    submit.disabled = true;
    submit.textContent = strings.starting;
    try {
      onRegistered(await call('POST', '/v1/lead/register', { body: body() }));
    } catch (refusal) {
      passOver(refusal);
      explain(refusal);
    } finally {
      submit.disabled = false;
      submit.textContent = strings.start;
    }
  }

  function explain(refusal) {
    const errors = {};
    for (const [name, messages] of Object.entries(refusal.errors || {})) {
      // The server explains in English; what usually is wrong we know to say in the visitor's language.
      const ours = { email: strings.email_wrong, phone: strings.phone_wrong, consent_data_processing: strings.consent_needed };
      errors[name] = ours[name] || [].concat(messages)[0];
    }
    if (show(errors)) return;
    problem.textContent =
      refusal.status === 0 ? strings.offline_now : refusal.status === 429 ? fill(strings.slow_down, { n: refusal.retryAfter || 60 }) : strings.problem;
    problem.hidden = false;
  }

  return form;
}
