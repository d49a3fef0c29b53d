"""`python -m submitter.practice fieldgate --folder DIR`: starts a practice portal on this machine."""

import argparse
import sys
from pathlib import Path

from submitter.practice.fieldgate import serve_fieldgate
from submitter.practice.serving import LOOPBACK, NotThisMachine


def read_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m submitter.practice", description="Start a practice portal.")
    portals = parser.add_subparsers(dest="portal", required=True)
    fieldgate = portals.add_parser("fieldgate", help="oil and gas style: orders, three-step invoice, tickets, disputes")
    fieldgate.add_argument("--folder", type=Path, required=True, help="where the portal keeps its books and files")
    fieldgate.add_argument("--port", type=int, default=0, help="0 = any free port")
    fieldgate.add_argument("--host", default=LOOPBACK, help="only this machine's own address is allowed")
    fieldgate.add_argument("--buyer-token", default=None, help="opens the buyer's side; made up when left out")
    fieldgate.add_argument("--fixed-clock", action="store_true", help="every date shown is the same: for recordings")
    fieldgate.add_argument("--with-parent", action="store_true", help="stop when the program that started it is gone")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    options = read_arguments(arguments)
    try:
        serve_fieldgate(
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
