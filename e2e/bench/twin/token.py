"""Writes a JWK set with a new Ed25519 key into the folder of the first argument, and prints a token by it."""

import json
import sys
import time
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

key = Ed25519PrivateKey.generate()
public = json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(key.public_key())) | {"kid": "bench"}
Path(sys.argv[1], "jwks.json").write_text(json.dumps({"keys": [public]}), encoding="utf-8")
now = int(time.time())
claims = {"sub": "bench", "iss": "https://bench.test", "aud": "https://bench.test", "iat": now, "exp": now + 7200}
print(jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": "bench"}))
