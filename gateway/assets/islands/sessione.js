// Two minutes before the session ends: a dialog that keeps it alive. After the end: the login, which brings back here.
const WARN_SECONDS = 120;

export function startSession(document) {
  const dialog = document.querySelector("[data-sessione-avviso]");
  let left = Number(document.body.dataset.sessione || 0);
  if (!dialog || !left) return;
  let deadline = Date.now() + left * 1000;
  const rest = dialog.querySelector("[data-sessione-resta]");
  const tick = () => {
    left = Math.round((deadline - Date.now()) / 1000);
    if (left <= 0) location.assign(`/accedi?ritorno=${encodeURIComponent(location.pathname + location.search)}`);
    else if (left <= WARN_SECONDS) {
      rest.textContent = left > 60 ? "due minuti" : left > 30 ? "un minuto" : "mezzo minuto";
      if (!dialog.open) dialog.showModal();
    }
  };
  dialog.querySelector("[data-sessione-resto]").addEventListener("click", async () => {
    const answer = await fetch("/sessione", { method: "POST", headers: { "X-CSRF-Token": document.body.dataset.csrf } });
    if (answer.ok) {
      deadline = Date.now() + (await answer.json()).secondi * 1000;
      dialog.close();
    } else location.reload();
  });
  setInterval(tick, 5000);
}
