// Upload with a progress bar. fetch tells nothing about progress, so: XMLHttpRequest. The form posts as it is without this.
const percent = (part, whole) => Math.round((part / whole) * 100);

function tooLarge(form, file) {
  const limit = Number(form.dataset.massimo || 0);
  return limit && file.size > limit;
}

function send(form, bar, say) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "text/html");
  request.setRequestHeader("X-Caricamento", "1");
  request.setRequestHeader("X-CSRF-Token", form.elements.csrf_token.value);
  bar.hidden = false;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = percent(event.loaded, event.total);
    say(`Caricato ${bar.value}%`);
  });
  const failed = (text) => {
    bar.hidden = true;
    form.querySelector("button[type=submit]").disabled = false;
    say(text);
  };
  request.addEventListener("error", () => failed("La rete si è interrotta. Il documento non è stato caricato: riprova."));
  request.addEventListener("load", () => {
    if (request.status < 400 && request.responseURL) location.assign(request.responseURL);
    else if (request.status === 413) failed("Il file è troppo grande: non è stato caricato.");
    else if (request.status === 422) failed(new DOMParser().parseFromString(request.responseText, "text/html").querySelector(".riepilogo-errori ul")?.textContent.trim() ?? "Controlla i dati del documento.");
    else failed("Il documento non è stato caricato. Riprova tra poco.");
  });
  request.send(new FormData(form));
}

export function startUpload(document) {
  for (const form of document.querySelectorAll("form[data-caricamento]")) {
    const bar = form.querySelector("progress");
    const status = form.querySelector("[data-caricamento-stato]");
    const say = (text) => { status.textContent = text; };
    form.addEventListener("submit", (event) => {
      const file = form.querySelector("input[type=file]").files[0];
      if (!file) return;
      event.preventDefault();
      if (tooLarge(form, file)) {
        say("Il file è troppo grande: non è stato caricato.");
        return;
      }
      form.querySelector("button[type=submit]").disabled = true;
      send(form, bar, say);
    });
  }
}
