"""The local certificate authority: a certificate for every hostname, made when a client first asks for it.

The authority is made on first use and lives in the state folder: `ca-key.pem` (0600, never leaves the
machine) and `ca.pem` (what a person trusts, once). The hosts' certificates live in memory only: one takes
well under a millisecond to sign, and all share one key of this process.

Profile: RFC 5280, and what browsers ask of a server's certificate (a SAN, serverAuth, at most 398 days).
"""

from __future__ import annotations

import datetime
import fcntl
import ipaddress
import os
import re
import ssl
import tempfile
from collections import OrderedDict
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from engine.statefolder import write_private

NAME: Final = "svc-tui local authority"
AUTHORITY_DAYS: Final = 3650
HOST_DAYS: Final = 397
#: The names of this machine itself.
SELF: Final = ("localhost", "127.0.0.1", "::1")
LOCK: Final = "ca.lock"
#: A clock that is a little behind must not refuse a certificate made just now.
LEEWAY: Final = datetime.timedelta(hours=1)
#: Contexts kept at most; the one not asked for longest goes first.
CONTEXTS: Final = 512
HOST: Final = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\Z")


class AuthorityError(Exception):
    """The authority's files cannot be used; one line that names the file and what to do."""


class Authority:
    """Signs certificates with the state folder's own authority.

    Args:
        certificate: the authority's certificate.
        key: its private key.
    """

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key
        self._host_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: OrderedDict[str, ssl.SSLContext] = OrderedDict()

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """The authority of a state folder, made now if there is none.

        Raises:
            AuthorityError: its files are damaged, do not belong together, or cannot be written.
        """
        key_file, certificate_file = key_path(folder), certificate_path(folder)
        try:
            with open(folder / LOCK, "ab") as lock:  # the engine and `trust` may both come first
                os.chmod(lock.fileno(), 0o600)
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not key_file.exists():
                    _make(key_file, certificate_file)
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
            certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        except (OSError, ValueError) as error:
            raise AuthorityError(
                f"{key_file} and {certificate_file.name} cannot be used ({error}): "
                "move both away to have a new authority made, and trust that one"
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise AuthorityError(
                f"{key_file} is not the key of {certificate_file.name}: "
                "move both away to have a new authority made"
            )
        return cls(certificate, key)

    def issue(self, host: str, *others: str) -> bytes:
        """A certificate for hostnames or addresses, PEM, with its key."""
        now = datetime.datetime.now(datetime.UTC)
        public = self._host_key.public_key()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host[:64])]))
            .issuer_name(self.certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - LEEWAY)
            .not_valid_after(
                min(now + datetime.timedelta(days=HOST_DAYS), self.certificate.not_valid_after_utc)
            )
            .add_extension(
                x509.SubjectAlternativeName([_general_name(each) for each in (host, *others)]), critical=False
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM) + _pem(self._host_key)

    def context(self, host: str) -> ssl.SSLContext:
        """The server's side of TLS as `host`; made once, then kept."""
        context = self._contexts.get(host)
        if context is not None:
            self._contexts.move_to_end(host)
            return context
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        # The ssl module reads certificates from files only; this one is 0600 and gone at once.
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self.issue(host))
            file.flush()
            context.load_cert_chain(file.name)
        self._contexts[host] = context
        if len(self._contexts) > CONTEXTS:
            self._contexts.popitem(last=False)
        return context

    def server_context(self) -> ssl.SSLContext:
        """A context for a listening socket: each client gets the certificate of the host it names (SNI).

        One that names none, as for an address, gets that of this machine itself.
        """
        entry = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        entry.minimum_version = ssl.TLSVersion.TLSv1_2
        entry.set_alpn_protocols(["http/1.1"])
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(self.issue(*SELF))
            file.flush()
            entry.load_cert_chain(file.name)

        def choose(connection: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
            if name is None:
                return None
            host = name.lower().rstrip(".")
            if not HOST.match(host):
                return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            connection.context = self.context(host)
            return None

        entry.sni_callback = choose
        return entry


def certificate_path(folder: Path) -> Path:
    """Where the authority's certificate is: what a person trusts."""
    return folder / "ca.pem"


def key_path(folder: Path) -> Path:
    """Where the authority's private key is."""
    return folder / "ca-key.pem"


def _make(key_file: Path, certificate_file: Path) -> None:
    """A new authority, the certificate first: with a key there is always its certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.UTC)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, NAME),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{NAME} {os.urandom(4).hex()}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - LEEWAY)
        .not_valid_after(now + datetime.timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                key_cert_sign=True,
                crl_sign=True,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM).decode())
    write_private(key_file, _pem(key).decode())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
