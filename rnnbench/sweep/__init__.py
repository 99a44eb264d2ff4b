"""From a YAML file to cases, or to every fault in the file."""
