import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pg_adapter import embedded_files, server_process
from pg_adapter.embedded import AlreadyInUse, EmbeddedPostgres, EmbeddedPostgresError, StartFailed


@pytest.fixture(scope="module")
def kept_server(server_folder: Path) -> Iterator[EmbeddedPostgres]:
    """Yield a server of this module's own, with fsync on, that tests may stop and kill."""
    with EmbeddedPostgres(server_folder / "kept", sync_initdb=False) as server:
        yield server


@pytest.fixture
def server(kept_server: EmbeddedPostgres) -> EmbeddedPostgres:
    """Return the module's server, running whatever the test before did to it."""
    if not kept_server.running:
        kept_server.start()
    return kept_server


def remember(server: EmbeddedPostgres, word: str) -> None:
    with psycopg.connect(server.dsn()) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text PRIMARY KEY)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def words(server: EmbeddedPostgres) -> set[str]:
    with psycopg.connect(server.dsn()) as connection:
        return {row[0] for row in connection.execute("SELECT word FROM words")}


def test_a_restart_keeps_data_and_connection_string(server: EmbeddedPostgres) -> None:
    remember(server, "restart")
    before = server.dsn()

    server.stop()
    assert not server.running
    server.start()

    assert "restart" in words(server)
    assert server.dsn() == before


def test_another_object_finds_the_data_and_the_password(server: EmbeddedPostgres) -> None:
    remember(server, "other object")
    server.stop()

    with EmbeddedPostgres(server.data_directory) as other:
        assert "other object" in words(other)


def test_a_killed_server_recovers_what_was_committed(server: EmbeddedPostgres) -> None:
    remember(server, "killed")

    server.kill()
    server.start()

    assert "killed" in words(server)


def test_the_process_file_of_another_program_is_no_obstacle(server: EmbeddedPostgres) -> None:
    remember(server, "other program")
    server.kill()
    text = server.files.process_file.read_text(encoding="utf-8").splitlines()
    text[0] = str(os.getppid())
    server.files.process_file.write_text("\n".join(text), encoding="utf-8")

    server.start()

    assert "other program" in words(server)


def test_one_folder_has_one_server(server: EmbeddedPostgres) -> None:
    with pytest.raises(AlreadyInUse, match="Stop it, or choose another"):
        EmbeddedPostgres(server.data_directory).start()
    with pytest.raises(AlreadyInUse, match="Call stop"):
        server.start()

    assert server.running


def test_stop_twice_does_nothing_and_leaves_no_socket(server: EmbeddedPostgres) -> None:
    pid = server.process_id

    server.stop()
    server.stop()

    assert not server_process.is_alive(pid)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(server.dsn())
    with pytest.raises(EmbeddedPostgresError, match="Call start"):
        _ = server.process_id


def test_a_wrong_password_is_refused_on_socket_and_tcp(server: EmbeddedPostgres) -> None:
    for tcp in (False, True):
        psycopg.connect(server.dsn(tcp=tcp)).close()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(server.dsn(tcp=tcp, password="wrong"))


def test_password_and_data_are_closed_to_others(server: EmbeddedPostgres) -> None:
    files = server.files

    assert files.password_file.stat().st_mode & 0o077 == 0
    assert files.cluster.stat().st_mode & 0o077 == 0
    assert files.log_file.stat().st_mode & 0o077 == 0


def test_a_lost_password_is_an_error_not_an_empty_database(server: EmbeddedPostgres) -> None:
    server.stop()
    kept = server.files.password_file.rename(server.files.root / "kept")
    try:
        with pytest.raises(EmbeddedPostgresError, match="Put the file back"):
            EmbeddedPostgres(server.data_directory).start()
    finally:
        kept.rename(server.files.password_file)


def test_a_failed_start_quotes_the_log_and_lets_go_of_the_folder(server: EmbeddedPostgres) -> None:
    server.stop()

    with pytest.raises(StartFailed, match='unrecognized configuration parameter "no_such"'):
        EmbeddedPostgres(server.data_directory, settings={"no_such": "1"}).start()

    server.start()


def test_an_interrupted_set_up_is_begun_again(server_folder: Path) -> None:
    half = server_folder / "interrupted" / "pgdata.unfinished"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18", encoding="utf-8")

    with EmbeddedPostgres(half.parent, sync_initdb=False) as server:
        assert server.running


OWNER = """
import sys, time
from pathlib import Path
from pg_adapter.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.process_id, flush=True)
if sys.argv[2] == "orphan":
    server._guard.kill()
time.sleep(60)
"""


@pytest.mark.parametrize("guard", ["guarded", "orphan"])
def test_a_killed_owner_leaves_no_server_in_the_way(server: EmbeddedPostgres, guard: str) -> None:
    remember(server, guard)
    server.stop()
    command = [sys.executable, "-c", OWNER, str(server.data_directory), guard]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.send_signal(signal.SIGKILL)

    if guard == "guarded":
        deadline = time.monotonic() + 10
        while server_process.is_postgres(pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert not server_process.is_postgres(pid)
    server.start()

    assert not server_process.is_postgres(pid)
    assert guard in words(server)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave its folders")
def test_a_folder_closed_to_nobody_moves_to_where_it_is_open(
    server_folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = server_folder / "closed"
    closed.mkdir(mode=0o700)
    relocated = server_folder / "relocated"
    # As in a virtual environment below a closed home.
    package = embedded_files._installed().parents[1]
    libraries = package.with_name(f"{package.name}.libs")
    (closed / libraries.name).symlink_to(libraries)
    shutil.copytree(package, closed / package.name)
    binaries = closed / package.name / "pginstall" / "bin"
    monkeypatch.setattr(embedded_files, "_installed", lambda: binaries)
    first = EmbeddedPostgres(closed / "data", sync_initdb=False, relocated=relocated)
    with first:
        remember(first, "moved")

    assert first.files.root.is_relative_to(relocated)
    assert first.files.root.name.startswith("data-")
    assert first.files.binaries.is_relative_to(relocated)
    assert "embedded_postgres.data_relocated" in caplog.messages
    assert "embedded_postgres.programs_copied" in caplog.messages

    # Opening the old place later must not look like an empty database.
    closed.chmod(0o755)
    with EmbeddedPostgres(closed / "data", relocated=relocated) as second:
        assert "moved" in words(second)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave its folders")
def test_data_that_became_closed_are_not_begun_anew(server_folder: Path) -> None:
    folder = server_folder / "was_open"
    (folder / "data" / "pgdata").mkdir(parents=True)
    folder.chmod(0o700)

    with pytest.raises(EmbeddedPostgresError, match=r"chmod o\+x"):
        EmbeddedPostgres(folder / "data", relocated=server_folder / "elsewhere").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to leave its folders")
def test_a_place_that_others_can_write_is_refused_for_programs(server_folder: Path) -> None:
    shared = server_folder / "shared_place"
    shared.mkdir()
    shared.chmod(0o777)

    with pytest.raises(EmbeddedPostgresError, match="writable by root alone"):
        embedded_files._own_folder(shared)
