"""The adapters: one folder per portal, the contract they keep and the toolkit they share."""
