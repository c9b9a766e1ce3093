"""Messages owed to chats: claimed, sent at the pace a channel bears, settled. It knows channels only by a protocol."""
