"""Lines that people may type, and words of which they make wrong ones."""

from __future__ import annotations

CORPUS = (
    "RUT record", "btc -5% 1d", "btc -5%", "btc +10%", "sol < 120", "sol > 170", "btc 100k", "btc 70 000", "btc 1,5M",
    "RUT 1% from record", "corr RUT SOL 60 > 0.6", "coupled RUT SOL 0.6", "vix > 25", "drawdown RUT 10%",
    "rut rally 10%", "regime risk-off", "drawdown(RUT) > 10% and close(VIX) > 25", "ret(rut, 21) < -5%",
    "Bitcoin falls 5 %", "small caps record live always", "alert me when sol drops to 100 for 30d", "btc -10% 1w once",
    "btc < 80k until 2026-12-31", "btc -5% from 84000", "RUT > SPX", "sol below 120 clear sol > 130 always", "vix 40",
    "p_corr(RUT, SOL) >= 50%", "percentile(corr(RUT, SOL, 60), 504) > 95%", "SOL < 120 and BTC > 90k",
    "not regime_is(RISK_ON)", "highest(RUT,5) > 1 cooldown 7 confirm 3", "0.5 < corr(RUT, SOL)", "sol < 120 for 3d",
    "down_turn(BTC, 20%) once", "regime_is(RISK_OFF) and regime_age() >= 20",
)  # fmt: skip

WORDS = (
    "btc", "SOL", "rut", "vix", "russell", "2000", "s&p", "small", "caps", "record", "drawdown", "rally", "corr",
    "coupled", "regime", "risk-off", "60", "0.6", "5%", "-5%", "+10%", "1d", "7", "days", "120", "70k", "70,000",
    "1,5M", "<", ">", "<=", "=", "below", "above", "falls", "rises", "crosses", "once", "always", "close", "live",
    "for", "30d", "good", "until", "2026-12-31", "confirm", "2", "cooldown", "clear", "from", "BTC", "84000", "(", ")",
    ",", "and", "or", "not", "ret(RUT,21)", "close(SOL)", "record(RUT)", "up_turn(RUT,10%)", "p_corr(RUT,SOL)",
    "regime_is(RISK_OFF)", "RISK_ON", "%", ".", "-", "+", "±", "↓", "“btc”", "1e9", "1e999", "0", "000", "½",
    "۳", "\u202e", "\x00", "<b>", "&", "\udc80", "🟠", "İ", "24h", "week", "doge", "NaN", "99999999999999999999999",
    "\u2212\uff13\uff05", "0.0000001", "1.2.3", "1,234,567.89", "x" * 4096,
)  # fmt: skip
