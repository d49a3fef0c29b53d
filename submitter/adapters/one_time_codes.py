"""The codes of an authenticator app: RFC 6238 with SHA-1, six digits and steps of 30 seconds, as portals use them.

Our own few lines, because the common library refuses the keys of 80 bits that many portals hand out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

STEP_SECONDS = 30


def read_key(written: str) -> bytes:
    """The key that a portal shows beside its square code: Base32, in any case, with blanks. ValueError for others."""
    plain = "".join(written.split()).rstrip("=").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        raise ValueError("the key is not one of A-Z and 2-7, as portals show it beside the square code") from None
    if len(key) < 10:
        raise ValueError("the key is too short: at least 16 characters, as portals show it beside the square code")
    return key


def step_at(seconds: float) -> int:
    """The step that a moment, in seconds since 1970, lies in."""
    return int(seconds // STEP_SECONDS)


def code_of(key: bytes, step: int, digits: int = 6) -> str:
    """The code of one step."""
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"
