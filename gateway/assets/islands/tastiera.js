// "/" focuses the search of the page; after a refusal the summary of errors has the focus and its links reach the field.
const WRITING = "input, textarea, select, [contenteditable]";

export function startKeyboard(document) {
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest(WRITING)) return;
    const search = document.querySelector("main input[type=search]") ?? document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
  const summary = document.querySelector("#riepilogo-errori");
  summary?.focus();
  summary?.addEventListener("click", (event) => {
    const field = event.target.closest("a") && document.querySelector(event.target.closest("a").hash);
    if (!field) return;
    event.preventDefault();
    const closed = field.closest("details:not([open])");
    if (closed) closed.open = true;
    field.focus();
  });
}
