"""minGRU and minLSTM, step by step and by a parallel scan.

From "Were RNNs All We Needed?" (Feng et al. 2024, arXiv 2410.01201). Gates and the
candidate depend on the input alone, so that all steps can be computed at once:

    minGRU   h_t = (1 - z_t) * h_(t-1) + z_t * c_t
    minLSTM  h_t = f_t * h_(t-1) + i_t * c_t, with f_t + i_t = 1

Both are h_t = a_t * h_(t-1) + b_t. The sequential form is a loop over t. The parallel
form sums logarithms of a, so that a product over many steps does not vanish:

    log h_t = A_t + logcumsumexp(log b - A)_t, where A is the cumulative sum of log a

Its candidate c_t is kept positive, as in the appendix of the paper, in both forms.
Name one in a sweep as `layer: examples.min_rnn:min_gru`, from the directory above.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, softplus


class MinRNN(nn.Module):
    """One direction and any number of layers; subclasses say what the gates are."""

    gates = 1

    def __init__(
        self,
        *,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        parallel: bool = False,
    ) -> None:
        super().__init__()
        widths = [input_size, *[hidden_size] * (num_layers - 1)]
        self.inputs = nn.ModuleList(
            nn.Linear(width, (self.gates + 1) * hidden_size, bias=bias)
            for width in widths
        )
        self.batch_first = batch_first
        self.dropout = dropout
        self.parallel = parallel

    def log_coefficients(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """Logarithms of what the last state and the candidate are multiplied by."""
        raise NotImplementedError

    def forward(
        self, sequence: Tensor, state: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Outputs of the last layer at each step, and the last state of each layer."""
        output = sequence.transpose(0, 1) if self.batch_first else sequence
        last = []
        for layer, linear in enumerate(self.inputs):
            if layer > 0 and self.dropout > 0:
                output = nn.functional.dropout(output, self.dropout, self.training)
            gates, candidate = linear(output).tensor_split(
                [self.gates * (linear.out_features // (self.gates + 1))], dim=-1
            )
            log_keep, log_take = self.log_coefficients(gates)
            log_input = log_take + log_positive(candidate)
            first = None if state is None else state[layer]
            scan = scan_in_parallel if self.parallel else scan_step_by_step
            output = scan(log_keep, log_input, first)
            last.append(output[-1])
        if self.batch_first:
            output = output.transpose(0, 1)
        return output, torch.stack(last)


class MinGRU(MinRNN):
    """One gate: how much of the candidate is taken."""

    def log_coefficients(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """log(1 - z) and log(z), with z = sigmoid(gates)."""
        return logsigmoid(-gates), logsigmoid(gates)


class MinLSTM(MinRNN):
    """Two gates, divided by their sum."""

    gates = 2

    def log_coefficients(self, gates: Tensor) -> tuple[Tensor, Tensor]:
        """log(f / (f + i)) and log(i / (f + i)), with f and i sigmoids of the gates."""
        forget, take = gates.chunk(2, dim=-1)
        difference = softplus(-forget) - softplus(-take)
        return -softplus(difference), -softplus(-difference)


def log_positive(value: Tensor) -> Tensor:
    """log(g(x)) with g(x) = x + 0.5 where x >= 0, and sigmoid(x) where it is not."""
    return torch.where(value >= 0, (value.relu() + 0.5).log(), logsigmoid(value))


def scan_step_by_step(
    log_keep: Tensor, log_input: Tensor, first: Tensor | None
) -> Tensor:
    """Every h_t = keep_t * h_(t-1) + input_t, along the first dimension."""
    keep, new = log_keep.exp(), log_input.exp()
    hidden = torch.zeros_like(new[0]) if first is None else first
    hiddens = []
    for one_keep, one_new in zip(keep.unbind(0), new.unbind(0), strict=True):
        hidden = one_keep * hidden + one_new
        hiddens.append(hidden)
    return torch.stack(hiddens)


def scan_in_parallel(
    log_keep: Tensor, log_input: Tensor, first: Tensor | None
) -> Tensor:
    """The same in a fixed number of operations, whatever the length."""
    # A sum over hundreds of steps has no digits left in float32 for the gradients.
    kept = log_keep.double().cumsum(0)
    hidden = (kept + torch.logcumsumexp(log_input - kept, 0)).exp()
    # A first state may have either sign, so that it has no logarithm.
    hidden = hidden if first is None else hidden + kept.exp() * first
    return hidden.to(log_keep.dtype)


def _refuse(bidirectional: bool, proj_size: int) -> None:
    if bidirectional:
        raise ValueError("bidirectional: these layers go one way")
    if proj_size:
        raise ValueError("proj_size: these layers have no projection")


def min_gru(*, bidirectional: bool = False, proj_size: int = 0, **sizes) -> MinGRU:
    """MinGRU, step by step."""
    _refuse(bidirectional, proj_size)
    return MinGRU(**sizes)


def min_gru_parallel(**parameters) -> MinGRU:
    """MinGRU by a parallel scan."""
    return min_gru(parallel=True, **parameters)


def min_lstm(*, bidirectional: bool = False, proj_size: int = 0, **sizes) -> MinLSTM:
    """MinLSTM, step by step."""
    _refuse(bidirectional, proj_size)
    return MinLSTM(**sizes)


def min_lstm_parallel(**parameters) -> MinLSTM:
    """MinLSTM by a parallel scan."""
    return min_lstm(parallel=True, **parameters)
