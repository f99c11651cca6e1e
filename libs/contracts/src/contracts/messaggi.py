"""Italian sentences for malformed fields, from pydantic's error types: one place for services and gateway."""

from collections.abc import Iterable, Mapping
from typing import Any

SENTENCES = {
    "missing": "Manca questo dato.",
    "string_too_short": "Scrivi almeno {min_length} caratteri.",
    "string_too_long": "Al massimo {max_length} caratteri.",
    "string_pattern_mismatch": "Il formato non è quello atteso.",
    "string_type": "Qui va un testo.",
    "int_parsing": "Qui va un numero intero.",
    "int_type": "Qui va un numero intero.",
    "decimal_parsing": "Qui va un importo, per esempio 320,50.",
    "decimal_type": "Qui va un importo, per esempio 320,50.",
    "decimal_max_places": "Al massimo {decimal_places} cifre decimali.",
    "decimal_max_digits": "L'importo ha troppe cifre.",
    "decimal_whole_digits": "L'importo ha troppe cifre.",
    "greater_than": "Il valore deve essere maggiore di {gt}.",
    "greater_than_equal": "Il valore deve essere almeno {ge}.",
    "less_than_equal": "Il valore deve essere al massimo {le}.",
    "date_parsing": "Questa data non esiste: scrivi giorno, mese e anno.",
    "date_from_datetime_parsing": "Questa data non esiste: scrivi giorno, mese e anno.",
    "datetime_parsing": "Questa data con ora non è valida.",
    "datetime_from_date_parsing": "Questa data con ora non è valida.",
    "uuid_parsing": "Il riferimento non è valido.",
    "enum": "Scegli una delle voci in elenco.",
    "literal_error": "Scegli una delle voci in elenco.",
    "bool_parsing": "Scegli sì o no.",
    "too_short": "Servono almeno {min_length} voci.",
    "too_long": "Al massimo {max_length} voci.",
}
OTHERWISE = "Questo valore non è valido."


def field_messages(errors: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Field name (dotted) → Italian sentence, from `ValidationError.errors()`."""
    return {".".join(str(part) for part in error["loc"]) or "richiesta": _sentence(error) for error in errors}


def _sentence(error: Mapping[str, Any]) -> str:
    sentence = SENTENCES.get(error["type"], OTHERWISE)
    try:
        return sentence.format(**error.get("ctx", {}))
    except (KeyError, IndexError):
        return OTHERWISE
