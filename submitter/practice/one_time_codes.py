"""Six-digit codes of an authenticator app: RFC 6238 with SHA-1 and 30-second steps."""

import base64
import hashlib
import hmac
import struct
import time

STEP_SECONDS = 30


def code_for_step(secret: str, step: int) -> str:
    """The code of one 30-second step; `secret` is Base32 as the portal shows it, spaces allowed."""
    plain = secret.replace(" ", "").upper()
    key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def current_step(at: float | None = None) -> int:
    return int((time.time() if at is None else at) // STEP_SECONDS)


def find_step(secret: str, code: str, last_step: int) -> int | None:
    """The step whose code this is, one either side of now, but never a step that was used before."""
    now = current_step()
    for step in (now, now - 1, now + 1):
        if step > last_step and hmac.compare_digest(code_for_step(secret, step).encode(), code.encode()):
            return step
    return None
