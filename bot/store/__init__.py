"""What must survive a restart: bars, where each alert stands, events, messages owed, chats.

Only here is SQLAlchemy known.
"""
