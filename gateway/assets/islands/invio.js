// On the way to the identity provider: the form is sent, the link followed, at once; without JavaScript by a click.
export function startSending(document) {
  document.querySelector("form[data-invio]")?.submit();
  const link = document.querySelector("a[data-invio]");
  if (link) location.assign(link.href);
}
