"""Writes Tests/FarroModelsTests/PreprocessingGolden.swift: what scikit-learn's scalers, encoders, imputers and others make.

Run it with a Python that has scikit-learn: python3 Tests/Golden/preprocessing.py
"""

import pathlib
import warnings

import numpy as np
import sklearn
from scipy.sparse import csr_matrix
from sklearn import preprocessing as p
from sklearn.impute import SimpleImputer
from sklearn.utils.extmath import _approximate_mode

warnings.simplefilter("ignore")  # of categories that are unknown on purpose

# The same formulas as in the test, in exact arithmetic.
ROWS, COLUMNS = 30, 4
X = np.array(
    [
        [((i * 37 + k * 101 + i * i * (k + 3)) % 211 - 105) / 16 if k != 3 else 2.5 for k in range(COLUMNS)]
        for i in range(ROWS)
    ]
)
SPARSE = np.where((np.arange(ROWS)[:, None] * 3 + np.arange(COLUMNS) * 5) % 4 == 0, X, 0)
HOLES = np.array([[np.nan if (i * 5 + k * 3) % 7 == 0 else X[i, k] for k in range(3)] + [np.nan] for i in range(ROWS)])
# Many equal numbers: the most frequent one is decided by more than order.
REPEATED = np.where(np.isnan(HOLES), np.nan, np.floor(HOLES / 4))[:, :3]
SPARSE_HOLES = np.where(np.isnan(HOLES), np.nan, np.floor(SPARSE / 4))
CATEGORIES = np.array([[(i * i + k * i * 3 + k) % (3 + 2 * k) for k in range(3)] for i in range(ROWS)], dtype=float)
WEIGHTS = np.array([i % 4 for i in range(ROWS)], dtype=float)


CASES = {
    "standardWeighted": p.StandardScaler().fit(X, sample_weight=WEIGHTS).transform(X),
    "standardSparse": p.StandardScaler(with_mean=False).fit_transform(csr_matrix(SPARSE)).toarray(),
    "standardSparseWeighted": p.StandardScaler(with_mean=False)
    .fit(csr_matrix(SPARSE), sample_weight=WEIGHTS)
    .transform(csr_matrix(SPARSE))
    .toarray(),
    "minMax": p.MinMaxScaler((-2, 3)).fit_transform(X),
    "minMaxClipped": p.MinMaxScaler(clip=True).fit(X[:10]).transform(X),
    "maxAbs": p.MaxAbsScaler().fit_transform(SPARSE),
    "robust": p.RobustScaler().fit_transform(X),
    "robustUnit": p.RobustScaler(quantile_range=(10, 80), unit_variance=True, with_centering=False).fit_transform(X),
    "robustSparse": p.RobustScaler(with_centering=False).fit_transform(csr_matrix(SPARSE)).toarray(),
    "normalizedL1": p.Normalizer("l1").fit_transform(SPARSE),
    "normalizedL2": p.Normalizer("l2").fit_transform(SPARSE),
    "normalizedMax": p.Normalizer("max").fit_transform(SPARSE),
    "oneHot": p.OneHotEncoder(sparse_output=False).fit_transform(CATEGORIES),
    "oneHotFirst": p.OneHotEncoder(sparse_output=False, drop="first").fit_transform(CATEGORIES),
    "oneHotBinary": p.OneHotEncoder(sparse_output=False, drop="if_binary").fit_transform(CATEGORIES),
    "oneHotMin": p.OneHotEncoder(sparse_output=False, min_frequency=6).fit_transform(CATEGORIES),
    "oneHotPart": p.OneHotEncoder(sparse_output=False, min_frequency=0.25).fit_transform(CATEGORIES),
    "oneHotMost": p.OneHotEncoder(sparse_output=False, max_categories=3).fit_transform(CATEGORIES),
    "oneHotMostFirst": p.OneHotEncoder(sparse_output=False, max_categories=3, drop="first").fit_transform(CATEGORIES),
    "oneHotOne": p.OneHotEncoder(sparse_output=False, max_categories=1).fit_transform(CATEGORIES),
    "oneHotUnknown": p.OneHotEncoder(sparse_output=False, handle_unknown="infrequent_if_exist", min_frequency=5)
    .fit(CATEGORIES)
    .transform(CATEGORIES + 1),
    "oneHotIgnored": p.OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    .fit(CATEGORIES)
    .transform(CATEGORIES + 1),
    "oneHotMissing": p.OneHotEncoder(sparse_output=False).fit_transform(REPEATED),
    "ordinal": p.OrdinalEncoder().fit_transform(REPEATED),
    "ordinalUnknown": p.OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2, max_categories=3
    )
    .fit(REPEATED)
    .transform(REPEATED + 1),
    "imputedMean": SimpleImputer().fit_transform(HOLES),
    "imputedMedian": SimpleImputer(strategy="median", keep_empty_features=True).fit_transform(HOLES),
    "imputedMode": SimpleImputer(strategy="most_frequent").fit_transform(REPEATED),
    "imputedConstant": SimpleImputer(strategy="constant", fill_value=-9, add_indicator=True).fit_transform(HOLES),
    "imputedConstantKept": SimpleImputer(strategy="constant", fill_value=-9, keep_empty_features=True).fit_transform(
        HOLES
    ),
    **{
        f"imputedSparse{name}": SimpleImputer(strategy=strategy, fill_value=fill, add_indicator=indicator)
        .fit_transform(csr_matrix(SPARSE_HOLES))
        .toarray()
        for name, strategy, fill, indicator in [
            ("Mean", "mean", None, True),
            ("Median", "median", None, False),
            ("Mode", "most_frequent", None, False),
            ("Constant", "constant", -9, True),
        ]
    },
    "polynomial": p.PolynomialFeatures().fit_transform(X[:5]),
    "polynomialCubes": p.PolynomialFeatures((2, 3), include_bias=False).fit_transform(X[:5, :3]),
    "polynomialSparse": p.PolynomialFeatures(4).fit_transform(csr_matrix(SPARSE[:6])).toarray(),
    "polynomialProducts": p.PolynomialFeatures(3, interaction_only=True).fit_transform(X[:5]),
    "binsQuantile": p.KBinsDiscretizer(5, encode="ordinal").fit_transform(X),
    "binsLinear": p.KBinsDiscretizer(4, encode="ordinal", quantile_method="linear").fit_transform(X),
    "binsUniform": p.KBinsDiscretizer(5, encode="ordinal", strategy="uniform").fit_transform(X),
    "binsKMeans": p.KBinsDiscretizer(3, encode="ordinal", strategy="kmeans").fit_transform(X),
    "binsOneHot": p.KBinsDiscretizer([2, 3, 4, 2], encode="onehot-dense").fit_transform(X),
    "binsBack": (lambda b: b.inverse_transform(b.fit_transform(X[:, :3])))(p.KBinsDiscretizer(4, encode="ordinal")),
    "binEdges": np.concatenate(p.KBinsDiscretizer(5).fit(X[:, :3]).bin_edges_),
    # No ties: those are broken at random.
    "stratified": _approximate_mode(np.array([50, 31, 12, 7]), 25, 0),
}
NAMES = {
    "polynomialNames": p.PolynomialFeatures(3).fit(X[:, :2]).get_feature_names_out(),
    "productNames": p.PolynomialFeatures(2, interaction_only=True, include_bias=False)
    .fit(X[:, :3])
    .get_feature_names_out(["a", "b", "c"]),
}


def text(values) -> str:
    return " ".join("nan" if v != v else repr(int(v)) if v == int(v) else repr(float(v)) for v in np.ravel(values))


def main() -> None:
    lines = [
        f"// Written by Tests/Golden/preprocessing.py with scikit-learn {sklearn.__version__}.",
        "// swift-format-ignore-file",
        "",
        "enum PreprocessingGolden {",
    ]
    lines += [f'  static let {name} = numbers("{text(values)}")' for name, values in CASES.items()]
    lines += [f'  static let {name} = "{",".join(values)}"' for name, values in NAMES.items()]
    lines += [
        "",
        "  private static func numbers(_ text: String) -> [Double] { text.split(separator: \" \").map { Double($0)! } }",
        "}",
    ]
    path = pathlib.Path(__file__).parents[1] / "FarroModelsTests" / "PreprocessingGolden.swift"
    path.write_text("\n".join(lines) + "\n")


main()
