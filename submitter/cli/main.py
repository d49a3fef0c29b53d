"""`submitter`: the entry point. Every error a person can cause ends in one sentence and a non-zero exit."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from pathlib import Path

import click
import structlog

from submitter import __version__
from submitter.cli.failures import in_a_sentence
from submitter.errors import SubmitterError
from submitter.redaction import redactor
from submitter.settings import find_home
from submitter.toml_files import did_you_mean

#: Command -> (module, one line of help). The module is imported only when its command is called.
COMMANDS = {
    "demo": ("submitter.cli.demo", "Play a supplier's whole day against a practice portal."),
    "init": ("submitter.cli.setup", "Make the home folder with example settings."),
    "doctor": ("submitter.cli.setup", "Look whether everything that is needed is there."),
    "account": ("submitter.cli.account", "Logins at portals: add, test, rotate, list, pause, resume."),
    "portal": ("submitter.cli.portal", "Portals: which are known, what is known of them, probe, pause, resume."),
    "intake": ("submitter.cli.intake", "Read a folder of invoices and queue what is good."),
    "preflight": ("submitter.cli.preflight", "Check an invoice against its customer's rules, and store nothing."),
    "queue": ("submitter.cli.work", "List the submissions and where they stand."),
    "show": ("submitter.cli.work", "Tell everything about one invoice."),
    "work": ("submitter.cli.work", "Submit what is due."),
    "poll": ("submitter.cli.work", "Read what became of the submissions."),
    "run": ("submitter.cli.work", "Keep the worker and the nightly schedule going."),
    "fleet": ("submitter.cli.fleet", "Share the visits among several machines."),
    "holds": ("submitter.cli.holds", "The worklist: what is on hold and what to do."),
    "resubmit": ("submitter.cli.holds", "Send an invoice again, with its cause and fault."),
    "effort": ("submitter.cli.holds", "The effort book: log and list minutes."),
    "retry": ("submitter.cli.repair", "Send a parked submission back to the queue."),
    "withdraw": ("submitter.cli.repair", "Take back a submission that was not sent."),
    "resolve": ("submitter.cli.repair", "Say what became of an unknown outcome."),
    "report": ("submitter.cli.report", "Reports for managers."),
    "audit": ("submitter.cli.repair", "Check the audit log's chain."),
    "documents": ("submitter.cli.documents", "Check that every stored document is still there."),
    "practice": ("submitter.cli.demo", "Serve a practice portal to train on."),
}


class Commands(click.Group):
    """Loads a command's module when it is called, so that `submitter --help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[name][0])
        command: click.Command = getattr(module, name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}{did_you_mean(args[0], list(COMMANDS))}.")
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--home", type=click.Path(path_type=Path), help="The folder with config/ and data/. [~/submitter]")
@click.option("--verbose", is_flag=True, help="Log every step to standard error.")
@click.version_option(__version__)
@click.pass_context
def cli(ctx: click.Context, home: Path | None, verbose: bool) -> None:
    """Put invoices and proofs of delivery into customers' portals, once each, and keep account of what that costs.

    Example: submitter demo
    """
    os.umask(0o077)  # invoices and screenshots are nobody else's business
    ctx.obj = find_home(home)
    set_up_logging(verbose=verbose)


def set_up_logging(*, verbose: bool) -> None:
    """Logs go to standard error, for people at a terminal and as JSON elsewhere; the redactor stands last."""
    level = logging.DEBUG if verbose else logging.WARNING
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            redactor.log_processor,
            structlog.dev.ConsoleRenderer() if terminal else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is when something is logged
        cache_logger_on_first_use=False,
    )
    for noisy in ("alembic", "apscheduler", "factur-x", "pypdf"):
        logging.getLogger(noisy).setLevel(logging.ERROR)


def run(arguments: list[str] | None = None) -> None:
    """The console script."""
    sys.exit(call(sys.argv[1:] if arguments is None else arguments))


def call(arguments: list[str]) -> int:
    """Run a command and return the exit code: 0 done, 1 refused or failed, 2 called wrongly, 130 interrupted."""
    try:
        result = cli.main(arguments, prog_name="submitter", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        click.echo("Stopped.", err=True)
        return 130
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except SubmitterError as error:
        click.echo(f"Error: {redactor.scrub(str(error))}", err=True)
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read us has gone, which is no error
        return 1
    except Exception as error:  # noqa: BLE001 (the last edge: a clerk gets a sentence, the details go to a file)
        click.echo(f"Error: {in_a_sentence(error)}", err=True)
        return 1
