"""What was learned, on a page, on a terminal and in a comment: the answer first."""

from dataclasses import replace

import pytest
from learning_runs import (
    make_result,
    make_seed_run,
    make_task,
    profile,
    steps_around,
)

from rnnbench.model.learning import Learning
from rnnbench.model.status import Status
from rnnbench.report.markdown import render_markdown
from rnnbench.report.plots import pareto_front
from rnnbench.report.sections.answer import answer
from rnnbench.report.sections.learned import learning_folds
from rnnbench.report.sections.learning_forest import learning_forest
from rnnbench.report.sections.learning_plots import (
    curve_plots,
    front_plots,
    gradient_plots,
    longer_plot,
)
from rnnbench.report.sentences import plain
from rnnbench.report.terminal import MOST_LINES, WIDTH, summary
from rnnbench.report.view import view


@pytest.fixture(scope="module")
def run(make_learning_run):
    return make_learning_run()


@pytest.fixture(scope="module")
def seen(run):
    return view(run)


def learned(run, *results, task=None):
    learning = Learning((task or make_task(),), results)
    return view(replace(run, learning=learning))


def pair(task, gru, lstm):
    return make_result(task, "gru", gru), make_result(task, "lstm", lstm)


def cells_of(seen, name, seq_len):
    return [
        cell
        for cell in seen.learning.cells
        if (cell.task.name, cell.task.seq_len) == (name, seq_len)
    ]


def headline(seen):
    return plain(answer(seen).headline)


def test_the_headline_says_who_learns_in_fewer_steps_and_what_seconds_say(seen):
    assert headline(seen) == (
        "The GRU learns in fewer steps on 2 of 3 tasks; in seconds it depends on the "
        "backend and the task."
    )


@pytest.mark.parametrize(
    ("gru", "lstm", "says"),
    [
        (100, 100, "No difference found between GRU and LSTM"),
        (50, 500, "The GRU learns in fewer steps and in fewer seconds."),
        (500, 50, "The LSTM learns in fewer steps and in fewer seconds."),
        (
            100,
            150,
            "The GRU learns in fewer steps; in seconds it depends on the backend",
        ),
        (50, None, "The GRU learns in fewer steps."),
    ],
)
def test_the_headline_follows_the_steps(run, gru, lstm, says):
    task = make_task()
    sides = [
        [None] * 5 if middle is None else steps_around(middle, 4, spread=0.05)
        for middle in (gru, lstm)
    ]

    assert headline(learned(run, *pair(task, *sides))).startswith(says)


def test_one_layer_is_compared_with_none(run):
    seen = learned(run, make_result(make_task(), "gru", steps_around(100, 1)))

    assert headline(seen) == "This run trained on 1 task and compares no two layers."
    assert learning_forest(seen) is None
    assert learning_folds(seen)


def test_a_run_that_ended_before_training_says_so_with_reasons(run):
    results = [
        replace(
            make_result(make_task(), layer, ()), status=Status.SKIPPED, reason="budget"
        )
        for layer in ("gru", "lstm")
    ]
    seen = learned(run, *results)

    (fold,) = [one for one in learning_folds(seen) if one.id == "not-learned"]

    assert headline(seen) == "Nothing was trained."
    assert [text for _, text in fold.notes] == ["skipped: budget"] * 2


def test_a_control_is_no_win(run):
    task = make_task(control=True)
    seen = learned(
        run, *pair(task, steps_around(50, 1), steps_around(500, 1)), task=task
    )

    assert headline(seen).startswith("No difference found")


def test_the_lead_tells_what_was_not_reached_and_where_nothing_differs(seen):
    said = [plain(line) for line in answer(seen).lead]

    assert any("RNN tanh on adding, length 50" in line for line in said)
    assert "No difference found on tags depth, length 64." in said
    assert any("0.59 (RNN tanh)" in line for line in said)


def test_the_forest_has_no_mark_where_a_seed_was_censored(run):
    task = make_task()
    seen = learned(run, *pair(task, steps_around(50, 1), [100, 200, None, 90, None]))

    (row,) = learning_forest(seen).rows

    assert (row.marks, row.value) == ((), "no ratio")
    assert row.detail == "5 of 5 and 3 of 5 seeds"


def test_the_forest_has_steps_and_seconds_of_each_task(seen):
    rows = learning_forest(seen).rows

    labels = [row.label for row in rows if row.marks][:3]
    assert labels == ["steps", "seconds, oneDNN on", "seconds, oneDNN off"]
    assert all(mark.low <= mark.x <= mark.high for row in rows for mark in row.marks)


def test_each_task_has_a_part_with_its_facts_plots_and_a_table(seen):
    folds = {fold.id: fold for fold in learning_folds(seen)}

    fold = folds["learned-tags_assignment_t64"]
    said = " ".join(plain(line) for line in fold.lead)
    assert "A linear model that ignores order scores 20 %." in said
    assert "The target is 5.0 % (error rate) within 150 steps" in said
    assert len(fold.plots) == 8
    (table,) = fold.tables
    assert len(table.rows) == 6
    solved = {row[0].text: row[1].text for row in table.rows}
    assert solved["LSTM"] == "0 of 5"
    assert solved["LSTM, both directions"] == "5 of 5"


def test_censored_steps_are_never_a_number_of_steps(seen):
    folds = {fold.id: fold for fold in learning_folds(seen)}

    rows = {row[0].text: row for row in folds["learned-adding_t50"].tables[0].rows}

    assert rows["RNN tanh"][2].text == "not within 1,000"
    assert rows["RNN tanh"][4].text == "not reached"


def test_what_failed_or_diverged_is_told(run):
    task = make_task()
    diverged = make_seed_run(task, 3, None, diverged=True, values=(0.2,), reached=None)
    results = (
        make_result(task, "gru", (), seeds=(diverged,)),
        replace(
            make_result(task, "lstm", ()), status=Status.ERROR, reason="broken layer"
        ),
    )
    seen = learned(run, *results)

    fold = next(one for one in learning_folds(seen) if one.id == "not-learned")

    assert [text for _, text in fold.notes] == [
        "error: broken layer",
        "seed 3 diverged",
    ]
    assert any("broken layer" in line for line in summary(seen))


def test_a_curve_keeps_the_last_value_of_a_seed_that_has_ended(run):
    task = make_task(budget=100)
    runs = tuple(
        make_seed_run(task, n, None, values=values, reached=None)
        for n, values in enumerate([(0.1, 0.2), (0.3, 0.4, 0.5), (0.9, 0.8, 0.7)])
    )
    seen = learned(run, make_result(task, "gru", (), seeds=runs), task=task)

    by_step = curve_plots(seen.learning.cells)[0]

    assert by_step.series[0].points == ((10, 0.3), (20, 0.4), (30, 0.5))
    assert by_step.series[0].spread == ((0.1, 0.9), (0.2, 0.8), (0.2, 0.7))


def test_the_front_is_what_nothing_beats_in_both():
    points = [(3, 1), (1, 3), (2, 2), (2, 4), (4, 1)]

    assert pareto_front(points) == ((1, 3), (2, 2), (3, 1))
    assert pareto_front([]) == ()


def test_there_is_a_front_for_steps_seconds_parameters_and_memory(seen):
    plots = front_plots(cells_of(seen, "adding", 50))

    assert [plot.title.removeprefix("Quality and ") for plot in plots] == [
        "steps",
        "seconds, oneDNN on",
        "seconds, oneDNN off",
        "parameters",
        "memory",
    ]
    assert all(plot.front for plot in plots)


def test_gradients_are_drawn_before_and_after_training(seen):
    before, after = gradient_plots(cells_of(seen, "gradient_profile", 50))

    assert [plot.title for plot in (before, after)] == [
        "At initialisation",
        "After training",
    ]
    assert before.series[0].points[10][1] == pytest.approx(0.59**10, rel=0.05)


def test_gradients_after_training_come_from_the_longest_task_that_trained(run):
    untrained = make_task("gradient_profile", 100, target=None)
    tasks = untrained, make_task(seq_len=10), make_task(seq_len=50)
    profiles = {"gradient": profile(0.6), "gradient_trained": profile(0.9)}
    results = [
        make_result(
            task,
            "lstm",
            (),
            seeds=(
                make_seed_run(
                    task,
                    1,
                    50 if task.target else None,
                    **(profiles if task.target else {"gradient": profile(0.6)}),
                ),
            ),
        )
        for task in tasks
    ]
    seen = view(replace(run, learning=Learning(tasks, tuple(results))))

    (fold,) = [one for one in learning_folds(seen) if one.id == "gradient"]

    assert [plot.title for plot in fold.plots] == [
        "At initialisation: gradient profile, length 100",
        "At initialisation: adding, length 50",
        "After training: adding, length 50",
    ]
    assert [row[4].text for row in fold.tables[0].rows] == ["–", "0.90"]


def test_longer_sequences_begin_at_the_length_of_training(seen):
    plot = longer_plot(cells_of(seen, "adding", 50))

    assert [x for x, _ in plot.series[1].points] == [50, 100, 200]
    assert longer_plot(cells_of(seen, "adding", 10)) is None


def test_the_summary_is_short_and_has_the_answer_first(seen):
    for is_plain in (False, True):
        lines = summary(
            seen, [("Report", "reports/latest/index.html")], is_plain=is_plain
        )

        assert len(lines) <= MOST_LINES
        assert max(map(len, lines)) <= WIDTH
    assert lines[2].strip().startswith("The GRU learns in fewer steps")
    (row,) = [line for line in lines if "adding, length 50" in line]
    assert "5/5, 5/5" in row


def test_the_comment_has_a_row_for_each_task_with_intervals(seen):
    text = render_markdown(seen)

    (row,) = [
        line for line in text.splitlines() if line.startswith("| adding, length 50")
    ]
    assert "0.20 \\(0.17 to 0.24\\)" in row
    assert "fewer steps" in row
    assert len(text.splitlines()) <= 40
