// One small bundle: htmx and the islands. Every page works without it; each island only improves what is there.
import htmx from "htmx.org";
import { startDrafts } from "./islands/bozze.js";
import { startBell } from "./islands/campana.js";
import { startUpload } from "./islands/caricamento.js";
import { startSending } from "./islands/invio.js";
import { startSession } from "./islands/sessione.js";
import { startSum } from "./islands/somma.js";
import { startKeyboard } from "./islands/tastiera.js";
import { startMenus } from "./islands/tendine.js";

window.htmx = htmx;
document.documentElement.classList.add("con-js");
for (const start of [startKeyboard, startMenus, startDrafts, startUpload, startBell, startSum, startSession, startSending]) {
  try {
    start(document);
  } catch (error) {
    console.error(start.name, error);
  }
}
