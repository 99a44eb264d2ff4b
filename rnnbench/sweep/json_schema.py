"""The JSON schema of a sweep file, for editors and for checks without rnnbench.

    python -m rnnbench.sweep.json_schema > configs/sweep.schema.json

It comes from the model that reads a sweep. It can't say everything that the reader
checks: which layers are installed, for one, or that two values of an axis differ.
"""

import json
import sys
from dataclasses import fields
from typing import Any

from rnnbench.model.case import DEFAULTS, LAYER_NAME, TORCH_LAYERS
from rnnbench.model.policy import Policy
from rnnbench.model.runtimes import RUNTIMES
from rnnbench.model.task_table import TASKS
from rnnbench.sweep.axis_table import axis_table
from rnnbench.sweep.schema import SweepFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"
TITLE = "A sweep of rnnbench: which cases are measured, and how"

_NAMED = {
    axis: {
        "anyOf": [
            {"enum": list(names)},
            {"type": "string", "pattern": f"^({LAYER_NAME.pattern})$"},
        ]
    }
    for axis, names in (("layer", TORCH_LAYERS), ("runtime", RUNTIMES), ("task", TASKS))
}
_SCALAR = {"type": ["boolean", "number", "string"]}
_ARGUMENTS = {
    "description": "further arguments of layers of your own, each with its values",
    "type": "object",
    "minProperties": 1,
    "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
    "additionalProperties": {
        "anyOf": [
            _SCALAR,
            {"type": "array", "items": _SCALAR, "minItems": 1, "uniqueItems": True},
        ]
    },
}
_KEYS = {
    "axes": "a value, or a list of values, for each axis; the cases are their product",
    "compare": "the axes whose values are measured side by side",
    "include": "rules that add cases: axes that differ from those above",
    "uses": "named workloads in place of the product, with the source of their sizes",
    "exclude": "rules that remove the cases that meet all axes of a rule",
    "match": "parameters: adds layers sized to the LSTM's number of parameters",
    "reference": "the layer whose answers a layer of your own must give from the same "
    "weights, or a mapping with one for each",
    "inapplicable": "what happens to an axis that means nothing for a case",
    "policy": "how to measure",
    "learning": "in place of axes: the layers to train, on which tasks",
}
_LEARNING = {
    "cases": "rules, each with the product of its values",
    "seeds": "training runs of each case",
    "search_seeds": "seeds on which each learning rate is tried; 0: the first rate",
    "rates": "learning rates of Adam to choose from, for each case by itself",
    "onednn": "whether oneDNN may be used in the steps that are timed",
    "cudnn": "whether cuDNN may be used in the steps that are timed",
    "runtimes": "runtimes in which a step is timed besides eager; training is eager",
    "task": "tasks of the package, or package.module:function",
    "seq_len": "time steps of a sequence; by default the usual one of the task",
    "layer": "the layers to train",
    "hidden_size": "features of the hidden state; of the LSTM, where match is set",
    "num_layers": "stacked layers",
    "bidirectional": "whether the sequence is also read backwards",
    "dropout": "dropout between stacked layers, as a probability",
    "forget_bias": "start of the LSTM's forget bias; default is PyTorch's",
    "device": "where the layer is trained",
    "match": "hidden: equal hidden_size; parameters: equal number of parameters",
    "target": "quality to be reached, in place of the task's",
    "budget": "steps after which a run ends, in place of the task's",
}
_POLICY = {
    "precision": "half-width of the 95 % interval at which a ratio is done",
    "launches": "fresh worker processes for each workload, at most",
    "budget": "seconds for all measuring",
    "time_limit": "seconds that one layer may take for its first call, or for a turn",
    "profile": "cases to profile: all, none, or a pattern for case ids",
    "stream": "cases of phase stream whose steps are timed one by one; as profile",
    "serve": "cases of phase stream that are served under load; as profile",
    "deploy": "cases of inference that get a deployment card; as profile",
}


def json_schema() -> dict[str, Any]:
    """The schema as plain JSON values, the same on every machine."""
    schema = SweepFile.model_json_schema()
    definitions = schema["$defs"]
    axes = _axes(definitions["Axes"]["properties"])
    for name in ("Axes", "Rule", "UseRule"):
        properties = definitions[name]["properties"]
        properties |= {axis: {"$ref": f"#/$defs/values_of_{axis}"} for axis in axes}
        properties["args"] = _ARGUMENTS
    definitions |= {f"values_of_{axis}": values for axis, values in axes.items()}
    for name, meaning in _KEYS.items():
        schema["properties"][name]["description"] = meaning
    for name, meaning in _POLICY.items():
        definitions["Policy"]["properties"][name]["description"] = meaning
    for setting in fields(Policy):
        definitions["Policy"]["properties"][setting.name]["default"] = setting.default
    del schema["properties"]["policy"]["default"]
    _describe_learning(definitions)
    reference = schema["properties"]["reference"]
    schema["properties"]["reference"] = {
        "description": reference.pop("description"),
        "anyOf": [{"type": "string"}, reference],
    }
    tidied: dict[str, Any] = json.loads(json.dumps(_tidied(schema)))
    return {"$schema": DIALECT, "title": TITLE, **tidied}


def _axes(properties: dict[str, Any]) -> dict[str, Any]:
    """For each axis what its values can be: one of them, or a list of some."""
    found: dict[str, Any] = {}
    for axis in axis_table():
        several = {**properties[axis.name], "uniqueItems": True, "default": None}
        if axis.name in _NAMED:
            several["items"] = _NAMED[axis.name]
        elif axis.name == "threads":
            several["items"] = {"anyOf": [several["items"], {"const": "all"}]}
        found[axis.name] = {
            "description": f"{axis.meaning}: {axis.values}",
            "default": DEFAULTS.get(axis.name),
            "anyOf": [several["items"], several],
        }
    return found


def _describe_learning(definitions: dict[str, Any]) -> None:
    """Give each key of the learning section its meaning, and single values a place."""
    for section in ("LearningSection", "LearningRule"):
        for name, kind in definitions[section]["properties"].items():
            # An optional list is given as a choice of the list and null.
            lists = [each for each in kind.get("anyOf", [kind]) if "items" in each]
            if lists and name not in ("cases", "rates"):
                axis = "runtime" if name == "runtimes" else name
                items = _NAMED.get(axis, lists[0]["items"])
                several = {**lists[0], "items": items, "uniqueItems": True}
                several.pop("default", None)
                several.pop("title", None)
                default = kind.get("default")
                kind.clear()
                kind |= {"anyOf": [items, several], "default": default}
            kind["description"] = _LEARNING[name]


def _tidied(schema: Any) -> Any:
    """`schema` without titles, which repeat names, and without empty defaults."""
    if isinstance(schema, list):
        return [_tidied(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _tidied(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
        and not (name == "default" and value in (None, "", []))
    }


if __name__ == "__main__":
    sys.stdout.write(f"{json.dumps(json_schema(), indent=2)}\n")
