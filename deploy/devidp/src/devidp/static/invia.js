document.querySelector("form[data-invia]").submit();
