"""`tradecore run` as a user meets it: serve, trade, stop, start again, survive a kill."""

import os
import shlex
import signal
import subprocess
import time
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from tradecore_server.testing import Command, Launch


def place(client: httpx.Client, **order: str) -> dict[str, Any]:
    answer = client.post(
        "/v1/orders",
        json={"symbol": "BTCUSDT", **order},
        headers={"Idempotency-Key": str(uuid.uuid4())},
    )
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.json()
    return body


def settled(client: httpx.Client, order_id: str, *statuses: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while True:
        order: dict[str, Any] = client.get(f"/v1/orders/{order_id}").json()
        if order["status"] in statuses:
            return order
        assert time.monotonic() < deadline, order
        time.sleep(0.02)


def rest(client: httpx.Client) -> dict[str, Any]:
    """Place a buy that no market will reach."""
    bid = Decimal(client.get("/v1/market/BTCUSDT/quote").json()["bid"])
    price = (bid * Decimal("0.95")).quantize(Decimal("0.01"))
    return place(client, side="BUY", type="LIMIT", quantity="0.001", price=str(price))


def balances(client: httpx.Client) -> dict[str, str]:
    return {one["asset"]: one["total"] for one in client.get("/v1/balances").json()["items"]}


def test_the_printed_curl_line_works_when_pasted_and_the_order_fills(launch: Launch) -> None:
    platform = launch()
    (curl,) = (line for line in platform.said.splitlines() if line.startswith("curl"))
    (token,) = (line for line in platform.said.splitlines() if line.startswith("export TOKEN"))
    pasted = subprocess.run(
        ["bash", "-c", f"{token}\n{curl}"], capture_output=True, text=True, check=True
    )
    assert shlex.split(curl)[0] == "curl"
    assert '"status":"PENDING_NEW"' in pasted.stdout
    with platform.client() as client:
        order_id = client.get("/v1/orders").json()["items"][0]["order_id"]
        order = settled(client, order_id, "FILLED")
        assert Decimal(order["filled_notional"]) <= 100
        assert Decimal(balances(client)["BTC"]) > 1


def test_ctrl_c_stops_it_soon_and_a_restart_goes_on(launch: Launch, tradecore: Command) -> None:
    first = launch()
    with first.client() as client:
        bought = place(client, side="BUY", type="MARKET", quote_quantity="500")
        settled(client, bought["order_id"], "FILLED")
        resting = rest(client)
        settled(client, resting["order_id"], "NEW")
        held = balances(client)
    assert first.interrupt() < 5

    again = launch()
    with again.client() as client:
        assert balances(client) == held
        assert settled(client, resting["order_id"], "NEW")
        # Ids of the venue go on where they stood: a new fill is not taken for an old one.
        more = place(client, side="BUY", type="MARKET", quote_quantity="500")
        settled(client, more["order_id"], "FILLED")
        assert Decimal(balances(client)["BTC"]) > Decimal(held["BTC"])
        canceled = client.post(f"/v1/orders/{resting['order_id']}/cancel")
        assert canceled.status_code == 202, canceled.text
        settled(client, resting["order_id"], "CANCELED")
    again.interrupt()
    verified = tradecore("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "15 laws hold, 0 broken" in verified.stdout


def test_l15_what_was_acknowledged_survives_a_kill(launch: Launch, tradecore: Command) -> None:
    first = launch()
    acknowledged = []
    with first.client() as client:
        for _ in range(20):
            acknowledged.append(rest(client)["order_id"])
            acknowledged.append(
                place(client, side="SELL", type="MARKET", quantity="0.001")["order_id"]
            )
    first.kill()

    again = launch()
    with again.client() as client:
        for order_id in acknowledged:
            settled(client, order_id, "NEW", "FILLED", "EXPIRED")
    again.interrupt()
    verified = tradecore("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_database_that_ends_by_itself_ends_the_platform(launch: Launch) -> None:
    platform = launch()
    folder = Path(platform.environment["TRADECORE_DATA_DIRECTORY"]) / "postgres"
    server = int((folder / "pgdata" / "postmaster.pid").read_text("utf-8").splitlines()[0])
    os.kill(server, signal.SIGQUIT)

    assert platform.process.wait(timeout=10) == 2, platform.said
    last = platform.said.strip().splitlines()[-1]
    assert "the embedded PostgreSQL server ended by itself; see " in last
    assert "Traceback" not in last


def test_verify_and_doctor_work_beside_a_running_platform(
    launch: Launch, tradecore: Command
) -> None:
    launch()
    verified = tradecore("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    examined = tradecore("doctor")
    assert examined.returncode == 1
    assert "set TRADECORE_PORT to another port" in examined.stdout
    assert "is in use by a running `tradecore`" in examined.stdout


def test_doctor_finds_nothing_wrong_on_a_fresh_machine(tradecore: Command) -> None:
    migrated = tradecore("migrate")
    assert migrated.returncode == 0, migrated.stderr
    examined = tradecore("doctor")
    assert examined.returncode == 0, examined.stdout
    assert "nothing is wrong" in examined.stdout


def test_wrong_settings_are_all_named_at_once(tradecore: Command) -> None:
    answer = tradecore("doctor", TRADECORE_PORT="much", TRADECORE_COLOUR="blue")
    assert answer.returncode == 2
    assert "TRADECORE_COLOUR" in answer.stderr
    assert "TRADECORE_PORT" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_port_that_is_taken_is_told_in_one_sentence(launch: Launch, tradecore: Command) -> None:
    running = launch()
    taken = running.address.rpartition(":")[2]
    other = running.environment["TRADECORE_DATA_DIRECTORY"] + "-other"
    answer = tradecore("run", TRADECORE_PORT=taken, TRADECORE_DATA_DIRECTORY=other)
    assert answer.returncode == 2
    assert "a port is in use; see `tradecore doctor`" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_data_folder_in_use_is_told_in_one_sentence(launch: Launch, tradecore: Command) -> None:
    launch()
    answer = tradecore("run", TRADECORE_PORT="0", TRADECORE_OPERATIONS_PORT="0")
    assert answer.returncode == 2
    assert "is in use by another process" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_small_demo_ends_with_every_law_kept(tradecore: Command) -> None:
    played = tradecore("demo", DEMO_ORDERS="60", DEMO_ACCOUNTS="4")
    assert played.returncode == 0, played.stdout + played.stderr
    last = played.stdout.strip().splitlines()[-1]
    assert last.startswith("demo: 60 orders, ")
    assert last.endswith(" fills, 15 laws hold")
    assert "One order's story" in played.stdout
