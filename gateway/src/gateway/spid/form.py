"""Reading the small forms that browsers bring from a provider: bounded before they are read, no field twice."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from gateway.spid.errors import Refused

MAX_BODY = 200 * 1024
FORM_TYPE = "application/x-www-form-urlencoded"


async def read_fields(request: Request) -> dict[str, str]:
    """Fields of the posted form. Raises Refused."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise Refused("form.type")
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise Refused("form.size")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise Refused("form.size")
    return fields_of(body.decode("ascii", "replace"))


def fields_of(text: str) -> dict[str, str]:
    """Raises Refused."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=10, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused("form.syntax") from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused("form.twice")
    return fields
