"""The close look: LibCST reads one nominated file and hands over a frozen summary."""
