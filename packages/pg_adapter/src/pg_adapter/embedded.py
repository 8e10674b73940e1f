"""A real PostgreSQL server from a wheel, for machines with nothing but Python.

POSIX only. One folder, one server: data and password stay in the folder between starts.
"""

import atexit
import contextlib
import fcntl
import logging
import os
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import attrs
from psycopg.conninfo import make_conninfo

from pg_adapter import server_process
from pg_adapter.embedded_files import (
    RELOCATED,
    BinariesMissing,
    EmbeddedPostgresError,
    ServerFiles,
    prepare,
)

__all__ = [
    "AlreadyInUse",
    "BinariesMissing",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "StartFailed",
]

logger = logging.getLogger(__name__)

ADMINISTRATOR: Final = "postgres"
_SOCKET_PREFIX: Final = "tradecore-pg-"
# A socket path ends with a zero byte in 104 bytes (macOS) or 108 (Linux).
_SOCKET_FOLDER_BYTES: Final = 103 - len("/.s.PGSQL.65535")
# Where postmaster.pid says how to connect. Source: PostgreSQL, miscadmin.h, LOCK_FILE_LINE_*.
_PORT_LINE: Final = 3
_SOCKET_LINE: Final = 4
_LOG_KEPT_BYTES: Final = 10_000_000
_POLL_SECONDS: Final = 0.02
# The remains of a killed server vanish by themselves within moments.
_PASSING_FAULTS: Final = ("pre-existing shared memory block", 'lock file "postmaster.pid" already')
_PORT_TAKEN: Final = "Address already in use"


class AlreadyInUse(EmbeddedPostgresError):
    """Another process, or this one, runs a server on the same folder."""


class StartFailed(EmbeddedPostgresError):
    """initdb or the server ended, or was not ready in time; the text quotes the log."""


@attrs.define(eq=False)
class EmbeddedPostgres:
    """One PostgreSQL server, over a socket and on 127.0.0.1, with a password.

    The server ends with its owner: on `stop`, at interpreter exit, and when the owner is killed.
    Its connection string outlives a restart of the same object.
    """

    data_directory: Path  #: kept between starts; made on the first
    port: int | None = None  #: on 127.0.0.1; None: the system chooses at the first start
    sync_initdb: bool = True  #: False skips the flush after the first set-up; for tests
    settings: Mapping[str, str] = attrs.field(factory=dict)  #: server settings; they win over ours
    start_timeout_seconds: float = 60.0  #: for the set-up, and again until the server answers
    stop_timeout_seconds: float = 15.0  #: for an orderly stop; then it is killed
    relocated: Path = RELOCATED  #: where root's server goes when `nobody` cannot reach the folder

    _files: ServerFiles | None = attrs.field(init=False, default=None)
    _claim: TextIOWrapper | None = attrs.field(init=False, default=None)
    _process: subprocess.Popen[bytes] | None = attrs.field(init=False, default=None)
    _guard: subprocess.Popen[bytes] | None = attrs.field(init=False, default=None)
    _socket_folder: Path | None = attrs.field(init=False, default=None)
    _port: int = attrs.field(init=False, default=0)

    @property
    def running(self) -> bool:
        """Return whether the server's process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int:
        """Return the server's process id. Raises EmbeddedPostgresError when it is not running."""
        if self._process is None or self._process.poll() is not None:
            raise EmbeddedPostgresError("The server is not running. Call start() first.")
        return self._process.pid

    @property
    def files(self) -> ServerFiles:
        """Return where data, password and log are; the folder is made if need be."""
        if self._files is None:
            self._files = prepare(self.data_directory, self.relocated)
        return self._files

    def dsn(
        self,
        database: str = "postgres",
        *,
        user: str = ADMINISTRATOR,
        password: str | None = None,
        tcp: bool = False,
    ) -> str:
        """Return a connection string; it holds a password, so it is not for logs.

        Without `password` the administrator's is used. `tcp` asks for 127.0.0.1, for programs
        that know no sockets or run as another user.
        """
        return make_conninfo(
            host="127.0.0.1" if tcp else str(self._socket_folder),
            port=self._port,
            dbname=database,
            user=user,
            password=password or self.files.password(),
        )

    def dsn_beside(self, database: str = "postgres") -> str:
        """Return the administrator's connection string to a server that another process runs.

        Raises:
            EmbeddedPostgresError: no server has written down where it listens.
        """
        lines = self._process_lines()
        if len(lines) <= _SOCKET_LINE:
            raise EmbeddedPostgresError(f"No server runs on {self.files.root}.")
        return make_conninfo(
            host=lines[_SOCKET_LINE],
            port=lines[_PORT_LINE],
            dbname=database,
            user=ADMINISTRATOR,
            password=self.files.password(),
        )

    def start(self) -> None:
        """Set up the folder if it is empty, start the server, return when it takes connections.

        A server that lost its owner on this folder is stopped first; one that was killed recovers.

        Raises:
            AlreadyInUse: a live process holds the folder.
            StartFailed: see there.
        """
        if self.running:
            raise AlreadyInUse(f"This server already runs on {self.files.root}. Call stop() first.")
        try:
            self._take_claim()
            self._stop_guard()
            self._set_up()
            self._clear_remains()
            self._launch()
        except BaseException:
            self.stop()
            raise
        atexit.register(self.stop)
        logger.info(
            "embedded_postgres.started",
            extra={"port": self._port, "process_id": self.process_id, "data": str(self.files.root)},
        )

    def stop(self) -> None:
        """Close all connections and end the server; a repeat does nothing."""
        atexit.unregister(self.stop)
        if self._process is not None:
            server_process.end(self._process, signal.SIGINT, self.stop_timeout_seconds)
            self._process = None
        self._stop_guard()
        if self._socket_folder is not None:
            shutil.rmtree(self._socket_folder, ignore_errors=True)
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def kill(self) -> None:
        """End the server as a crash would, and reap it; `start` recovers. For tests."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _take_claim(self) -> None:
        if self._claim is not None:
            return
        claim = self.files.claim_file.open("a", encoding="utf-8")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            raise AlreadyInUse(
                f"{self.files.root} is in use by another process. Stop it, or choose another "
                "data folder."
            ) from None
        self._claim = claim

    def _set_up(self) -> None:
        files = self.files
        files.password()
        if files.cluster.exists():
            return
        # Renamed when complete, so that an interrupted set-up leaves no half a cluster behind.
        unfinished = files.root / "pgdata.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        if files.user is not None:
            files.user.own(unfinished)
        command = [files.binaries / "initdb", "-D", unfinished, "-U", ADMINISTRATOR]
        options = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256"]
        options.append(f"--pwfile={files.password_file}")
        if not self.sync_initdb:
            options.append("--no-sync")
        before = _size(files.log_file)
        process = self._run([*map(str, command), *options])
        try:
            code = process.wait(self.start_timeout_seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            server_process.end(process, signal.SIGTERM, 1.0)
        if code != 0:
            raise StartFailed(f"initdb failed. {_tail(files.log_file, before)}")
        unfinished.rename(files.cluster)

    def _clear_remains(self) -> None:
        """Stop a server whose owner was killed, and forget one that was killed itself."""
        lines = self._process_lines()
        if not lines or not lines[0].isdigit():
            return
        pid = int(lines[0])
        # We hold the claim, so a server that still lives here has no owner any more.
        if server_process.is_postgres(pid):
            logger.warning("embedded_postgres.orphan_stopped", extra={"process_id": pid})
            if not server_process.end_orphan(pid, self.stop_timeout_seconds):
                raise StartFailed(f"Process {pid} serves {self.files.root} and does not end.")
        elif server_process.is_alive(pid):
            # The number went to some other program; PostgreSQL would refuse to start beside it.
            self.files.process_file.unlink()
        if len(lines) > _SOCKET_LINE and Path(lines[_SOCKET_LINE]).name.startswith(_SOCKET_PREFIX):
            shutil.rmtree(lines[_SOCKET_LINE], ignore_errors=True)

    def _process_lines(self) -> list[str]:
        """Return what the server wrote about itself: process id first; nothing if it left none."""
        try:
            return self.files.process_file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []

    def _launch(self) -> None:
        files = self.files
        self._socket_folder = _make_socket_folder(files, self._socket_folder)
        if _size(files.log_file) > _LOG_KEPT_BYTES:
            files.log_file.replace(files.log_file.with_suffix(".log.1"))
        deadline = time.monotonic() + self.start_timeout_seconds
        while True:
            self._port = self.port or self._port or _free_port()
            before = _size(files.log_file)
            self._process = self._run(self._server_command())
            if self._becomes_ready(self._process, deadline):
                break
            server_process.end(self._process, signal.SIGINT, self.stop_timeout_seconds)
            log = _tail(files.log_file, before)
            passing = any(fault in log for fault in _PASSING_FAULTS)
            if _PORT_TAKEN in log and self.port is None:
                self._port = 0
                passing = True
            if not passing or time.monotonic() > deadline:
                raise StartFailed(f"The server on {files.root} did not start. {log}")
            time.sleep(10 * _POLL_SECONDS)
        self._guard = self._start_guard(self._process.pid)

    def _server_command(self) -> list[str]:
        settings = {
            "port": str(self._port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self._socket_folder),
            "unix_socket_permissions": "0700",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **self.settings,
        }
        command = [str(self.files.binaries / "postgres"), "-D", str(self.files.cluster)]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _becomes_ready(self, process: subprocess.Popen[bytes], deadline: float) -> bool:
        """Return whether the server took connections before it ended or the deadline passed."""
        state_line = 7
        while process.poll() is None and time.monotonic() < deadline:
            lines = self._process_lines()
            ours = len(lines) > state_line and lines[0] == str(process.pid)
            # The sign that pg_ctl waits for, too.
            if ours and lines[state_line].strip() == "ready":
                return True
            time.sleep(_POLL_SECONDS)
        return False

    def _start_guard(self, server: int) -> subprocess.Popen[bytes]:
        """Start a shell whose input ends when this process ends, however; it stops the server."""
        script = (
            f"read -r _; kill -INT {server}; n=0; "
            f"while kill -0 {server} && [ $n -lt 100 ]; do n=$((n+1)); sleep 0.1; done; "
            f"rm -rf {shlex.quote(str(self._socket_folder))}"
        )
        return self._run(["/bin/sh", "-c", f"{{ {script}; }} 2>/dev/null"], stdin=subprocess.PIPE)

    def _stop_guard(self) -> None:
        if self._guard is None:
            return
        # Killed, not closed: on a closed input it would signal a process id that is free again.
        server_process.end(self._guard, signal.SIGKILL, 1.0)
        if self._guard.stdin is not None:
            self._guard.stdin.close()
        self._guard = None

    def _run(self, command: list[str], stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start a program as the server's user, away from our terminal, writing to the log."""
        user = self.files.user
        log = os.open(self.files.log_file, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        try:
            return subprocess.Popen(  # noqa: S603 - our own programs and arguments, no shell words from outside
                command,
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd="/",
                # A locale that this machine lacks would stop initdb.
                env={"LC_ALL": "C", "PATH": os.defpath},
                start_new_session=True,
                user=None if user is None else user.uid,
                group=None if user is None else user.gid,
                extra_groups=None if user is None else [],
            )
        finally:
            os.close(log)


def _make_socket_folder(files: ServerFiles, former: Path | None) -> Path:
    """Return a private folder for the socket, the `former` one if it can be had again."""
    if former is not None:
        shutil.rmtree(former, ignore_errors=True)
    folder = _private_folder(files, former)
    if files.user is not None:
        files.user.own(folder)
    return folder


def _private_folder(files: ServerFiles, former: Path | None) -> Path:
    if former is not None:
        with contextlib.suppress(FileExistsError):
            former.mkdir(mode=0o700)
            return former
    parent = Path(tempfile.gettempdir())
    too_long = len(os.fsencode(parent)) + len(_SOCKET_PREFIX) + 9 > _SOCKET_FOLDER_BYTES
    if too_long or (files.user is not None and not files.user.reaches(parent)):
        parent = Path("/tmp")  # noqa: S108 - mkdtemp makes a private folder below
    return Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=parent))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _tail(log_file: Path, start: int) -> str:
    """Return what the log says since byte `start`, at most its last 2,000 characters."""
    with log_file.open("rb") as file:
        file.seek(start)
        text = file.read().decode("utf-8", "replace").strip()
    return f"{log_file} says:\n{text[-2000:]}"
