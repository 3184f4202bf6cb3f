"""Primes for ``node:crypto``."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from engine.bindings.binding import BindingError

from .operation import Operation, Reply, cut

#: Python holds its lock while it takes a power: 0.1 s for numbers of this size, minutes for larger ones.
MOST_BITS: Final = 4096


def _check_size(bits: int) -> None:
    if bits > MOST_BITS:
        raise BindingError(f"Primes of more than {MOST_BITS} bits are not supported.", "RangeError")


def _is_prime(number: int, rounds: int = 40) -> bool:
    """Miller and Rabin's test."""
    if number < 4:
        return number in (2, 3)
    for small in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37):
        if number % small == 0:
            return number == small
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        power = pow(secrets.randbelow(number - 3) + 2, odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def _check_prime(args: list[Any], data: bytes) -> Reply:
    """A big-endian number → whether it is a prime."""
    _check_size(len(data.lstrip(b"\0")) * 8 - 7)
    return _is_prime(int.from_bytes(data, "big")), None


def _generate_prime(args: list[Any], data: bytes) -> Reply:
    """``[bits, safe, add size]``, add and rem (both may be empty) → a prime, big-endian."""
    bits, safe, size = args
    _check_size(bits)
    add, rem = (int.from_bytes(part, "big") for part in cut(data, size))
    while True:
        number = secrets.randbits(bits) | (1 << (bits - 1)) | 1
        if bits > 2 and not add:
            number |= 1 << (bits - 2)
        if add:
            number += (rem or 1) - number % add
        if number.bit_length() == bits and _is_prime(number) and (not safe or _is_prime(number // 2)):
            return None, number.to_bytes((bits + 7) // 8, "big")


SYNC: Mapping[str, Operation] = {"checkPrime": _check_prime, "generatePrime": _generate_prime}
