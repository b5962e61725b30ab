"""Rows of what comes before models: texts to terms, categories to columns, missing numbers, scales.

The operand is a matrix. Texts are spelled from it before anything is timed, a row's numbers being its words. Each call fits and
transforms; a result is the product of what was made with fixed numbers, so that an element in a wrong column shows.
"""
import importlib
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from families.learning import SCIKIT_LEARN
from families.operators import Arrays, Operator, Parameters, family_of, row_of
from sidebyside.rows import Goal, Row

LETTERS = "etaoinshrdlucmfwypvb"


def spelled(number: int) -> str:
    letters = "Q" if number % 9 == 0 else "q"
    while True:
        letters += LETTERS[number % 20]
        number //= 20
        if number == 0:
            return letters


def texts(x: np.ndarray) -> list[str]:
    words = {number: spelled(number) for number in np.unique(x.astype(np.int64)).tolist()}
    rows = x.astype(np.int64).tolist()
    return ["".join(words[number] + (". " if i % 10 == 9 else " ") for i, number in enumerate(row)) for row in rows]


def projected(made) -> np.ndarray:
    columns = made.shape[1]
    return np.asarray(made @ (1 + (np.arange(columns) % 101) / 101)).ravel()


def words(p: Parameters, generator: np.random.Generator) -> Arrays:
    return operands(np.minimum(generator.zipf(1.3, (p["rows"], p["columns"])), 60_000))


def categories(p: Parameters, generator: np.random.Generator) -> Arrays:
    return operands(np.floor(np.abs(generator.standard_normal((p["rows"], p["columns"])) * 8)))


def holes(p: Parameters, generator: np.random.Generator) -> Arrays:
    x = generator.standard_normal((p["rows"], p["columns"]))
    return operands(np.where(generator.random(x.shape) < 0.1, np.nan, x))


def normal(p: Parameters, generator: np.random.Generator) -> Arrays:
    return operands(generator.standard_normal((p["rows"], p["columns"])))


def operands(x: np.ndarray) -> Arrays:
    """As models have them: rows, their numbers, rows that are held out."""
    return [x.astype(np.float64), np.zeros(len(x)), np.zeros((1, x.shape[1])), np.zeros(1)]


def step(inputs, make: Callable[[], object], rows_of: Callable[[np.ndarray], object] = lambda x: x) -> Operator:
    def prepare(threads, p, arrays, outputs):
        rows, last = rows_of(arrays[0]), [None]

        def call():
            last[0] = make().fit_transform(rows)

        def result():
            if last[0] is None:
                call()
            outputs[0][...] = projected(last[0])

        call.result = result
        return call, f"{type(make()).__name__}.fit_transform"

    return Operator(
        inputs=inputs,
        shapes=lambda p: [(p["rows"],)],
        exact=lambda p, x: [projected(make().fit_transform(rows_of(x[0].astype(np.float64)))).astype(np.longdouble)],
        torch=None,
        units=64,
        others={SCIKIT_LEARN: prepare},
    )


def of(module: str, name: str, **arguments) -> Callable[[], object]:
    def make():
        return getattr(importlib.import_module(f"sklearn.{module}"), name)(**arguments)

    return make


TEXT = "feature_extraction.text"
OPERATORS = {
    "fit_count_terms": step(words, of(TEXT, "CountVectorizer"), texts),
    "fit_tfidf": step(words, of(TEXT, "TfidfVectorizer", ngram_range=(1, 2)), texts),
    "fit_hash_terms": step(words, of(TEXT, "HashingVectorizer"), texts),
    "fit_one_hot": step(categories, of("preprocessing", "OneHotEncoder")),
    "fit_imputer": step(holes, of("impute", "SimpleImputer", strategy="median")),
    "fit_min_max": step(normal, of("preprocessing", "MinMaxScaler")),
}


def rows() -> list[Row]:
    def row(operation: str, rows: int, columns: int, least: float) -> Row:
        shape, goal = f"{rows}x{columns}", Goal({SCIKIT_LEARN: least})
        parameters = {"rows": rows, "columns": columns, "held": 1}
        bytes = 8.0 * rows * columns
        return replace(
            row_of("preparing", operation, shape, parameters, 0.0, bytes, goal, "f64"), subject="farro-models"
        )

    return [
        row("fit_count_terms", 10_000, 200, 5.0),
        row("fit_tfidf", 5000, 100, 3.0),
        row("fit_hash_terms", 10_000, 200, 5.0),
        row("fit_one_hot", 100_000, 10, 1.5),
        row("fit_imputer", 200_000, 20, 1.5),
        row("fit_min_max", 200_000, 50, 1.5),
    ]


family = family_of("preparing", OPERATORS, rows)
