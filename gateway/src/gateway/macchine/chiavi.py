"""Public keys of machine clients: as JWK (RFC 7517) or PEM; RSA, P-256 or Ed25519, never the private part."""

import json
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from contracts.errors import Invalid

PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What a public key consists of; with `kty`, also what its thumbprint covers (RFC 7638)."""
ALGORITHMS = {("RSA", None): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
RSA_BITS = range(2048, 8193)
KID = re.compile(r"[A-Za-z0-9._~:=-]{1,100}")
MAX_CHARS = 8192
WANTED = "Serve una chiave di firma RSA (RS256), P-256 (ES256) o Ed25519 (EdDSA)."


@dataclass(frozen=True, slots=True)
class Chiave:
    """`jwk` holds the public members alone; `alg` is the one algorithm it may sign with."""

    kid: str
    alg: str
    jwk: dict[str, str]


def read_key(text: str) -> Chiave:
    """The key somebody pasted. Invalid, at field `chiave`, says what is wrong with it."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        raise _invalid("È troppo lunga per essere una chiave.")
    if "PRIVATE KEY" in text:
        raise _is_private()
    data = _from_pem(text) if text.startswith("-----BEGIN") else _from_json(text)
    if PRIVATE_MEMBERS & data.keys():
        raise _is_private()
    kty = data.get("kty")
    crv = None if kty == "RSA" else data.get("crv")
    alg = ALGORITHMS.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str | None) else None
    if alg is None or data.get("alg", alg) != alg or data.get("use", "sig") != "sig":
        raise _invalid(WANTED)
    public = {name: str(data.get(name, "")) for name in ("kty", *MEMBERS[str(kty)])}
    _check(public, alg)
    kid = data.get("kid") or thumbprint(public)
    if not isinstance(kid, str) or not KID.fullmatch(kid):
        raise _invalid("Il “kid” della chiave ha caratteri che non vanno o è troppo lungo.")
    return Chiave(kid, alg, public)


def thumbprint(jwk: dict[str, str]) -> str:
    """RFC 7638: names a key that came without a name."""
    canonical = json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    return urlsafe_b64encode(sha256(canonical).digest()).rstrip(b"=").decode()


def _check(jwk: dict[str, str], alg: str) -> None:
    try:
        key = jwt.PyJWK(dict(jwk), algorithm=alg).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _invalid("La chiave non si legge: controlla di averla copiata tutta.") from error
    if isinstance(key, RSAPublicKey) and (key.key_size not in RSA_BITS or key.public_numbers().e < 65537):
        raise _invalid("La chiave RSA deve avere da 2048 a 8192 bit.")


def _from_json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _invalid("Incolla la chiave pubblica come JWK (JSON) o PEM.") from error
    keys = data.get("keys") if isinstance(data, dict) else None
    if isinstance(keys, list) and len(keys) == 1:  # a set with one key in it
        data = keys[0]
    if not isinstance(data, dict):
        raise _invalid("Incolla una sola chiave pubblica, come JWK (JSON) o PEM.")
    return data


def _from_pem(text: str) -> dict[str, Any]:
    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _invalid("La chiave non si legge: controlla di averla copiata tutta.") from error
    found: dict[str, Any]
    match key:
        case RSAPublicKey():
            found = RSAAlgorithm.to_jwk(key, as_dict=True)
        case EllipticCurvePublicKey():
            found = ECAlgorithm.to_jwk(key, as_dict=True)
        case Ed25519PublicKey():
            found = OKPAlgorithm.to_jwk(key, as_dict=True)
        case _:
            raise _invalid(WANTED)
    return {name: value for name, value in found.items() if name != "key_ops"}


def _is_private() -> Invalid:
    return _invalid(
        "Questa è la chiave privata, che non si dà a nessuno: fatene un'altra e incollate qui la pubblica."
    )


def _invalid(message: str) -> Invalid:
    return Invalid("clienti.chiave_non_valida", message, {"chiave": message})
