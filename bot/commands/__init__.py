"""Chat commands, one a file. A command takes words and returns a Reply; it sends nothing and knows no Telegram."""
