// Two minutes before the session ends: a dialog that keeps it alive. After the end: the page stays as it is, covered, and
// its person signs in again in another window; then the forms get the new token and go on. Who comes back as somebody
// else, or in another incarico, has to load the page anew: what was typed stays in the draft.
const WARN_SECONDS = 120;
const BACK = { cittadino: "/accedi?area=cittadino&ritorno=/cittadino/rientrato" };

export function startSession(document) {
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("siso-sessione") : null;
  if (document.querySelector("[data-sessione-rientrato]")) channel?.postMessage("rientrato");
  const warning = document.querySelector("[data-sessione-avviso]");
  const ended = document.querySelector("[data-sessione-finita]");
  const { body } = document;
  const seconds = Number(body.dataset.sessione || 0);
  if (!warning || !ended || !seconds) return;

  let deadline = Date.now() + seconds * 1000;
  let asking = null;
  let replaced = false;
  const rest = warning.querySelector("[data-sessione-resta]");
  const link = ended.querySelector("[data-sessione-rientra]");
  const reload = ended.querySelector("[data-sessione-ricarica]");
  link.href = BACK[body.dataset.tipo] ?? link.href;

  const end = () => {
    if (warning.open) warning.close();
    if (!ended.open) ended.showModal();
  };
  const take = ({ secondi, csrf, chi }) => {
    if (!chi) return end(); // back again, but still choosing the incarico
    if (chi !== body.dataset.chi) {
      replaced = true;
      ended.querySelector("[data-sessione-parole]").textContent =
        "Adesso qui è entrata un’altra persona, o con un altro incarico: questa pagina non vale più. Quello che hai scritto resta in bozza.";
      link.hidden = true;
      reload.hidden = false;
      return end();
    }
    body.dataset.csrf = csrf;
    for (const field of document.querySelectorAll('input[name="csrf_token"]')) field.value = csrf;
    deadline = Date.now() + secondi * 1000;
    if (ended.open) ended.close();
    if (warning.open && secondi > WARN_SECONDS) warning.close();
  };
  // Other windows of the same person may have kept the session alive, or ended it: the server knows.
  const ask = (options = {}) => {
    asking ??= fetch("/sessione", { redirect: "manual", ...options, headers: { Accept: "application/json", ...options.headers } })
      .then(async (answer) => {
        if (answer.ok) take(await answer.json());
        else if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) end();
      })
      .catch(() => {}) // no network: nothing is known, nothing changes
      .finally(() => { asking = null; });
    return asking;
  };
  const look = () => ask({ headers: { "X-Background": "1" } });

  let looked = 0;
  const tick = async () => {
    if (replaced || ended.open) return;
    const left = Math.round((deadline - Date.now()) / 1000);
    if (left > WARN_SECONDS) return;
    if (!warning.open || left <= 0) {
      if (Date.now() - looked < 4000) return;
      looked = Date.now();
      await look();
    }
    const now = Math.round((deadline - Date.now()) / 1000);
    if (ended.open || now > WARN_SECONDS) return;
    rest.textContent = now > 60 ? "due minuti" : now > 30 ? "un minuto" : "mezzo minuto";
    if (!warning.open) warning.showModal();
  };
  warning.querySelector("[data-sessione-resto]").addEventListener("click", async () => {
    await ask({ method: "POST", headers: { "X-CSRF-Token": body.dataset.csrf } });
    if (ended.open && !replaced) look();
    else if (warning.open) warning.close();
  });
  ended.addEventListener("cancel", (event) => event.preventDefault()); // Esc does not uncover the page
  reload.addEventListener("click", () => location.reload());
  channel?.addEventListener("message", () => { if (ended.open && !replaced) look(); });
  addEventListener("focus", () => { if ((ended.open || warning.open) && !replaced) look(); });
  document.addEventListener("siso:sessione", look);
  document.addEventListener("submit", (event) => {
    if (Date.now() < deadline || event.target.method !== "post") return;
    event.preventDefault(); // the server would throw away what was typed
    look();
  }, true);
  setInterval(tick, 1000);
  tick();
}
