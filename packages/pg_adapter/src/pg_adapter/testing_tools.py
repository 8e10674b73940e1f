"""Tools of the store's own tests: rows by hand, a till to spend from, a wire that can fail."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any, Final

import attrs

from tradecore.domain.ids import CommandId
from tradecore.memory import SystemIds
from tradecore.ports.store import Footprint, Store
from tradecore.ports.working_set import Provenance, WorkingSet
from tradecore.testing.builders import ALICE, build_account, build_asset, build_wallet

_IDS: Final = SystemIds()

WALLET: Final = Footprint(accounts=frozenset({ALICE}), assets=frozenset({"USDT"}))


def keep(books: WorkingSet) -> None:
    """Keep what was staged, as an executor would."""
    books.keep(
        Provenance(
            command_id=CommandId(_IDS.new_id()),
            correlation_id="test",
            recorded_at=books.recorded_at,
            new_id=_IDS.new_id,
        )
    )


async def write(store: Store, footprint: Footprint, *rows: tuple[str, Any]) -> None:
    """Save rows, each with the name of its table, in one transaction."""
    async with store.transaction() as transaction:
        books = await transaction.load(footprint)
        for table, row in rows:
            getattr(books, table).save(row)
        keep(books)
        await transaction.save(books)
        await transaction.commit()


async def _nothing() -> None:
    return


@attrs.frozen
class Till:
    """Alice's wallet of 1,000 USDT, spent one by one."""

    store: Store

    async def open(self) -> None:
        """Put the wallet there, and what it stands on."""
        rows = (
            ("assets", build_asset()),
            ("accounts", build_account()),
            ("wallets", build_wallet()),
        )
        await write(self.store, WALLET, *rows)

    async def spend(
        self, before_commit: Callable[[], Coroutine[Any, Any, None]] = _nothing
    ) -> None:
        """Take one USDT; `before_commit` runs between save and commit."""
        async with self.store.transaction() as transaction:
            books = await transaction.load(WALLET)
            wallet = books.wallets[ALICE, "USDT"]
            books.wallets.save(attrs.evolve(wallet, available=wallet.available - 1))
            keep(books)
            await transaction.save(books)
            await before_commit()
            await transaction.commit()

    async def balance(self) -> Decimal:
        """Return what is left."""
        return (await self.store.read(WALLET)).wallets[ALICE, "USDT"].available


class Wire:
    """What lies between a client and the server on 127.0.0.1: it can stop carrying, or be cut."""

    def __init__(self, server_port: int) -> None:
        """Lead to `server_port`; `port` is this end, once the context is entered."""
        self.replies = True  #: whether the server's words reach the client
        self.requests = True  #: whether the client's words reach the server
        self._server_port = server_port
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Wire":
        """Start to listen."""
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._listener.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Cut and stop."""
        self._listener.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Break every connection that is there now."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._writers += [writer, server_writer]
        for source, target, up in (
            (reader, server_writer, True),
            (server_reader, writer, False),
        ):
            task = asyncio.create_task(self._carry(source, target, up=up))
            self._tasks.add(task)

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, up: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                if self.requests if up else self.replies:
                    target.write(data)
            target.close()
