"""An authenticator in software: makes passkeys and signs challenges as WebAuthn Level 3 says."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class SoftwareAuthenticator:
    """One passkey; what it claims can be falsified by its fields.

    :param count: signatures so far; None for an authenticator that does not count.
    """

    origin: str = "http://localhost:5000"
    host: str = "localhost"
    flags: int = PRESENT | VERIFIED
    count: int | None = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    user_handle: str = ""
    # Changes the last answer before it is sent.
    falsify: Callable[[dict], None] = lambda _answer: None

    def create(self, options: str) -> str:
        """The answer to ``navigator.credentials.create()``."""
        parsed = json.loads(options)
        self.user_handle = parsed["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose_key = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id
        attested += encode_cbor(cose_key)
        auth_data = self._auth_data(ATTESTED) + attested
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": auth_data})
        client_data = self._client_data("webauthn.create", parsed["challenge"])
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client_data),
                "attestationObject": bytes_to_base64url(attestation),
                "transports": ["internal", "hybrid", "of-tomorrow"],
            }
        )

    def get(self, options: str) -> str:
        """The answer to ``navigator.credentials.get()``."""
        parsed = json.loads(options)
        if self.count is not None:
            self.count += 1
        auth_data = self._auth_data()
        client_data = self._client_data("webauthn.get", parsed["challenge"])
        signed = auth_data + hashlib.sha256(client_data).digest()
        signature = self.key.sign(signed, ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": bytes_to_base64url(client_data),
                "authenticatorData": bytes_to_base64url(auth_data),
                "signature": bytes_to_base64url(signature),
                "userHandle": self.user_handle,
            }
        )

    def copied(self) -> SoftwareAuthenticator:
        """Another authenticator with the same key and the same counter."""
        return replace(self)

    def _auth_data(self, flags: int = 0) -> bytes:
        rp_id_hash = hashlib.sha256(self.host.encode()).digest()
        return rp_id_hash + bytes([self.flags | flags]) + (self.count or 0).to_bytes(4, "big")

    def _client_data(self, kind: str, challenge: str) -> bytes:
        base64url_to_bytes(challenge)
        content = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(content).encode()

    def _answer(self, response: dict) -> str:
        credential_id = bytes_to_base64url(self.credential_id)
        answer = {"id": credential_id, "rawId": credential_id, "type": "public-key"}
        answer["response"] = response
        self.falsify(answer)
        return json.dumps(answer)
