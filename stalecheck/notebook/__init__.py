"""What a reload leaves old in a session of IPython or Jupyter, and which cells to run again."""
