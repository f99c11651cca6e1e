"""Turns a request into a message of the contracts: path, query and body, checked once, described in OpenAPI.

command: AddVoceDiario = Depends(from_body(AddVoceDiario, "cartella_id"))   # cartella_id from the address
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from typing import Annotated, Any, TypeVar

from fastapi import Body, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from contracts.base import Message

M = TypeVar("M", bound=Message)


def from_body(model: type[M], *in_path: str) -> Callable[..., Any]:
    """Dependency that builds `model` from the JSON body, `in_path` fields from the address."""
    return _dependency(model, in_path, _without(model, in_path), Body())


def from_query(model: type[M], *in_path: str) -> Callable[..., Any]:
    """Dependency that builds `model` from the query string, `in_path` fields from the address."""
    return _dependency(model, in_path, _without(model, in_path), Query())


def _without(model: type[Message], names: tuple[str, ...]) -> type[BaseModel]:
    """The same message less the fields that come from the address; unknown fields are refused, not ignored."""
    fields: dict[str, Any] = {
        name: (
            field.annotation if not field.metadata else Annotated[field.annotation, *field.metadata],
            field,
        )
        for name, field in model.model_fields.items()
        if name not in names
    }
    suffix = "Dati" if names else ""
    return create_model(
        f"{model.__name__}{suffix}", __config__=ConfigDict(extra="forbid"), __doc__=model.__doc__, **fields
    )


def _dependency(
    model: type[M], in_path: tuple[str, ...], rest: type[BaseModel], source: Any
) -> Callable[..., Any]:
    async def build(**values: Any) -> M:  # async: a plain one would take a thread
        sent = values.pop("_message", None)
        try:
            return model.model_validate({**(sent.__dict__ if sent is not None else {}), **values})
        except ValidationError as error:
            raise RequestValidationError(error.errors()) from error

    parameters = [
        Parameter(
            name, Parameter.KEYWORD_ONLY, annotation=Annotated[model.model_fields[name].annotation, Path()]
        )
        for name in in_path
    ]
    if rest.model_fields:
        parameters.append(Parameter("_message", Parameter.KEYWORD_ONLY, annotation=Annotated[rest, source]))
    build.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return build
