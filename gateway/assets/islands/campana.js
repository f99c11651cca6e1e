// The bell: live count of unread alerts. One connection per browser, not per tab (a browser opens six at most to a host):
// the tab that holds the lock listens and tells the others. When the stream fails, the count is asked for now and then.
const POLL_MS = 60000;

export function startBell(document) {
  const bell = document.querySelector("[data-campana]");
  if (!bell) return;
  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("siso-campana") : null;
  const show = (count) => {
    const before = bell.firstChild.textContent.trim();
    bell.firstChild.textContent = String(count);
    bell.toggleAttribute("data-zero", count === 0);
    if (before !== String(count)) document.dispatchEvent(new CustomEvent("siso:avvisi", { detail: count }));
  };
  const tell = (count) => {
    show(count);
    channel?.postMessage(count);
  };
  channel?.addEventListener("message", (event) => show(event.data));

  const ask = async () => {
    const answer = await fetch(bell.dataset.conteggio, { headers: { Accept: "application/json", "X-Background": "1" } });
    if (answer.ok) tell((await answer.json()).non_letti);
  };
  const listen = () =>
    new Promise((release) => {
      let poll = 0;
      const stream = new EventSource(bell.dataset.flusso);
      const refresh = () => ask().catch(() => {});
      stream.addEventListener("open", () => { clearInterval(poll); poll = 0; });
      stream.addEventListener("message", refresh);
      stream.addEventListener("avviso", refresh);
      stream.addEventListener("sessione_finita", () => {
        stream.close();
        document.dispatchEvent(new CustomEvent("siso:sessione"));
      });
      stream.addEventListener("error", () => { poll ||= setInterval(refresh, POLL_MS); });
      addEventListener("pagehide", () => { stream.close(); clearInterval(poll); release(); }, { once: true });
    });
  if (navigator.locks) navigator.locks.request("siso-campana", listen);
  else listen();
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  const list = document.querySelector("[data-avvisi-vivi]");
  if (list) document.addEventListener("siso:avvisi", () => globalThis.htmx.trigger(list, "aggiorna"));
}
