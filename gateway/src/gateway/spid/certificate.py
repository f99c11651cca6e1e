"""Key and certificate of a public service provider, as AgID wants them (Avviso SPID 29, allegato «certificati»)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.spid.guard import ENTITY_ID_OID
from gateway.spid.settings import Schema

ORGANIZATION_ID_OID = x509.ObjectIdentifier("2.5.4.97")
BITS = 3072
POLICIES = (
    ("1.3.76.16.6", "agIDcert"),
    ("1.3.76.16.4.2.1", "cert_SP_Pub"),
)
"""AgID's arc; the second says: public service provider."""


@dataclass(frozen=True)
class Pair:
    """PEM, the key without password."""

    key: bytes
    certificate: bytes


def make_pair(schema: Schema, days: int) -> Pair:
    """A new key with its self-signed certificate, good for `days` from now. Another entity_id needs another one."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    name, now = _subject(schema), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=False)
        .add_extension(_usage(), critical=True)
        .add_extension(_policies(), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    certificate = builder.sign(key, SHA512())
    return Pair(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate.public_bytes(Encoding.PEM),
    )


def _subject(schema: Schema) -> x509.Name:
    pairs = (
        (NameOID.ORGANIZATION_NAME, schema.organization.name),
        (NameOID.COMMON_NAME, urlsplit(schema.entity_id).hostname or schema.organization.display_name),
        (ENTITY_ID_OID, schema.entity_id),
        (ORGANIZATION_ID_OID, f"PA:IT-{schema.contact.ipa_code}"),
        (NameOID.COUNTRY_NAME, "IT"),
        (NameOID.LOCALITY_NAME, schema.organization.locality),
    )
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in pairs])


def _usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _policies() -> x509.CertificatePolicies:
    return x509.CertificatePolicies(
        [
            x509.PolicyInformation(x509.ObjectIdentifier(oid), [x509.UserNotice(None, text)])
            for oid, text in POLICIES
        ]
    )
