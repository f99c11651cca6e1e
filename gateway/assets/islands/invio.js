// The form on its way to the identity provider: sent at once; without JavaScript there is its button.
export function startSending(document) {
  document.querySelector("form[data-invio]")?.submit();
}
