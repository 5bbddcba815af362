"""Bodies of the routes for login and account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.passwords import MOST_CHARACTERS

if TYPE_CHECKING:
    from aiohttp import web

Login = Annotated[str, Field(min_length=1, max_length=64)]
Secret = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]
Token = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$")]

AnyBody = TypeVar("AnyBody", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LoginBody(_Body):
    """Body of `POST /api/login`."""

    login: Login
    password: Secret
    code: Annotated[str, Field(max_length=32)] = ""
    """One-time password or recovery code, where the person has a second factor."""


class FirstBody(_Body):
    """Body of `POST /api/first`: the first administrator's account."""

    token: Token
    name: Annotated[str, Field(min_length=1, max_length=128)]
    login: Login
    password: Secret
    supervisor: bool = False
    """True = they also watch calls and press buttons."""


class LinkBody(_Body):
    """Body of `POST /api/link`: signs in by a one-time link."""

    token: Token


class PasswordBody(_Body):
    """Body of `POST /api/me/password`."""

    present: Secret
    new: Secret


class BadBodyError(Exception):
    """The body is not what the route takes; `answer` says so."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__()
        self.answer = answer


async def read_body(request: web.Request, model: type[AnyBody]) -> AnyBody:
    """Read a request's JSON body; raises BadBodyError."""
    if request.content_type != "application/json":
        raise BadBodyError(refusal(415, "bad_request"))
    try:
        return model.model_validate_json(await request.read())
    except ValidationError:
        raise BadBodyError(refusal(422, "bad_request")) from None
