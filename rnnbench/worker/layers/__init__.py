"""From a case to a layer, its input and a callable step."""
