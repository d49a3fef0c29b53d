"""The mails that a practice portal sends: kept in a folder in Maildir form, as a mail server on this machine would."""

import mailbox
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Any


class Mailbox:
    """Everything that was ever sent, oldest first. Nothing leaves this machine."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._maildir = mailbox.Maildir(folder, create=True)
        self._sender = sender
        self._sent: list[dict[str, Any]] = []

    def deliver(self, to: str, subject: str, text: str, at: str) -> None:
        """Puts one mail into the folder; `at` is the moment of the portal's books, ISO 8601."""
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(datetime.fromisoformat(at))
        mail["Message-ID"] = make_msgid(domain=self._sender.rpartition("@")[2].rstrip(">"))
        mail.set_content(text)
        self._maildir.add(mail)
        self._sent.append({"to": to, "subject": subject, "text": text, "at": at})

    def sent(self, to: str = "") -> list[dict[str, Any]]:
        """The mails of this process, to one address or to all."""
        return [mail for mail in self._sent if to in ("", mail["to"])]
