"""X509Certificate of ``node:crypto``: what a certificate says, in the words of OpenSSL.

JavaScript keeps a certificate as DER and gives it with each operation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from ipaddress import IPv6Address
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from engine.bindings.binding import BindingError

from .key import der_of, facts, private_key, public_key
from .operation import Operation, Reply, cut

_SHORT: Final = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.SURNAME: "SN",
    NameOID.STREET_ADDRESS: "street",
    NameOID.DOMAIN_COMPONENT: "DC",
    NameOID.USER_ID: "UID",
}
_ACCESS: Final = {
    AuthorityInformationAccessOID.OCSP: "OCSP",
    AuthorityInformationAccessOID.CA_ISSUERS: "CA Issuers",
}


@lru_cache(64)
def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _parse(args: list[Any], data: bytes) -> Reply:
    """PEM or DER → what it says, and its DER.

    Raises:
        BindingError: It is no certificate.
    """
    try:
        pem = b"-----BEGIN " in data
        certificate = x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)
        der = certificate.public_bytes(Encoding.DER)
        return _facts(certificate, der), der
    except (ValueError, UnsupportedAlgorithm):
        raise BindingError("not a valid certificate", "TypeError") from None


def _facts(certificate: x509.Certificate, der: bytes) -> dict[str, Any]:
    names = _extension(certificate, x509.SubjectAlternativeName) or ()
    access = _extension(certificate, x509.AuthorityInformationAccess) or ()
    usage = _extension(certificate, x509.ExtendedKeyUsage)
    constraints = _extension(certificate, x509.BasicConstraints)
    serial = f"{certificate.serial_number:X}"
    return {
        "subject": _attributes(certificate.subject),
        "issuer": _attributes(certificate.issuer),
        "names": [_name(name) for name in names],
        "access": [
            [_ACCESS.get(each.access_method, each.access_method.dotted_string), _name(each.access_location)]
            for each in access
        ],
        "usage": None if usage is None else [each.dotted_string for each in usage],
        "ca": constraints is not None and constraints.ca,
        "serial": serial if len(serial) % 2 == 0 else f"0{serial}",
        "from": _date(certificate.not_valid_before_utc),
        "to": _date(certificate.not_valid_after_utc),
        "prints": [_colons(made(der).digest()) for made in (hashlib.sha1, hashlib.sha256, hashlib.sha512)],
        "pem": certificate.public_bytes(Encoding.PEM).decode(),
    }


def _extension(certificate: x509.Certificate, kind: type[Any]) -> Any:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _attributes(name: x509.Name) -> list[list[list[str]]]:
    """For each part of a name the pairs in it, nearly always one."""
    return [[[_short(each), _text(each.value)] for each in part] for part in name.rdns]


def _short(attribute: x509.NameAttribute[Any]) -> str:
    known = _SHORT.get(attribute.oid)
    named: str = known or attribute.oid._name  # the others are called by their long names
    return named if named != "Unknown OID" else attribute.oid.dotted_string


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else f"#{value.hex().upper()}"


def _name(name: x509.GeneralName) -> list[str]:
    match name:
        case x509.DNSName():
            return ["DNS", name.value]
        case x509.IPAddress():
            return ["IP Address", _address(name.value)]
        case x509.RFC822Name():
            return ["email", name.value]
        case x509.UniformResourceIdentifier():
            return ["URI", name.value]
        case x509.RegisteredID():
            return ["Registered ID", name.value.dotted_string]
        case x509.DirectoryName():
            parts = [f"{key}={value}" for part in _attributes(name.value) for key, value in part]
            return ["DirName", ",".join(reversed(parts))]
        case _:
            return ["othername", "<unsupported>"]


def _address(address: Any) -> str:
    if isinstance(address, IPv6Address):
        return ":".join(f"{int(group, 16):X}" for group in address.exploded.split(":"))
    return str(address)


def _date(date: datetime) -> str:
    return f"{date:%b} {date.day:2} {date:%H:%M:%S %Y} GMT"


def _colons(digest: bytes) -> str:
    return digest.hex(":").upper()


def _key(args: list[Any], data: bytes) -> Reply:
    """DER → facts and DER of its public key, and its numbers."""
    key = _certificate(data).public_key()
    told = facts(key)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        told["numbers"] = [key.key_size, f"{numbers.n:X}", f"0x{numbers.e:x}"]
    elif isinstance(key, ec.EllipticCurvePublicKey):
        point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        told["numbers"] = [key.curve.key_size, point.hex(), ""]
    return told, der_of(key)


def _signed(args: list[Any], data: bytes) -> Reply:
    """``[size]``, DER of a certificate and of a public key → whether that key signed it."""
    of, by = cut(data, args[0])
    certificate = _certificate(of)
    # What cryptography checks is a certificate by that of its issuer: here there is a key only.
    try:
        _verify(certificate, public_key(by))
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False, None
    return True, None


def _verify(certificate: x509.Certificate, key: Any) -> None:
    signature, signed = certificate.signature, certificate.tbs_certificate_bytes
    parameters: Any = certificate.signature_algorithm_parameters
    hashed: Any = certificate.signature_hash_algorithm
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, parameters, hashed)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, parameters)
    elif hashed is not None:
        key.verify(signature, signed, hashed)
    else:
        key.verify(signature, signed)


def _issued(args: list[Any], data: bytes) -> Reply:
    """``[size]``, DER of two certificates → whether the second one issued the first, by name and key ids."""
    first, second = (_certificate(each) for each in cut(data, args[0]))
    authority = _extension(first, x509.AuthorityKeyIdentifier)
    subject = _extension(second, x509.SubjectKeyIdentifier)
    usage = _extension(second, x509.KeyUsage)
    same_key = (
        authority is None or authority.key_identifier is None or subject is None
    ) or authority.key_identifier == subject.digest
    return first.issuer == second.subject and same_key and (usage is None or usage.key_cert_sign), None


def _matches(args: list[Any], data: bytes) -> Reply:
    """``[size]``, DER of a certificate and of a private key → whether the key is the certificate's."""
    of, key = cut(data, args[0])
    return der_of(_certificate(of).public_key()) == der_of(private_key(key).public_key()), None


def _guarded(operation: Callable[[list[Any], bytes], Reply]) -> Operation:
    def run(args: list[Any], data: bytes) -> Reply:
        try:
            return operation(args, data)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise BindingError(str(error), "Error") from None

    return run


_OPERATIONS: Iterable[tuple[str, Operation]] = (
    ("certificate", _parse),
    ("certificateKey", _key),
    ("certificateSigned", _signed),
    ("certificateIssued", _issued),
    ("certificateMatches", _matches),
)
SYNC: Mapping[str, Operation] = {name: _guarded(operation) for name, operation in _OPERATIONS}
