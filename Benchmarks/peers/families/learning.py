"""What rows of models share: data, and how a peer's estimator becomes a call.

A row fits or predicts. The operands are x, y of the rows to learn from, then x, y of rows that are held out. Whatever is
timed, the results are predictions of the held-out rows, and what else the family asks for (coefficients), so that each
speed stands beside what the model is worth: the error is a loss relative to that of a model that has learned nothing,
the same number for subject and peers.
"""
import importlib
import warnings
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Family, Goal, Row

Error = Callable[[Parameters, Arrays, Arrays], float]

SCIKIT_LEARN, INTELEX = "scikit-learn", "scikit-learn-intelex"


# ---- data ----


def classification(p: Parameters, generator: np.random.Generator) -> Arrays:
    """Clusters that are easily told apart; with `overlapping` among the parameters, as make_classification has them."""
    separation, spread = (1.0, 1.0) if p.get("overlapping") else (1.5, 0.5)
    return clusters_at_corners(p, generator, separation, spread)


def clusters_at_corners(p: Parameters, generator: np.random.Generator, separation: float, spread: float) -> Arrays:
    """Two Gaussian clusters a class, with covariances of their own, at corners of a cube whose edges are 2 separation; two
    fifths of the columns tell something, one fifth repeats it in random linear combinations, the others are noise, and
    one label of a hundred is drawn anew.

    With separation and spread 1 it is how scikit-learn's make_classification(class_sep=1, flip_y=0.01) makes data, after
    I. Guyon, "Design of experiments for the NIPS 2003 variable selection benchmark", 2003: rows are drawn from a standard
    normal distribution, multiplied by a random matrix of each cluster's own, and moved to its corner."""
    rows, columns, classes = p["rows"] + p["held"], p["columns"], p["classes"]
    informative, repeated = max(2, columns * 2 // 5), columns // 5
    corners = np.unique(generator.choice([-1.0, 1.0], (64 * classes, informative)), axis=0)
    corners = generator.permutation(corners)[: 2 * classes] * separation
    clusters = generator.integers(0, len(corners), rows)
    x = np.empty((rows, columns))
    for cluster, corner in enumerate(corners):
        mine = clusters == cluster
        mixing = generator.uniform(-1, 1, (informative, informative))
        x[mine, :informative] = generator.standard_normal((mine.sum(), informative)) @ mixing * spread + corner
    x[:, informative : informative + repeated] = x[:, :informative] @ generator.uniform(-1, 1, (informative, repeated))
    x[:, informative + repeated :] = generator.standard_normal((rows, columns - informative - repeated))
    y = clusters % classes
    wrong = generator.random(rows) < 0.01
    y[wrong] = generator.integers(0, classes, wrong.sum())
    return held_out(p, x[:, generator.permutation(columns)], y.astype(np.int32))


def regression(p: Parameters, generator: np.random.Generator) -> Arrays:
    """A linear part, one with a bend, and noise of a tenth."""
    rows, columns = p["rows"] + p["held"], p["columns"]
    x = generator.standard_normal((rows, columns)) + 0.3 * generator.standard_normal((rows, 1))
    y = x @ generator.uniform(-1, 1, columns) + 2 * np.sin(2 * x[:, 0]) * x[:, 1 % columns]
    return held_out(p, x, y + 0.1 * y.std() * generator.standard_normal(rows))


def held_out(p: Parameters, x: np.ndarray, y: np.ndarray) -> Arrays:
    n = p["rows"]
    return [x[:n], y[:n], x[n:], y[n:]]


# ---- how much is left to learn ----


def misses(p: Parameters, x: Arrays, results: Arrays) -> float:
    """Held-out rows whose class is wrong, of those that the most frequent class alone gets wrong."""
    wrong = float((results[0] != x[3]).mean())
    return wrong / float((x[3] != np.bincount(x[1]).argmax()).mean())


def squared_error(p: Parameters, x: Arrays, results: Arrays) -> float:
    """Squared error of held-out rows, of that of their mean: 1 - R2."""
    return float(((results[0] - x[3]) ** 2).mean() / x[3].var())


def log_loss(p: Parameters, x: Arrays, results: Arrays) -> float:
    """Log loss of held-out rows, of that of the classes' shares."""
    shares = np.bincount(x[1], minlength=p["classes"]) / len(x[1])
    got = results[0][np.arange(len(x[3])), x[3]]
    return float(-np.log(np.maximum(got, 1e-15)).mean() / -np.log(shares[x[3]]).mean())


# ---- operators ----


def model(
    inputs: Callable[[Parameters, np.random.Generator], Arrays],
    error: Error,
    peers: dict[str, Callable[[Parameters, int], object]],
    fits: bool,
    shapes: Callable[[Parameters], list[tuple[int, ...]]] = lambda p: [(p["held"],)],
    results: Callable[[object, np.ndarray], tuple] = lambda fitted, x: (fitted.predict(x),),
) -> Operator:
    """Fitting or predicting by `peers`, which make an unfitted estimator from (parameters, threads)."""

    def prepared(make):
        def prepare(threads, p, arrays, outputs):
            import sklearn

            sklearn.set_config(assume_finite=False)  # each side looks for what is no number
            warnings.filterwarnings("ignore")
            estimator = make(p, threads)
            x, y, held, _ = arrays
            if fits:
                fitted = [None]

                def call():
                    fitted[0] = estimator.fit(x, y)
            else:
                fitted = [estimator.fit(x, y)]

                def call():
                    results(fitted[0], held)

            def result():
                if fitted[0] is None:
                    call()
                for output, value in zip(outputs, results(fitted[0], held)):
                    output[...] = np.asarray(value).reshape(output.shape)

            call.result = result
            return call, f"{type(estimator).__name__}.{'fit' if fits else 'predict'}"

        return prepare

    return Operator(
        inputs=inputs,
        shapes=shapes,
        exact=lambda p, x: [],
        torch=None,
        units=1,
        error=error,
        others={name: prepared(make) for name, make in peers.items()},
    )


def sklearn_and_intelex(module: str, name: str, **arguments) -> dict[str, Callable[[Parameters, int], object]]:
    """The same estimator of scikit-learn and of its build by Intel, which need not have it."""

    def of(package: str):
        def make(p: Parameters, threads: int):
            given = {key: value(p, threads) if callable(value) else value for key, value in arguments.items()}
            return getattr(importlib.import_module(f"{package}.{module}"), name)(**given)

        return make

    return {SCIKIT_LEARN: of("sklearn"), INTELEX: of("sklearnex")}


def model_row(
    family: str, operation: str, parameters: Parameters, goal: Goal, type: str = "f32", name: str = "", **others
) -> Row:
    """A row that ModelsWorker runs; `parameters` has rows, columns and held, the number of held-out rows."""
    shape = f"{parameters['rows']}x{parameters['columns']}"
    shape += f" {parameters['classes']} classes" if "classes" in parameters else ""
    width = 8 if type == "f64" else 4
    bytes = float(width * (parameters["held"] if "predict" in operation else parameters["rows"]) * parameters["columns"])
    row = row_of(family, operation, f"{shape} {name}".strip(), parameters, 0.0, bytes, goal, type, **others)
    return replace(row, subject="farro-models")


def family_of_models(name: str, operators: dict[str, Operator], rows: Callable[[], list[Row]]) -> Family:
    return replace(family_of(name, operators, rows), error_unit="what is left to learn, of all that there was")
