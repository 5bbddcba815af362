"""Refusals of the routes, worded as answers."""

from __future__ import annotations

import math
from functools import wraps
from typing import TYPE_CHECKING

import structlog

from kikimori_dashboard.access.asked import BadQuestionError
from kikimori_dashboard.access.bodies import BadBodyError
from kikimori_dashboard.access.logins import LoginRefusedError
from kikimori_dashboard.access.middleware import refusal
from kikimori_dashboard.access.passwords import TooManyPasswordsError
from kikimori_records.callers.changes import NumberTakenError
from kikimori_records.callers.queries import UnknownCustomerError
from kikimori_records.errors import StoreAwayError, StoreError
from kikimori_records.people import DuplicateLoginError, UnknownPersonError
from kikimori_records.people.changes import LastAdminError
from kikimori_records.people.fields import FieldError
from kikimori_records.people.seatings import UnknownSeatingError
from kikimori_records.people.superiors import TooManySuperiorsError, UnknownSuperiorError

if TYPE_CHECKING:
    from aiohttp import web
    from aiohttp.typedefs import Handler

log = structlog.get_logger()

REASONS: dict[type[StoreError], tuple[int, str]] = {
    StoreAwayError: (503, "store_away"),
    DuplicateLoginError: (409, "login_taken"),
    LastAdminError: (409, "last_admin"),
    TooManySuperiorsError: (409, "too_many"),
    UnknownPersonError: (404, "no_such_person"),
    UnknownSuperiorError: (404, "no_such_superior"),
    UnknownSeatingError: (404, "no_such_seating"),
    UnknownCustomerError: (404, "no_such_customer"),
    NumberTakenError: (409, "customer_number_taken"),
}


def answering(handler: Handler) -> Handler:
    """Return the handler with its refusals as answers, each with a stable code that the pages word."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadBodyError as error:
            return error.answer
        except BadQuestionError:
            return refusal(422, "bad_request")
        except FieldError as error:
            return refusal(422, "bad_field", field=error.field, fault=error.reason)
        except LoginRefusedError as error:
            return too_early(error.wait_s) if error.reason == "wait" else refusal(401, error.reason)
        except TooManyPasswordsError:
            return refusal(503, "too_many_logins")
        except StoreError as error:
            status, reason = REASONS.get(type(error), (503, "store_fault"))
            if reason == "store_fault":
                log.error("store_fault", error=error.message, next=error.next_step)
            return refusal(status, reason)

    return answer


def too_early(wait_s: float) -> web.Response:
    """Return the refusal of somebody who has to wait after wrong passwords, codes or PINs."""
    seconds = math.ceil(wait_s)
    refused = refusal(429, "wait", wait_s=seconds)
    refused.headers["Retry-After"] = str(seconds)
    return refused
