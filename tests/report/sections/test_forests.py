"""The rows of the plot of the answer, and their headings."""

from rnnbench.model.metric import TIME
from rnnbench.report.sections.forests import main_forest
from rnnbench.report.view import view


def test_each_heading_of_the_plot_stands_once(make_sweep, simulate):
    runtimes = ["cell_loop", "compile", "eager", "onnxruntime", "torchscript"]
    run = simulate(
        make_sweep(layer=["lstm", "gru"], runtime=runtimes),
        lambda case: 1e-3 if case.layer == "lstm" else 2e-3,
        compare=("layer", "runtime"),
        noise=0.001,
    )

    forest = main_forest(view(run), TIME, {})

    assert len(forest.rows) == len(runtimes)
    heads = [row.head for row in forest.rows if row.head]
    assert heads == ["oneDNN on", "no backend switch"]
