"""The schema's history, one file a revision. `upgrade` carries a database forward; nothing goes back."""
