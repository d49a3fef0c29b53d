"""Many machines: Procrastinate, a task engine on our PostgreSQL, spreads visits over the hosts.

A task says no more than "visit this account": what is due stands in our own rows, and who may act is decided by the
lease. So a task that is lost, doubled or stuck does no harm. Every few seconds one host sweeps: it asks for a visit to
every account with due work that nobody visits, and writes off the tasks of dead workers. A task is never retried and
takes no lock of the engine's, whose locks outlive a worker that dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

import psycopg
import structlog
from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ConnectorException, ProcrastinateException
from procrastinate.jobs import Status
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from submitter.errors import ConfigurationError
from submitter.queue import fleet_tables
from submitter.queue.fleet_tables import CONTROL, VISIT, VISITS, ask_for_visit
from submitter.queue.office import holder
from submitter.queue.schedule import build_scheduler, catch_up
from submitter.queue.stopping import Stop
from submitter.queue.visits import VisitReport
from submitter.queue.watchdog import Watchdog
from submitter.queue.worker import Worker
from submitter.store import machines, postgresql
from submitter.store.database import in_words

log = structlog.get_logger()

SWEEP, PRUNE = "submitter.sweep", "submitter.prune"
LEASES_WITHOUT_DATABASE = 3  # after so many the process ends
KEPT_HOURS = 24  # how long ended tasks can be looked at
CANNOT = "The database could not be reached for {seconds:.0f} seconds; this worker ends, to be started again."


class FleetWorker:
    """One worker process of a fleet. Only ``Worker.visit`` does work; everything else here decides when."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.office = worker.office
        self.database = worker.office.database
        if self.database.dialect != "postgresql":
            raise ConfigurationError(
                "A fleet needs PostgreSQL: SQLite serves the programs of one machine. Set database_url, or use: "
                "submitter run"
            )
        self._conninfo = postgresql.conninfo(make_url(self.database.url), application_name="submitter fleet")
        self._working = self.office.settings.working
        self._visits: set[asyncio.Task[VisitReport | None]] = set()
        self._slots = asyncio.Semaphore(worker.visits)
        self._ending = False

    # -- stopping, as the signals' handler asks for it -----------------------------------------------------------

    @property
    def stopping(self) -> Stop:
        return self.worker.stopping

    def stop(self) -> None:
        """Finish the rounds in hand, begin no further one."""
        self.worker.stop()

    def stop_now(self) -> None:
        """End the visits where they stand. What was being sent is looked up by whoever comes next."""
        self.worker.stop()
        for visit in self._visits:
            visit.cancel()

    # -- running -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until a stop is asked for. Ends the process with code 70 when the database stays away."""
        await asyncio.to_thread(fleet_tables.prepare, self.database)
        seconds = self._working.lease_seconds * LEASES_WITHOUT_DATABASE
        with Watchdog(seconds, CANNOT.format(seconds=seconds)) as watchdog:
            async with self.worker.opened(), self._marking_nights(), self._proving(watchdog):
                await self._run_engine()

    async def _run_engine(self) -> None:
        """Two of the engine's workers: visits may take all their slots, and the sweep still has its own."""
        parts = [
            asyncio.create_task(self._keep_running(VISITS, self.worker.visits)),
            asyncio.create_task(self._keep_running(CONTROL, 1)),
        ]
        try:
            await self.stopping.wait()
        finally:
            self._ending = True
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, *self._visits, return_exceptions=True)

    async def _keep_running(self, queue: str, concurrency: int) -> None:
        """Run one of the engine's workers, again and again: it ends by itself when it loses the database.

        The visits in hand go on meanwhile (see ``_visit``); their leases say how long they may.
        """
        while not self._ending:
            app = self._app(queue, concurrency)
            try:
                await app.open_async()
                if queue == CONTROL:
                    await self._sweep(app)
                await app.run_worker_async(
                    queues=[queue],
                    name=f"{holder()} {queue}",
                    concurrency=concurrency,
                    install_signal_handlers=False,  # ours
                    fetch_job_polling_interval=self._working.look_seconds,
                    update_heartbeat_interval=self._working.heartbeat_seconds,
                    stalled_worker_timeout=self._working.lease_seconds,
                    shutdown_graceful_timeout=self._working.lease_seconds,
                    delete_jobs="successful" if queue == CONTROL else "never",
                )
                log.warning("the task engine stopped by itself; it is started again", queue=queue)
            except (ProcrastinateException, psycopg.Error, SQLAlchemyError) as error:
                log.warning("the task engine failed; it is started again", queue=queue, error=type(error).__name__)
            finally:
                with suppress(ProcrastinateException, psycopg.Error):
                    await app.close_async()
            await asyncio.sleep(self._working.look_seconds)

    @asynccontextmanager
    async def _marking_nights(self) -> AsyncIterator[None]:
        """The nightly readings. All hosts mark them; the slot's key lets the first one do it."""
        await asyncio.to_thread(catch_up, self.office)
        scheduler = build_scheduler(self.office)
        scheduler.start()
        try:
            yield
        finally:
            scheduler.shutdown(wait=False)

    @asynccontextmanager
    async def _proving(self, watchdog: Watchdog) -> AsyncIterator[None]:
        """Touch the watchdog each time the database took a write; the same write says that this machine is there."""
        thread = ThreadPoolExecutor(1, "proving")  # its own: others may hang

        def prove() -> None:
            with self.database.transaction() as c:
                machines.seen(c, self.database.now(c))

        async def go_on() -> None:
            away = False
            while True:
                try:
                    await asyncio.get_running_loop().run_in_executor(thread, prove)
                    watchdog.touch()
                    if away:
                        log.warning("the database answers again")
                    away = False
                except SQLAlchemyError as error:
                    if not away:  # once down, once up
                        log.error("the database does not answer", why=in_words(error))
                    away = True
                await asyncio.sleep(self._working.heartbeat_seconds)

        proving = asyncio.create_task(go_on())
        try:
            yield
        finally:
            proving.cancel()
            thread.shutdown(wait=False, cancel_futures=True)

    # -- the tasks -----------------------------------------------------------------------------------------------

    def _app(self, queue: str, concurrency: int) -> App:
        """The engine with what this queue does. The sweep's own one keeps the clock, so that no two do."""
        connector = PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=concurrency + 2)
        app = App(connector=connector)
        if queue == VISITS:
            app.task(name=VISIT, queue=VISITS, retry=False)(self._visit)
            return app

        async def sweep(timestamp: int) -> None:
            await self._sweep(app)

        async def prune(timestamp: int) -> None:
            await self._prune(app)

        for task, name, cron in ((sweep, SWEEP, self._every_look()), (prune, PRUNE, "17 * * * *")):
            app.periodic(cron=cron)(app.task(name=name, queue=CONTROL, queueing_lock=name, retry=False)(task))
        return app

    def _every_look(self) -> str:
        """`look_seconds` as cron says it, seconds last; at least every minute."""
        seconds = round(self._working.look_seconds)
        return "* * * * *" if seconds >= 60 else f"* * * * * */{max(seconds, 1)}"

    async def _visit(self, account: str) -> None:
        """One task. When the engine gives it up (it lost the database), the visit itself goes on to its end."""
        visit = asyncio.create_task(self._visit_if_due(account))
        self._visits.add(visit)
        visit.add_done_callback(self._ended)
        with suppress(asyncio.CancelledError):
            await asyncio.wait({visit})

    async def _visit_if_due(self, account: str) -> VisitReport | None:
        """A task may come late or twice; without due work nobody signs in for nothing."""
        async with self._slots:
            if self.stopping.asked or account not in await asyncio.to_thread(self.worker.due):
                return None
            return await self.worker.visit(account)

    def _ended(self, visit: asyncio.Task[VisitReport | None]) -> None:
        self._visits.discard(visit)
        error = None if visit.cancelled() else visit.exception()
        if error is not None:
            log.error("a visit failed in a way nobody foresaw", error=f"{type(error).__name__}: {error}")

    async def _sweep(self, app: App) -> None:
        """Write off what dead workers left behind, and ask for a visit wherever work is due and nobody is there."""
        if self.stopping.asked:
            return
        silent = self._working.lease_seconds
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=silent):
            with suppress(ConnectorException):  # its worker, or another sweep, has ended it
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=False)  # not retried: its rows are due
        await asyncio.to_thread(self._ask_for_visits)

    def _ask_for_visits(self) -> None:
        for account in self.worker.due():
            with self.database.transaction() as c:
                ask_for_visit(c, account)

    async def _prune(self, app: App) -> None:
        await app.job_manager.delete_old_jobs(
            nb_hours=KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
        )
