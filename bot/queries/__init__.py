"""What commands ask: correlation, regime, price, meaning. The read side: it sends nothing and knows no Telegram.

Every number comes from the same columns that rules are judged on, so an answer, an alert and a rule's expression
agree to the last bit.
"""
