"""One option for each axis of a case, added to the signature of a command."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer

from rnnbench.model.errors import RnnbenchError
from rnnbench.sweep.axis_table import Axis, axis_table

_PANEL = "Axes (values separated by commas)"
_ARGUMENT = Annotated[
    list[str],
    typer.Option(
        "--arg",
        metavar="NAME=VALUE,...",
        help="Values of a further argument of layers of your own; can be repeated.",
        rich_help_panel=_PANEL,
    ),
]


def with_axes(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with its parameter `axes` replaced by an option for each axis.

    The command is called with `axes`: the axes that were given, with their values.
    """
    signature = inspect.signature(command)
    own = [each for each in signature.parameters.values() if each.name != "axes"]
    added = [
        inspect.Parameter(
            axis.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_option(axis),
        )
        for axis in axis_table()
    ]
    names = [parameter.name for parameter in added]
    added.append(
        inspect.Parameter(
            "arg", inspect.Parameter.KEYWORD_ONLY, default=(), annotation=_ARGUMENT
        )
    )

    def call(**options: Any) -> None:
        given = {name: options.pop(name) for name in names}
        arguments = _arguments(options.pop("arg"))
        command(**options, axes={**_values(given), **arguments})

    call.__doc__ = command.__doc__
    call.__annotations__ = {each.name: each.annotation for each in (*own, *added)}
    # typer reads the options off the signature, which these two have to agree on.
    call.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    return call


def option_of(axis: str) -> str:
    """The name of an axis in a message of the command line: `--hidden-size`."""
    if axis == "args":
        return "--arg"
    return f"--{axis.replace('_', '-')}"


def _option(axis: Axis) -> Any:
    about = f"{axis.meaning}: {axis.values}"
    return Annotated[
        str | None,
        typer.Option(
            axis.option,
            metavar="VALUE,...",
            help=f"{about[0].upper()}{about[1:]}. Default: {axis.default}.",
            rich_help_panel=_PANEL,
        ),
    ]


def _values(given: Mapping[str, str | None]) -> Mapping[str, list[Any]]:
    from rnnbench.sweep.arguments import split_values  # noqa: PLC0415

    return {
        name: split_values(text) for name, text in given.items() if text is not None
    }


def _arguments(given: Sequence[str]) -> Mapping[str, Mapping[str, list[Any]]]:
    """The values of each `--arg`; RnnbenchError if one has none."""
    from rnnbench.sweep.arguments import split_values  # noqa: PLC0415

    found: dict[str, list[Any]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals:
            raise RnnbenchError(f"--arg: {text!r} is not NAME=VALUE,...")
        if name in found:
            raise RnnbenchError(
                f"--arg: {name!r} is there twice: separate values by commas"
            )
        found[name] = split_values(values)
    return {"args": found} if found else {}
