"""Flow files: the second form of an adapter, for portals whose way is straight. docs/flow-files.md has the format."""
