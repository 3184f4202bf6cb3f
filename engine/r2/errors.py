"""What R2 refuses, with its numbers and texts (developers.cloudflare.com/r2/api/error-codes, Miniflare)."""

from __future__ import annotations

from engine.errors import ApiError


class R2Error(ApiError):
    """An R2 operation was refused; bindings show it as ``put: The specified … (10020)``."""


def no_such_key() -> R2Error:
    """10007: no object has this key."""
    return R2Error(10007, "The specified key does not exist.", 404)


def too_large() -> R2Error:
    """100100: the content is longer than an object may be."""
    return R2Error(100100, "Your proposed upload exceeds the maximum allowed object size.", 413)


def too_small() -> R2Error:
    """10011: a part other than the last is below 5 MiB."""
    return R2Error(10011, "Your proposed upload is smaller than the minimum allowed object size.")


def metadata_too_large() -> R2Error:
    """10012: the custom metadata is longer than allowed."""
    return R2Error(10012, "Your metadata headers exceed the maximum allowed metadata size.")


def invalid_name() -> R2Error:
    """10020: the key is too long."""
    return R2Error(10020, "The specified object name is not valid.")


def invalid_limit() -> R2Error:
    """10022: a page of no or too many keys."""
    return R2Error(10022, "MaxKeys params must be positive integer <= 1000.")


def no_such_upload() -> R2Error:
    """10024: there is no such upload, or it has ended."""
    return R2Error(10024, "The specified multipart upload does not exist.")


def invalid_part() -> R2Error:
    """10025: a part was not uploaded, or its etag differs."""
    return R2Error(10025, "One or more of the specified parts could not be found.")


def precondition_failed() -> R2Error:
    """10031: a condition did not hold."""
    return R2Error(10031, "At least one of the pre-conditions you specified did not hold.", 412)


def bad_digest(algorithm: str, given: str, found: str) -> R2Error:
    """10037: the content has another digest than was said."""
    return R2Error(
        10037,
        f"The {algorithm} checksum you specified did not match what we received.\n"
        f"You provided a {algorithm} checksum with value: {given}\nActual {algorithm} was: {found}",
    )


def invalid_range() -> R2Error:
    """10039: there are no such bytes."""
    return R2Error(10039, "The requested range is not satisfiable", 416)


def bad_upload() -> R2Error:
    """10048: the parts, but for the last, are not of one size."""
    return R2Error(10048, "There was a problem with the multipart upload.")


def internal() -> R2Error:
    """10001: our fault, or a part named twice."""
    return R2Error(10001, "We encountered an internal error. Please try again.", 500)
