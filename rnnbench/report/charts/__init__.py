"""Static charts, drawn by matplotlib."""
