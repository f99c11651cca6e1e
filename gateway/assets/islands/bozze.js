// Drafts: what is typed in form[data-bozza] is kept on this computer, encrypted with a key that only the same person's
// session gives (/bozze/chiave). It outlives a logout, a deploy, a dead network; the next person at this desk cannot read it.
// Without network, sending waits and happens by itself when the line is back (the form's idempotency key keeps it single).
const PREFIX = "siso-bozza:";
const KEPT_DAYS = 30;
const SKIPPED = new Set(["csrf_token", "version"]);
const clock = new Intl.DateTimeFormat("it-IT", { hour: "2-digit", minute: "2-digit" });

const toText = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
const toBytes = (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

async function sessionKey() {
  const answer = await fetch("/bozze/chiave", { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`chiave ${answer.status}`);
  const { chiave, persona } = await answer.json();
  const key = await crypto.subtle.importKey("raw", toBytes(chiave), "AES-GCM", false, ["encrypt", "decrypt"]);
  return { key, persona };
}

async function seal({ key }, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return JSON.stringify({ iv: toText(iv), dati: toText(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, bytes)), il: Date.now() });
}

async function unseal({ key }, stored) {
  const { iv, dati } = JSON.parse(stored);
  const bytes = await crypto.subtle.decrypt({ name: "AES-GCM", iv: toBytes(iv) }, key, toBytes(dati));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function typed(form) {
  const values = {};
  for (const field of form.elements) {
    if (!field.name || SKIPPED.has(field.name) || ["file", "submit", "button"].includes(field.type)) continue;
    values[field.id || field.name] = ["checkbox", "radio"].includes(field.type) ? field.checked : field.value;
  }
  return values;
}

function put(form, values) {
  for (const field of form.elements) {
    const value = values[field.id || field.name];
    if (value === undefined || !field.name || SKIPPED.has(field.name) || field.type === "file") continue;
    if (["checkbox", "radio"].includes(field.type)) field.checked = value;
    else field.value = value;
  }
}

const hasText = (form) =>
  [...form.querySelectorAll("textarea, input[type=text], input:not([type])")].some((field) => field.value.trim() && field.value !== field.defaultValue);

function forgetOld() {
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(PREFIX)) continue;
    const age = Date.now() - (JSON.parse(localStorage.getItem(name))?.il ?? 0);
    if (age > KEPT_DAYS * 86400000) localStorage.removeItem(name);
  }
}

async function keep(form, session) {
  const name = `${PREFIX}${session.persona}:${form.dataset.bozza}`;
  const status = form.querySelector("[data-bozza-stato]");
  const say = (text) => { if (status) status.textContent = text; };
  const refused = form.hasAttribute("data-rifiutato");
  const stored = localStorage.getItem(name);
  if (stored && !refused) {
    try {
      put(form, await unseal(session, stored));
      say("Ho ripreso la bozza che avevi lasciato.");
      const box = form.closest("details");
      if (box) box.open = true;
      form.dispatchEvent(new Event("input", { bubbles: false }));
    } catch {
      localStorage.removeItem(name);
    }
  }
  let timer = 0;
  const save = async () => {
    if (!hasText(form)) {
      localStorage.removeItem(name);
      say("");
      return;
    }
    localStorage.setItem(name, await seal(session, typed(form)));
    say(`Bozza salvata alle ${clock.format(new Date())}`);
  };
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(save, 600);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (refused) later();
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (navigator.onLine) {
      save();
      return;
    }
    event.preventDefault();
    save().then(() => say("Sei senza rete. Il testo è al sicuro su questo computer: lo invio appena torna la linea."));
    addEventListener("online", () => form.requestSubmit(event.submitter), { once: true });
  });
}

export async function startDrafts(document) {
  const forms = document.querySelectorAll("form[data-bozza]");
  const sent = [...document.querySelectorAll("[data-bozza-tolta]")].map((box) => box.dataset.bozzaTolta).filter(Boolean);
  if (!(forms.length || sent.length) || !globalThis.crypto?.subtle) return;
  try {
    forgetOld();
    const session = await sessionKey();
    for (const name of sent) localStorage.removeItem(`${PREFIX}${session.persona}:${name}`);
    for (const form of forms) await keep(form, session);
  } catch (error) {
    console.warn("bozze", error);
  }
}
