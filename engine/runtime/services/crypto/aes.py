"""AES in the modes of the standard (https://w3c.github.io/webcrypto/#aes-ctr), AES-OCB, ChaCha20-Poly1305."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import keywrap
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESOCB3, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.padding import PKCS7

from engine.bindings.binding import BindingError

from .calls import Answer, Operation, failing_as

_BLOCK = 16
_WRONG = "The data could not be decrypted: the key, a parameter or the data is not the right one."
# OpenSSL takes GCM initialization vectors of these sizes only, in bytes.
_IV_SIZES = range(8, 129)


def cbc_encrypt(_: None, strings: list[bytes]) -> Answer:
    """Key, iv, data → padded and encrypted."""
    key, iv, data = strings
    pad = PKCS7(128).padder()
    encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return None, encryptor.update(pad.update(data) + pad.finalize()) + encryptor.finalize()


def cbc_decrypt(_: None, strings: list[bytes]) -> Answer:
    """Key, iv, data → decrypted, without the padding."""
    key, iv, data = strings
    with failing_as("OperationError", _WRONG):
        decryptor = Cipher(AES(key), modes.CBC(iv)).decryptor()
        plain = decryptor.update(data) + decryptor.finalize()
        unpad = PKCS7(128).unpadder()
        return None, unpad.update(plain) + unpad.finalize()


def _ctr(key: bytes, counter: int, data: bytes) -> bytes:
    encryptor = Cipher(AES(key), modes.CTR(counter.to_bytes(_BLOCK, "big"))).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def ctr(length: int, strings: list[bytes]) -> Answer:
    """Key, counter block, data → encrypted, or decrypted; only the last ``length`` bits of the block count.

    OpenSSL counts with all 128 bits, so where the counter wraps the data is cut in two.
    """
    key, block, data = strings
    start = int.from_bytes(block, "big")
    blocks = -(-len(data) // _BLOCK)
    if blocks > 1 << length:
        raise BindingError(f"The data is longer than a counter of {length} bits can count.", "OperationError")
    left = (1 << length) - (start & ((1 << length) - 1))
    if blocks <= left:
        return None, _ctr(key, start, data)
    wrapped = start & ~((1 << length) - 1)
    return None, _ctr(key, start, data[: left * _BLOCK]) + _ctr(key, wrapped, data[left * _BLOCK :])


def _check_iv(iv: bytes) -> None:
    if len(iv) not in _IV_SIZES:
        raise BindingError(
            f"AES-GCM takes an initialization vector of {_IV_SIZES[0]} to {_IV_SIZES[-1]} bytes here, "
            f"and was given {len(iv)}; 12 bytes are usual.",
            "OperationError",
        )


def gcm_encrypt(tag_bits: int, strings: list[bytes]) -> Answer:
    """Key, iv, additional data, data → encrypted, with the tag at its end."""
    key, iv, additional, data = strings
    _check_iv(iv)
    encryptor = Cipher(AES(key), modes.GCM(iv)).encryptor()
    encryptor.authenticate_additional_data(additional)
    return None, encryptor.update(data) + encryptor.finalize() + encryptor.tag[: tag_bits // 8]


def gcm_decrypt(tag_bits: int, strings: list[bytes]) -> Answer:
    """Key, iv, additional data, data with the tag at its end → decrypted."""
    key, iv, additional, data = strings
    _check_iv(iv)
    size = tag_bits // 8
    if len(data) < size:
        raise BindingError(f"The data is shorter than its tag of {size} bytes.", "OperationError")
    with failing_as("OperationError", _WRONG):
        decryptor = Cipher(AES(key), modes.GCM(iv, data[len(data) - size :], min_tag_length=4)).decryptor()
        decryptor.authenticate_additional_data(additional)
        return None, decryptor.update(data[: len(data) - size]) + decryptor.finalize()


def wrap(_: None, strings: list[bytes]) -> Answer:
    """Key, data → wrapped (RFC 3394)."""
    if len(strings[1]) % 8 or len(strings[1]) < _BLOCK:
        raise BindingError("AES-KW wraps 16 bytes or more, a multiple of 8.", "OperationError")
    return None, keywrap.aes_key_wrap(strings[0], strings[1])


def unwrap(_: None, strings: list[bytes]) -> Answer:
    """Key, wrapped data → data (RFC 3394)."""
    try:
        return None, keywrap.aes_key_unwrap(strings[0], strings[1])
    except (ValueError, keywrap.InvalidUnwrap) as error:
        raise BindingError(_WRONG, "OperationError") from error


def _sealed(name: str, key: bytes) -> AESOCB3 | ChaCha20Poly1305:
    return AESOCB3(key) if name == "AES-OCB" else ChaCha20Poly1305(key)


def seal(name: str, strings: list[bytes]) -> Answer:
    """Key, nonce, additional data, data → encrypted, with the tag of 16 bytes at its end."""
    key, nonce, additional, data = strings
    return None, _sealed(name, key).encrypt(nonce, data, additional)


def unseal(name: str, strings: list[bytes]) -> Answer:
    """Key, nonce, additional data, data with the tag at its end → decrypted."""
    key, nonce, additional, data = strings
    try:
        return None, _sealed(name, key).decrypt(nonce, data, additional)
    except InvalidTag as error:
        raise BindingError(_WRONG, "OperationError") from error


OPERATIONS: dict[str, Operation] = {
    "aesCbcEncrypt": cbc_encrypt,
    "aesCbcDecrypt": cbc_decrypt,
    "aesCtr": ctr,
    "aesGcmEncrypt": gcm_encrypt,
    "aesGcmDecrypt": gcm_decrypt,
    "aesWrap": wrap,
    "aesUnwrap": unwrap,
    "seal": seal,
    "unseal": unseal,
}
