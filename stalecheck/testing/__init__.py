"""What `pytest --stalecheck` does: notices reloads, probes after each test that has one, and tells the victims."""
