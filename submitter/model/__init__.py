"""What things are and the rules between them: frozen data, no input or output, nothing of ours imported."""
