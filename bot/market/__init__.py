"""What the market was: sessions, and the history of bars aligned on them."""
