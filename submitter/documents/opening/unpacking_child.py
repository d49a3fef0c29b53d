"""The program that unpacks archives and mails: ``python -m submitter.documents.opening.unpacking_child``.

As `child.py` is, a process of its own that opens what nobody trusts; it stands apart because it alone may write files.
The request is ``{"path": ..., "what": "zip" | "mail", "into": folder, "room": bytes}``; the answer holds ``verdict``,
``sentence``, ``members`` and the mail's ``text``.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import warnings
from pathlib import Path
from typing import IO, Any

from submitter.documents.einvoices.xml_trees import Malformed, Unsafe
from submitter.documents.opening.confinement import allow_processor_time, confine, take_over_output
from submitter.documents.opening.mail_members import unpack_mail
from submitter.documents.opening.member_box import MEMBER_BYTES, Box, Overfull
from submitter.documents.opening.reading import Verdict
from submitter.documents.opening.zip_members import Foreign, unpack_zip

MEMORY_BYTES = 1 << 30
CPU_SECONDS = 20
OPEN_FILES = 32
_TOO_MUCH = "Unpacking it takes more memory or work than any honest file needs; it was not unpacked further."

Answer = dict[str, Any]


def answer_for(path: Path, what: str, into: Path, room: int) -> Answer:
    """The members of one file. After a refusal our side removes what was written: half an archive is none."""
    sha256 = ""
    box = Box(into, room)
    try:
        with path.open("rb") as source:
            sha256 = hashlib.file_digest(source, "sha256").hexdigest()
            source.seek(0)
            text = unpack_mail(source, box) if what == "mail" else unpack_zip(source, box)
        text = text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
        answer = _verdict(Verdict.OK, "") | {"members": box.members, "text": text}
    except Overfull as error:
        answer = _verdict(Verdict.TOO_LARGE, str(error))
    except Unsafe as error:
        answer = _verdict(Verdict.HOSTILE, str(error))
    except Foreign as error:
        answer = _verdict(Verdict.NOT_A_DOCUMENT, f"The file {error}.")
    except Malformed as error:
        answer = _verdict(Verdict.DAMAGED, f"The file is damaged: {error}.")
    except (MemoryError, RecursionError):
        logging.exception("limit")
        answer = _verdict(Verdict.HOSTILE, _TOO_MUCH)
    except OSError as error:
        logging.exception("disk")
        answer = _verdict(Verdict.DAMAGED, f"It could not be unpacked on this computer ({error.strerror}).")
    except Exception:
        logging.exception("damaged")
        answer = _verdict(Verdict.DAMAGED, "The file is damaged and cannot be unpacked; please pack or save it again.")
    return answer | {"sha256": sha256}


def _verdict(verdict: Verdict, sentence: str) -> Answer:
    return {"verdict": verdict.value, "sentence": sentence}


def serve(requests: IO[bytes], answers: IO[str]) -> None:
    """Says that it is ready, then answers one request after the other until there are no more."""
    answers.write(json.dumps({"ready": True}) + "\n")
    for line in requests:
        asked = json.loads(line)
        allow_processor_time(CPU_SECONDS)
        answer = answer_for(Path(asked["path"]), asked["what"], Path(asked["into"]), int(asked["room"]))
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR, stream=sys.stderr)
    warnings.simplefilter("ignore")
    way_out = take_over_output()
    confine(MEMORY_BYTES, MEMBER_BYTES, OPEN_FILES)
    serve(sys.stdin.buffer, way_out)
