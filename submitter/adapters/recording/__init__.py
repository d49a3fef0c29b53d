"""Recordings of portals: made with everything private taken out, and replayed without a network."""
