"""Further ways to readers: whatever Apprise can send to, by a URL. Apprise is loaded only where one is configured: with
its hundred services it takes a quarter of a second and some sixty megabytes.
"""
