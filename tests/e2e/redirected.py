"""`python -m tests.e2e.redirected YAHOO COINBASE run ...`: the real command, with its sources' hosts on loopback."""

from __future__ import annotations

import sys

from bot.cli.main import main
from tests.servers.redirect_ccxt import redirect_ccxt
from tests.servers.redirect_yahoo import redirect_yahoo

if __name__ == "__main__":
    yahoo, coinbase, *arguments = sys.argv[1:]
    redirect_yahoo(yahoo)
    redirect_ccxt("coinbase", coinbase)
    main(arguments)
