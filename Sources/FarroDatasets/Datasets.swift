import Farro

/// Small data sets that are at hand: the same numbers, bit by bit, as scikit-learn's functions of these names give.
///
/// ```swift
/// let iris = Datasets.iris(as: Float.self)
/// print(iris.x.shape, iris.classNames)  // [150, 4] ["setosa", "versicolor", "virginica"]
/// ```
///
/// They are part of the program: no file is looked for when it runs.
public enum Datasets {
  /// Three species of iris: 150 rows, 4 features, 3 classes of 50.
  ///
  /// - Complexity: O(size of the data), as for all others: under 10 ms.
  public static func iris<Scalar: KernelScalar>(as: Scalar.Type = Double.self) -> ClassificationDataset<Scalar> {
    classification(
      "iris",
      DatasetText.iris,
      features: ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"],
      classes: ["setosa", "versicolor", "virginica"],
      target: "species",
      description: """
        Length and width of sepals and petals of 150 irises of three species. Setosa can be told from the two others by a straight \
        line, these not from each other. The numbers are those of Fisher's paper, as R has them: the copy in the UCI repository \
        differs from it in two rows.
        """,
      source: """
        R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7 (1936), 179-188; measured \
        by E. Anderson. https://archive.ics.uci.edu/dataset/53/iris
        """,
      license: License.creativeCommons
    )
  }

  /// Wines of three growers: 178 rows, 13 features, 3 classes.
  public static func wine<Scalar: KernelScalar>(as: Scalar.Type = Double.self) -> ClassificationDataset<Scalar> {
    classification(
      "wine",
      DatasetText.wine,
      features: [
        "alcohol", "malic_acid", "ash", "alcalinity_of_ash", "magnesium", "total_phenols", "flavanoids",
        "nonflavanoid_phenols", "proanthocyanins", "color_intensity", "hue", "od280/od315_of_diluted_wines", "proline",
      ],
      classes: ["class_0", "class_1", "class_2"],
      description: """
        What a chemical analysis found in 178 wines that three growers of one region of Italy made: 59, 71 and 48 of them. The \
        features are of very different scales.
        """,
      source: """
        S. Aeberhard and M. Forina, "Wine", UCI Machine Learning Repository (1992). \
        https://archive.ics.uci.edu/dataset/109/wine
        """,
      license: License.creativeCommons
    )
  }

  /// Tumours of the breast, malignant or benign: 569 rows, 30 features, 2 classes.
  public static func breastCancer<Scalar: KernelScalar>(
    as: Scalar.Type = Double.self
  ) -> ClassificationDataset<Scalar> {
    let measures = [
      "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity", "concave points", "symmetry",
      "fractal dimension",
    ]
    return classification(
      "breast cancer",
      DatasetText.breastCancer,
      features: measures.map { "mean \($0)" } + measures.map { "\($0) error" } + measures.map { "worst \($0)" },
      classes: ["malignant", "benign"],
      target: "diagnosis",
      description: """
        Ten measures of the cell nuclei in an image of a fine needle aspirate, of 212 malignant and 357 benign tumours: of each \
        measure the mean over the nuclei, its standard error, and the mean of the three largest. Wisconsin, "diagnostic".
        """,
      source: """
        W. H. Wolberg, O. L. Mangasarian, N. Street and W. Street, "Breast Cancer Wisconsin (Diagnostic)", UCI Machine Learning \
        Repository (1993). https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic
        """,
      license: License.creativeCommons
    )
  }

  /// Handwritten digits, as images of 8 by 8 pixels from 0 to 16: 1797 rows, 64 features, 10 classes.
  public static func digits<Scalar: KernelScalar>(as: Scalar.Type = Double.self) -> ClassificationDataset<Scalar> {
    let rows = pixels(DatasetText.digits, columns: 65)
    let (x, y) = split(rows)
    return Dataset(
      name: "digits",
      x: Tensor(casting: x),
      y: y.scalars.map { Int($0) },
      featureNames: (0..<8).flatMap { row in (0..<8).map { "pixel_\(row)_\($0)" } },
      targetName: "digit",
      classNames: (0..<10).map { "\($0)" },
      description: """
        Digits that 13 people wrote, row by row. Of each image of 32 by 32 dots, a pixel counts those that are black in a square \
        of 4 by 4. It is the test set of the source.
        """,
      source: """
        E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository (1998). \
        https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits
        """,
      license: License.creativeCommons
    )
  }

  /// The course of diabetes within a year: 442 rows, 10 features, a number as target.
  ///
  /// Each feature has the mean 0 and the sum of squares 1.
  public static func diabetes<Scalar: KernelScalar>(as: Scalar.Type = Double.self) -> RegressionDataset<Scalar> {
    let (x, y) = split(rows(DatasetText.diabetes))
    return Dataset(
      name: "diabetes",
      x: Tensor(casting: x),
      y: Tensor(casting: y),
      featureNames: ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"],
      targetName: "progression",
      classNames: [],
      description: """
        Age, sex, body mass index, mean blood pressure and six measurements of blood serum (total cholesterol, LDL, HDL, total \
        cholesterol by HDL, probably the logarithm of triglycerides, glucose) of 442 patients, and how far the disease went on within \
        a year, as a number from 25 to 346.
        """,
      source: """
        B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, "Least Angle Regression", Annals of Statistics 32 (2004), 407-499. \
        https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html
        """,
      license: License.diabetes
    )
  }

  private static func classification<Scalar: KernelScalar>(
    _ name: String,
    _ text: StaticString,
    features: [String],
    classes: [String],
    target: String = "target",
    description: String,
    source: String,
    license: String
  ) -> ClassificationDataset<Scalar> {
    let (x, y) = split(rows(text))
    return Dataset(
      name: name,
      x: Tensor(casting: x),
      y: y.scalars.map { Int($0) },
      featureNames: features,
      targetName: target,
      classNames: classes,
      description: description,
      source: source,
      license: license
    )
  }
}

private enum License {
  static let creativeCommons = """
    Creative Commons Attribution 4.0 International, https://creativecommons.org/licenses/by/4.0/, as the UCI Machine Learning \
    Repository passes the data on; converted by way of scikit-learn, which is under the BSD 3-Clause License, Copyright (c) \
    2007-2026 The scikit-learn developers.
    """
  static let diabetes = """
    The source names no terms. The numbers are those of scikit-learn, which passes them on under the BSD 3-Clause License, \
    Copyright (c) 2007-2026 The scikit-learn developers, https://opensource.org/license/bsd-3-clause.
    """
}
