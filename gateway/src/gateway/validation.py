"""pydantic's findings, said in Italian and by field."""

from collections.abc import Iterable
from typing import Any

MESSAGES = {
    "missing": "Questo dato manca.",
    "uuid_parsing": "Identificativo non valido.",
    "date_parsing": "Data non valida: usa il formato gg/mm/aaaa.",
    "date_from_datetime_parsing": "Data non valida: usa il formato gg/mm/aaaa.",
    "datetime_parsing": "Data e ora non valide.",
    "datetime_from_date_parsing": "Data e ora non valide.",
    "decimal_parsing": "Importo non valido: usa cifre e al più due decimali.",
    "decimal_max_places": "Al più {decimal_places} decimali.",
    "decimal_max_digits": "Numero troppo lungo.",
    "decimal_whole_digits": "Numero troppo grande.",
    "int_parsing": "Serve un numero intero.",
    "int_type": "Serve un numero intero.",
    "bool_parsing": "Serve sì o no.",
    "string_type": "Serve un testo.",
    "string_too_short": "Troppo breve: almeno {min_length} caratteri.",
    "string_too_long": "Troppo lungo: al più {max_length} caratteri.",
    "string_pattern_mismatch": "Il formato non è quello atteso.",
    "enum": "Valore non previsto.",
    "literal_error": "Valore non previsto.",
    "greater_than": "Deve essere maggiore di {gt}.",
    "greater_than_equal": "Deve essere almeno {ge}.",
    "less_than": "Deve essere minore di {lt}.",
    "less_than_equal": "Deve essere al più {le}.",
    "json_invalid": "Il contenuto non è JSON valido.",
    "too_long": "Troppi elementi: al più {max_length}.",
    "too_short": "Troppo pochi elementi: almeno {min_length}.",
}
PLACES = ("body", "query", "path", "header", "form")


def italian_fields(errors: Iterable[Any]) -> dict[str, str]:
    """Field → message. What was typed is never repeated: it may be a person's data."""
    found: dict[str, str] = {}
    for error in errors:
        parts = [str(part) for part in error["loc"]]
        if len(parts) > 1 and parts[0] in PLACES:
            parts = parts[1:]
        found.setdefault(".".join(parts), _message(error))
    return found


def _message(error: Any) -> str:
    template = MESSAGES.get(error["type"], "Valore non valido.")
    try:
        return template.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return "Valore non valido."
