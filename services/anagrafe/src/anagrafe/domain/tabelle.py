"""Code tables: ANPR (kinship, marital status), citizenships (ISO 3166-1 numeric), ISTAT codes of the comuni served."""

STATI_CIVILI = {
    "1": "Celibe/Nubile",
    "2": "Coniugato/a",
    "3": "Vedovo/a",
    "4": "Divorziato/a",
    "6": "Unito/a civilmente",
    "7": "Stato libero per decesso della parte unita civilmente",
    "8": "Stato libero per scioglimento dell'unione",
    "9": "Non classificabile/ignoto",
}
RELAZIONI = {
    "1": "Intestatario scheda",
    "2": "Marito/Moglie",
    "3": "Figlio/Figlia",
    "4": "Nipote (discendente)",
    "5": "Pronipote (discendente)",
    "6": "Padre/Madre",
    "7": "Nonno/Nonna",
    "8": "Bisnonno/Bisnonna",
    "9": "Fratello/Sorella",
    "10": "Nipote (collaterale)",
    "11": "Zio/Zia (collaterale)",
    "12": "Cugino/Cugina",
    "13": "Altro parente",
    "14": "Figliastro/Figliastra",
    "15": "Patrigno/Matrigna",
    "16": "Genero/Nuora",
    "17": "Suocero/Suocera",
    "18": "Cognato/Cognata",
    "19": "Fratellastro/Sorellastra",
    "20": "Nipote (affine)",
    "21": "Zio/Zia (affine)",
    "22": "Altro affine",
    "23": "Convivente (vincoli di adozione o affettivi)",
    "24": "Responsabile della convivenza non affettiva",
    "25": "Convivente in convivenza non affettiva",
    "26": "Tutore",
    "28": "Unito/a civilmente",
    "80": "Adottato/a",
    "81": "Nipote",
    "99": "Non definito/comunicato",
}
CITTADINANZE = {
    "380": "Italia", "642": "Romania", "818": "Egitto", "008": "Albania", "504": "Marocco", "804": "Ucraina",
    "586": "Pakistan", "218": "Ecuador", "604": "Perù", "156": "Cina", "608": "Filippine", "050": "Bangladesh",
    "144": "Sri Lanka", "686": "Senegal", "222": "El Salvador", "076": "Brasile", "356": "India",
    "498": "Moldavia", "566": "Nigeria", "788": "Tunisia", "616": "Polonia", "100": "Bulgaria", "643": "Russia",
    "276": "Germania", "250": "Francia", "724": "Spagna", "826": "Regno Unito", "840": "Stati Uniti",
    "756": "Svizzera", "192": "Cuba", "214": "Repubblica Dominicana", "170": "Colombia", "032": "Argentina",
    "862": "Venezuela", "068": "Bolivia", "288": "Ghana", "384": "Costa d'Avorio", "466": "Mali", "270": "Gambia",
    "854": "Burkina Faso", "231": "Etiopia", "232": "Eritrea", "706": "Somalia", "004": "Afghanistan",
    "760": "Siria", "364": "Iran", "368": "Iraq", "792": "Turchia", "688": "Serbia", "070": "Bosnia-Erzegovina",
    "807": "Macedonia del Nord", "191": "Croazia", "112": "Bielorussia", "268": "Georgia", "999": "Apolide",
}  # fmt: skip

# Comuni of Monza e Brianza (province 108) in the order of their ISTAT number, 001 to 055.
_MONZA_BRIANZA = (
    "A087 A096 A159 A376 A668 A759 A802 A818 A849 B105 B187 B212 B272 B501 B729 B798 C395 C512 C566 C820 C952"
    " D038 D286 E063 E504 E550 E591 E617 E786 F078 F165 F247 F704 F797 F944 G116 H233 H537 I625 I709 I878 I998"
    " L434 L511 L677 L704 L709 L744 M017 M052 B289 B671 D019 E530 H529"
)
CODICI_ISTAT = {codice: f"108{number:03d}" for number, codice in enumerate(_MONZA_BRIANZA.split(), start=1)}
"""Belfiore code → ISTAT code of six digits. A comune of another province is added here before it is served."""
