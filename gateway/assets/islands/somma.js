// Shares of an amount, live to the cent: [data-somma] holds the total and the parts; the output says what is missing.
// Amounts are whole cents here, never fractions.
function cents(text) {
  const clean = text.replace(/[€\s\u00a0]/g, "");
  const plain = clean.includes(",") ? clean.replace(/\./g, "").replace(",", ".") : clean.replace(/\.(?=\d{3}(\D|$))/g, "");
  if (!/^\d+(\.\d{1,2})?$/.test(plain)) return null;
  const [whole, part = ""] = plain.split(".");
  return Number(whole) * 100 + Number(part.padEnd(2, "0"));
}

const euros = (value) => `€ ${(value / 100).toLocaleString("it-IT", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

export function startSum(document) {
  for (const box of document.querySelectorAll("[data-somma]")) {
    const whole = box.querySelector("[data-somma-totale]");
    const parts = [...box.querySelectorAll("[data-somma-parte]")];
    const output = box.querySelector("output");
    const main = parts[0];
    let own = Boolean(main.value);
    main.addEventListener("input", () => { own = true; });
    const refresh = () => {
      const total = cents(whole.value);
      if (total === null) {
        output.textContent = "";
        return;
      }
      const others = parts.slice(1).reduce((sum, field) => sum + (cents(field.value) ?? 0), 0);
      if (!own && total >= others) main.value = ((total - others) / 100).toFixed(2).replace(".", ",");
      const missing = total - others - (cents(main.value) ?? 0);
      output.textContent = missing === 0 ? `Le quote fanno ${euros(total)}: tornano.`
        : missing > 0 ? `Mancano ${euros(missing)} per arrivare a ${euros(total)}.` : `Le quote superano l’importo di ${euros(-missing)}.`;
    };
    box.addEventListener("input", refresh);
    refresh();
  }
}
