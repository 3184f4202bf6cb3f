"""Cipheriv and Decipheriv of ``node:crypto``: AES and ChaCha20-Poly1305."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

try:
    from cryptography.hazmat.decrepit.ciphers.modes import CFB, CFB8, OFB
except ImportError:  # before cryptography 47
    from cryptography.hazmat.primitives.ciphers.modes import CFB, CFB8, OFB

from engine.bindings.binding import BindingError

from .operation import Operation, Reply, cut, kept


class _Block:
    """A block or stream cipher of `cryptography`, with PKCS #7 padding where Node pads."""

    def __init__(self, mode: str, decrypt: bool, key: bytes, iv: bytes, tag_size: int) -> None:
        forms: dict[str, Callable[[], modes.Mode]] = {
            "cbc": lambda: modes.CBC(iv),
            "ctr": lambda: modes.CTR(iv),
            "ecb": lambda: modes.ECB(),
            "gcm": lambda: modes.GCM(iv, None, 4),
            "ofb": lambda: OFB(iv),
            "cfb": lambda: CFB(iv),
            "cfb8": lambda: CFB8(iv),
        }
        cipher: Any = Cipher(algorithms.AES(key), forms[mode]())
        self._work: Any = cipher.decryptor() if decrypt else cipher.encryptor()
        self._decrypt, self._tag_size = decrypt, tag_size
        self._pad: Any = None
        if mode in ("cbc", "ecb"):
            scheme = padding.PKCS7(128)
            self._pad = scheme.unpadder() if decrypt else scheme.padder()
        self._authenticated = mode == "gcm"

    def aad(self, data: bytes) -> None:
        self._work.authenticate_additional_data(data)

    def unpadded(self) -> None:
        self._pad = None

    def update(self, data: bytes) -> bytes:
        if self._pad is None:
            return bytes(self._work.update(data))
        if self._decrypt:
            return bytes(self._pad.update(self._work.update(data)))
        return bytes(self._work.update(self._pad.update(data)))

    def final(self, tag: bytes) -> tuple[bytes, bytes]:
        try:
            if self._authenticated and self._decrypt:
                return self._work.finalize_with_tag(tag), b""
            if self._pad is None:
                rest = self._work.finalize()
            elif self._decrypt:
                rest = self._pad.update(self._work.finalize()) + self._pad.finalize()
            else:
                rest = self._work.update(self._pad.finalize()) + self._work.finalize()
        except InvalidTag:
            raise BindingError("Unsupported state or unable to authenticate data", "Error") from None
        except ValueError:
            wrong = "bad decrypt" if self._decrypt and self._pad else "wrong final block length"
            raise BindingError(wrong, "Error") from None
        return rest, self._work.tag[: self._tag_size] if self._authenticated else b""


class _ChaCha20Poly1305:
    """RFC 8439, piece by piece."""

    def __init__(self, decrypt: bool, key: bytes, iv: bytes) -> None:
        self._work = Cipher(algorithms.ChaCha20(key, bytes(4) + iv), None).encryptor()
        self._mac = Poly1305(self._work.update(bytes(64))[:32])
        self._decrypt, self._sizes = decrypt, [0, 0]

    def aad(self, data: bytes) -> None:
        self._mac.update(data + bytes(-len(data) % 16))
        self._sizes[0] += len(data)

    def unpadded(self) -> None:
        """A stream cipher has no padding."""

    def update(self, data: bytes) -> bytes:
        result = self._work.update(data)
        self._mac.update(data if self._decrypt else result)
        self._sizes[1] += len(data)
        return result

    def final(self, tag: bytes) -> tuple[bytes, bytes]:
        lengths = b"".join(size.to_bytes(8, "little") for size in self._sizes)
        self._mac.update(bytes(-self._sizes[1] % 16) + lengths)
        computed = self._mac.finalize()
        if self._decrypt and not hmac.compare_digest(computed, tag):
            raise BindingError("Unsupported state or unable to authenticate data", "Error")
        return b"", computed


def _cipher_open(args: list[Any], data: bytes) -> Reply:
    """``[mode, decrypt, key size, tag size]``, key and initialisation vector → an id."""
    mode, decrypt, size, tag_size = args
    key, iv = cut(data, size)
    try:
        made = (
            _ChaCha20Poly1305(decrypt, key, iv)
            if mode == "chacha20"
            else _Block(mode, decrypt, key, iv, tag_size)
        )
    except ValueError as error:
        raise BindingError(str(error), "Error") from None
    return kept.add(made), None


def _cipher_update(args: list[Any], data: bytes) -> Reply:
    """``[id, "aad" | "unpadded" | "data"]`` and data → output."""
    cipher = kept.get(args[0])
    if args[1] == "data":
        return None, cipher.update(data)
    cipher.unpadded() if args[1] == "unpadded" else cipher.aad(data)
    return None, None


def _cipher_final(args: list[Any], data: bytes) -> Reply:
    """``[id]`` and, to decrypt, the authentication tag → the tag's size, and output followed by the tag."""
    rest, tag = kept.take(args[0]).final(data)
    return len(tag), rest + tag


SYNC: Mapping[str, Operation] = {
    "cipherOpen": _cipher_open,
    "cipherUpdate": _cipher_update,
    "cipherFinal": _cipher_final,
}
