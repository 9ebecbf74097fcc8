"""The runtime half: which objects of a module's old version are alive, and who holds them."""
