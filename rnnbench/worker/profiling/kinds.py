"""Kinds of operators and kernels by their names."""

import re

from rnnbench.model.profile import Kind

# Less the namespace, a leading underscore of the library and a trailing one (in place).
_OPERATORS: dict[Kind, frozenset[str]] = {
    Kind.MATRIX: frozenset(
        {
            *("addmm", "mm", "bmm", "baddbmm", "addbmm", "addmv", "mv", "dot", "ger"),
            *("linear", "matmul", "linear_backward", "matmul_backward", "einsum"),
            *("addmm_activation", "trilinear", "scaled_mm"),
            *("mkldnn_linear", "mkldnn_linear_backward", "mkldnn_matmul"),
            *("mkl_linear", "mkldnn_linear_pointwise", "linear_pointwise"),
        }
    ),
    Kind.POINTWISE: frozenset(
        {
            *("add", "sub", "rsub", "mul", "div", "neg", "abs", "sqrt", "rsqrt"),
            *("pow", "exp", "log", "reciprocal", "square", "sigmoid", "tanh", "relu"),
            *("sigmoid_backward", "tanh_backward", "threshold_backward", "threshold"),
            *("clamp", "clamp_min", "clamp_max", "hardtanh", "silu", "gelu", "lerp"),
            *("addcmul", "addcdiv", "where", "maximum", "minimum", "sum", "mean"),
            *("sum_to_size", "softmax", "log_softmax", "native_dropout", "dropout"),
            *("native_dropout_backward", "bernoulli", "native_layer_norm"),
            *("native_layer_norm_backward", "layer_norm", "eq", "ne", "lt", "gt"),
            *("le", "ge", "bitwise_and", "bitwise_not", "logical_not"),
            *("foreach_add", "foreach_mul", "foreach_div", "foreach_sqrt"),
            *("foreach_addcmul", "foreach_addcdiv", "foreach_lerp", "fused_adam"),
            *("fused_adamw", "fused_sgd", "amp_foreach_non_finite_check_and_unscale"),
        }
    ),
    Kind.LAYOUT: frozenset(
        {
            *("copy", "to", "to_copy", "to_dense", "to_mkldnn", "clone", "contiguous"),
            *("cat", "concat", "stack", "chunk", "split", "split_with_sizes", "unbind"),
            *("unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "narrow"),
            *("select", "slice", "index", "index_select", "gather", "scatter"),
            *("index_put", "index_add", "select_backward", "slice_backward"),
            *("index_select_backward", "transpose", "t", "permute", "view", "flip"),
            *("unsafe_view", "reshape", "reshape_alias", "expand", "expand_as"),
            *("as_strided", "squeeze", "unsqueeze", "flatten", "unfold", "alias"),
            *("detach", "set", "resize", "resize_as", "repeat", "roll", "numpy_T"),
            *("empty", "empty_like", "empty_strided", "new_empty", "new_zeros"),
            *("new_empty_strided", "new_full", "new_ones", "zeros", "zeros_like"),
            *("zero", "ones", "ones_like", "full", "full_like", "fill", "lift_fresh"),
            *("mkldnn_reorder", "cudnn_rnn_flatten_weight", "pack_padded_sequence"),
            *("pad_packed_sequence", "constant_pad_nd", "foreach_copy"),
            *("pack_padded_sequence_backward", "foreach_zero"),
        }
    ),
    Kind.FUSED: frozenset(
        {
            *("mkldnn_rnn_layer", "mkldnn_rnn_layer_backward"),
            *("thnn_fused_lstm_cell", "thnn_fused_lstm_cell_backward"),
            *("thnn_fused_lstm_cell_backward_impl", "thnn_fused_gru_cell"),
            *("thnn_fused_gru_cell_backward", "cudnn_rnn", "cudnn_rnn_backward"),
            *("miopen_rnn", "miopen_rnn_backward", "lstm_mps", "lstm_mps_backward"),
        }
    ),
}
_KIND_OF: dict[str, Kind] = {
    name: kind for kind, names in _OPERATORS.items() for name in names
}
_OPERATOR = re.compile(r"(?:aten|mkldnn|mkldnn_prepacked|onednn)::_*(\w+?)_*")

# In this order: a copy is an element-wise kernel, too, and an LSTM's may have `gemm`.
_KERNELS = (
    (Kind.FUSED, re.compile(r"lstm|gru_|_gru|rnn|persist", re.IGNORECASE)),
    (
        Kind.LAYOUT,
        re.compile(
            r"memcpy|memset|copy|cat|fill|transpose|index|gather|scatter", re.IGNORECASE
        ),
    ),
    (
        Kind.MATRIX,
        re.compile(
            r"gemm|gemv|cutlass|xmma|splitk|wgmma|dot_kernel|nvjet", re.IGNORECASE
        ),
    ),
    (
        Kind.POINTWISE,
        re.compile(
            r"elementwise|reduce|foreach|multi_tensor|dropout|pointwise", re.IGNORECASE
        ),
    ),
)

# Operators that show which backend ran.
_BACKEND = re.compile(
    r"aten::(?:lstm|gru|rnn_tanh|rnn_relu)(?:_cell)?"
    r"|aten::_?(?:mkldnn|thnn_fused|cudnn_rnn|miopen_rnn|lstm_mps)\w*"
    r"|aten::_?(?:pack_padded|pad_packed)\w*"
)


def kind_of_operator(name: str) -> Kind:
    """The kind of an operator; unknown ones count as overhead, as wrappers do."""
    match = _OPERATOR.fullmatch(name)
    return _KIND_OF.get(match[1], Kind.FRAMEWORK) if match else Kind.FRAMEWORK


def kind_of_kernel(name: str, launcher: Kind) -> Kind:
    """The kind of a kernel; its launcher's where its name does not show it.

    A cuDNN layer's matrix products are a part of the fused kernel: they are cuDNN's.
    """
    if launcher is Kind.FUSED:
        return launcher
    return next((kind for kind, words in _KERNELS if words.search(name)), launcher)


def tells_backend(name: str) -> bool:
    """Whether the name of an operator shows which backend ran a layer."""
    return _BACKEND.fullmatch(name) is not None
