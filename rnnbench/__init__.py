"""rnnbench: what choosing one recurrent layer of torch.nn over another costs, here."""

__version__ = "0.1.0"
