"""The command line. It asks, calls what is below, and lays out the answer."""
