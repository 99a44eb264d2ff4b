"""A runtime of your own: a GRU in numpy, with the weights of nn.GRU.

rnnbench run --layer gru --runtime eager,numpy_runtime:make_runtime
"""

import numpy as np
import torch

from rnnbench.model.case import Phase
from rnnbench.worker.runtimes.prepared import NotHereError, Prepared


def make_runtime(source):
    """Prepare `source.case`; the layer is `source.module`, its input in `arguments`."""
    case = source.case
    plain = case.layer == "gru" and case.num_layers == 1 and not case.bidirectional
    if not plain or not case.bias or case.batch_first or source.states:
        raise NotHereError("numpy_runtime runs a plain GRU of one layer")
    if case.phase is not Phase.INFERENCE:
        raise NotHereError("numpy_runtime has no backward pass and no streams")
    weights = {
        name: weight.detach().numpy()
        for name, weight in source.module.named_parameters()
    }
    numbers = source.arguments[0].numpy()

    def call():
        return gru(numbers, weights)

    def answer():
        output = torch.from_numpy(call())
        return output, (output[-1:],)

    return Prepared(call=call, answer=answer, whole_call=answer)


def gru(sequence, weights):
    """The output of a GRU for a sequence of the shape (time, batch, features)."""
    size = weights["weight_hh_l0"].shape[1]
    hidden = np.zeros((sequence.shape[1], size), sequence.dtype)
    products = sequence @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
    outputs = []
    for product in products:
        own = hidden @ weights["weight_hh_l0"].T + weights["bias_hh_l0"]
        gates = 1 / (1 + np.exp(-(product + own)[:, : 2 * size]))
        reset, update = gates[:, :size], gates[:, size:]
        new = np.tanh(product[:, 2 * size :] + reset * own[:, 2 * size :])
        hidden = new + update * (hidden - new)
        outputs.append(hidden)
    return np.stack(outputs)
