"""`python -m submitter.practice fieldgate --folder DIR`: starts a practice portal on this machine."""

import argparse
import sys
from pathlib import Path
from typing import Any

from submitter.practice.cobalt import COBALT
from submitter.practice.fieldgate import FIELDGATE
from submitter.practice.ledgerline import LEDGERLINE
from submitter.practice.meridian import MERIDIAN
from submitter.practice.serving import LOOPBACK, NotThisMachine, PracticePortal

PORTALS: dict[str, tuple[PracticePortal[Any], str]] = {
    "fieldgate": (FIELDGATE, "oil and gas style: orders, three-step invoice, tickets, disputes"),
    "cobalt": (COBALT, "suite style: several customers behind one login, disputed or void, comments, CSV"),
    "ledgerline": (LEDGERLINE, "government style: frames, a delay before approval, three languages"),
    "meridian": (MERIDIAN, "large-network style: one page drawn by its script, two status fields, codes"),
}


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m submitter.practice", description="Start a practice portal.")
    portals = parser.add_subparsers(dest="portal", required=True)
    for name, (_, summary) in PORTALS.items():
        portal = portals.add_parser(name, help=summary)
        portal.add_argument("--folder", type=Path, required=True, help="where the portal keeps its books and files")
        portal.add_argument("--port", type=int, default=0, help="0 = any free port")
        portal.add_argument("--host", default=LOOPBACK, help="only this machine's own address is allowed")
        portal.add_argument("--buyer-token", default=None, help="opens the buyer's side; made up when left out")
        portal.add_argument("--fixed-clock", action="store_true", help="every date shown is the same: for recordings")
        portal.add_argument("--with-parent", action="store_true", help="stop when the program that started it is gone")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = read_arguments(arguments)
    portal, _ = PORTALS[options.portal]
    try:
        portal.serve(
            options.folder,
            port=options.port,
            host=options.host,
            buyer_token=options.buyer_token,
            fixed_clock=options.fixed_clock,
            with_parent=options.with_parent,
        )
    except NotThisMachine as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
