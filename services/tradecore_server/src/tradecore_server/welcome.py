"""What a person sees once the platform serves."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console

from tradecore_server import identity
from tradecore_server.modes import Running
from tradecore_server.settings import Settings, VenueChoice

_VENUES: Final[Mapping[VenueChoice, str]] = {
    VenueChoice.SIMULATED: "simulated Binance in this process, without the real one's limits",
    VenueChoice.TESTNET: "Binance Spot testnet",
    VenueChoice.DEMO: "Binance demo trading",
    VenueChoice.LIVE: "Binance Spot, with real money",
}


def show(console: Console, running: Running, settings: Settings) -> None:
    """Print addresses, a ready token and a curl line that works when pasted."""
    issuer = running.container.issuer()
    url = running.address
    console.print(f"\n[bold]tradecore[/] serves at [bold]{url}[/]  (Ctrl-C stops it)\n")
    console.print(f"  API pages    {url}/schema/swagger")
    console.print(f"  health       {url}/health/ready")
    console.print(f"  metrics      http://{settings.host}:{settings.operations_port}/metrics")
    console.print(f"  data         {settings.data_directory.absolute()}")
    console.print(f"  venue        {_VENUES[settings.venue]}")
    for one in running.customers:
        console.print(f"  customer     {one.name:<6} {one.account_id}")
    console.print("  admin token  tradecore token admin\n")
    if not running.customers:
        return
    customer = running.customers[0]
    token = issuer.issue(
        customer.name.lower(),
        roles=["trader"],
        account_ids=[customer.account_id],
        lifetime=identity.LIFETIME,
    )
    console.print(f"A trader's token ({customer.name}, 12 hours) and an order, ready to paste:\n")
    console.print(f"export TOKEN={token}\n")
    console.print(
        f'curl -sS {url}/v1/orders -H "Authorization: Bearer $TOKEN"'
        " -H \"Idempotency-Key: $(date +%s%N)\" -H 'Content-Type: application/json'"
        ' -d \'{"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET",'
        ' "quote_quantity": "100"}\'\n'
    )
