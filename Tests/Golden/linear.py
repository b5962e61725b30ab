"""Writes Tests/FarroModelsTests/LinearGolden.swift: what scikit-learn's linear models, discriminants and naive Bayes learn.

Run it with a Python that has scikit-learn: python3 Tests/Golden/linear.py
"""

import pathlib
import warnings

import numpy as np
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.naive_bayes import BernoulliNB, ComplementNB, GaussianNB, MultinomialNB

warnings.simplefilter("ignore")
CASES: dict[str, np.ndarray] = {}

DIABETES, DISEASE = load_diabetes(return_X_y=True)
TWO = np.stack([DISEASE, DISEASE * DISEASE / 64], axis=1)
DEPENDENT = np.hstack([DIABETES, DIABETES[:, :2], DIABETES[:, 3:4] * 2, np.ones((len(DIABETES), 1))])
CANCER, BENIGN = load_breast_cancer(return_X_y=True)
DIGITS, DIGIT = load_digits(return_X_y=True)
IRIS, SPECIES = load_iris(return_X_y=True)
WINE, GROWER = load_wine(return_X_y=True)
# The same formulas as in the tests.
HILBERT = np.array([[1 / (i + j + 1) for j in range(8)] for i in range(30)])
WAVE = np.array([(i * 37 % 17 - 8) / 4 for i in range(30)])


def weights(count: int) -> np.ndarray:
    return np.array([i % 3 / 2 for i in range(count)])


def add(name: str, *arrays) -> None:
    CASES[name] = np.concatenate([np.ravel(np.asarray(a, dtype=float)) for a in arrays])


def linear(name: str, model, x, y, w=None) -> None:
    model.fit(x, y, w) if w is not None else model.fit(x, y)
    add(name, model.coef_, model.intercept_)
    if hasattr(model, "singular_"):
        add(name + ".singular", [model.rank_], model.singular_)


def regressions() -> None:
    w = weights(len(DISEASE))
    linear("ols.diabetes", LinearRegression(), DIABETES, DISEASE)
    linear("ols.weighted", LinearRegression(), DIABETES, DISEASE, w)
    linear("ols.origin", LinearRegression(fit_intercept=False), DIABETES, DISEASE)
    linear("ols.two", LinearRegression(), DIABETES, TWO)
    linear("ols.dependent", LinearRegression(), DEPENDENT, DISEASE)
    linear("ols.wide", LinearRegression(), DIABETES[:7], DISEASE[:7])
    linear("ols.cancer", LinearRegression(), CANCER, BENIGN)
    linear("ols.hilbert", LinearRegression(), HILBERT, WAVE)
    linear("ols.exact", LinearRegression(tol=1e-14), HILBERT, WAVE)
    linear("ols.sparse", LinearRegression(), DIGITS, DIGIT)
    linear("ols.positive", LinearRegression(positive=True), DIABETES, DISEASE)
    linear("ols.positive.cancer", LinearRegression(positive=True), CANCER, BENIGN, weights(len(BENIGN)))
    linear("ols.positive.two", LinearRegression(positive=True), DIABETES, TWO)
    positive = {"positive": True, "tol": 1e-14, "max_iter": 1000000}
    linear("ridge.positive", Ridge(alpha=0.5, **positive), DIABETES, DISEASE, w)
    linear("ridge.diabetes", Ridge(alpha=0.5), DIABETES, DISEASE)
    linear("ridge.weighted", Ridge(alpha=0.5), DIABETES, DISEASE, w)
    linear("ridge.two", Ridge(alpha=[0.25, 2]), DIABETES, TWO)
    linear("ridge.dependent", Ridge(), DEPENDENT, DISEASE)
    linear("ridge.wide", Ridge(alpha=0.01), DIABETES[:7], DISEASE[:7])
    linear("ridge.cancer", Ridge(solver="svd"), CANCER, BENIGN)
    linear("ridge.sparse", Ridge(), DIGITS, DIGIT)
    exact = {"tol": 1e-12, "max_iter": 1000000}
    linear("lasso.diabetes", Lasso(alpha=0.25, **exact), DIABETES, DISEASE)
    linear("lasso.weighted", Lasso(alpha=0.25, **exact), DIABETES, DISEASE, w)
    linear("lasso.positive", Lasso(alpha=0.25, positive=True, **exact), DIABETES, DISEASE)
    linear("lasso.origin", Lasso(alpha=0.25, fit_intercept=False, **exact), DIABETES, DISEASE)
    linear("lasso.wide", Lasso(alpha=1, **exact), DIGITS[:40], DIGIT[:40])
    linear("lasso.digits", Lasso(alpha=0.0625, **exact), DIGITS, DIGIT)
    linear("net.diabetes", ElasticNet(alpha=0.0625, l1_ratio=0.75, **exact), DIABETES, DISEASE)
    linear("net.two", ElasticNet(alpha=0.0625, l1_ratio=0.75, **exact), DIABETES, TWO)
    linear("net.ridge", ElasticNet(alpha=0.0625, l1_ratio=0, **exact), DIABETES, DISEASE)


def discriminants() -> None:
    data = {"iris": (IRIS, SPECIES), "wine": (WINE, GROWER), "cancer": (CANCER, BENIGN), "digits": (DIGITS, DIGIT)}
    cases = {
        "svd.iris": {}, "svd.wine": {"priors": [0.5, 0.25, 0.25]}, "svd.cancer": {}, "svd.digits": {},
        "lsqr.iris": {}, "lsqr.wine": {"shrinkage": 0.25}, "lsqr.cancer": {"shrinkage": "auto"},
        "eigen.iris": {}, "eigen.wine": {"shrinkage": "auto"}, "eigen.cancer": {"shrinkage": 0.5},
    }
    for name, parameters in cases.items():
        solver, source = name.split(".")
        x, y = data[source]
        model = LinearDiscriminantAnalysis(solver=solver, **parameters).fit(x, y)
        add("lda." + name, model.coef_, model.intercept_)
        add("lda." + name + ".probabilities", model.predict_proba(x[::29]))
        if solver != "lsqr":
            add("lda." + name + ".transformed", model.transform(x[::29]), model.explained_variance_ratio_)
    cases = {
        "iris": {}, "wine": {"priors": [0.5, 0.25, 0.25], "reg_param": 0.125}, "cancer": {"reg_param": 0.5},
        "auto.iris": {"solver": "eigen", "shrinkage": "auto"}, "fixed.wine": {"solver": "eigen", "shrinkage": 0.25},
    }
    for name, parameters in cases.items():
        x, y = data[name.split(".")[-1]]
        model = QuadraticDiscriminantAnalysis(**parameters).fit(x, y)
        add("qda." + name, model.decision_function(x[::29]), model.predict_proba(x[::29]))


def bayes() -> None:
    w = weights(len(DIGIT))
    cases = {
        "gaussian.iris": (GaussianNB(), IRIS, SPECIES, None),
        "gaussian.priors": (GaussianNB(priors=[0.5, 0.25, 0.25], var_smoothing=0.01), WINE, GROWER, None),
        "gaussian.weighted": (GaussianNB(), DIGITS, DIGIT, w),
    }
    for name, (model, x, y, w_) in cases.items():
        model.fit(x, y, w_)
        add(name, model.theta_[1], model.var_[1], model.class_prior_)
        add(name + ".likelihood", model.predict_joint_log_proba(x[::97]))
    half = len(DIGIT) // 2
    model = GaussianNB(var_smoothing=1e-4).partial_fit(DIGITS[:half], DIGIT[:half], range(11))
    model.partial_fit(DIGITS[half:], DIGIT[half:])
    add("gaussian.updated", model.theta_[3], model.var_[3], model.class_prior_)
    cases = {
        "multinomial": (MultinomialNB(), None), "multinomial.weighted": (MultinomialNB(alpha=0.25), w),
        "multinomial.uniform": (MultinomialNB(fit_prior=False), None),
        "bernoulli": (BernoulliNB(binarize=7), None), "bernoulli.weighted": (BernoulliNB(alpha=0.5, binarize=3), w),
        "multinomial.columns": (MultinomialNB(alpha=np.arange(1, 65) / 8), None),
        "complement.columns": (ComplementNB(alpha=np.arange(1, 65) / 8), None),
        "complement": (ComplementNB(), None), "complement.norm": (ComplementNB(norm=True, alpha=2), w),
    }
    for name, (model, w_) in cases.items():
        model.fit(DIGITS, DIGIT, w_)
        add(name, model.feature_log_prob_[3], model.class_log_prior_)
        add(name + ".likelihood", model.predict_joint_log_proba(DIGITS[::97]))
    model = MultinomialNB().partial_fit(DIGITS[:half], DIGIT[:half], range(11)).partial_fit(DIGITS[half:], DIGIT[half:])
    add("multinomial.updated", model.feature_log_prob_[3], model.feature_log_prob_[10])


def main() -> None:
    regressions(), discriminants(), bayes()
    text = f"// Written by Tests/Golden/linear.py with scikit-learn {sklearn.__version__}.\n// swift-format-ignore-file\n\n"
    text += "enum LinearGolden {\n  /// A line for each case: its name and its numbers.\n  static let text = \"\"\"\n"
    for name, values in CASES.items():
        text += f"    {name} " + " ".join(f"{v:.12g}" for v in values) + "\n"
    text += "    \"\"\"\n}\n"
    (pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "LinearGolden.swift").write_text(text)


main()
