// Menus are <details>: they open without JavaScript. Here: Esc and a click elsewhere close them.
export function startMenus(document) {
  const close = (menu, focus) => {
    menu.open = false;
    if (focus) menu.querySelector("summary").focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of document.querySelectorAll("[data-tendina][open]")) close(menu, menu.contains(event.target));
  });
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("[data-tendina][open]")) {
      if (!menu.contains(event.target)) close(menu, false);
    }
  });
}
