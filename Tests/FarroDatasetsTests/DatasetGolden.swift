// Written by Sources/FarroDatasets/make.py with scikit-learn 1.9.1.
// swift-format-ignore-file

struct DatasetGolden: Sendable {
  let shape: [Int]
  let firstFeatures: [String]
  let lastFeature: String
  let classNames: [String]
  let sum: Double
  let targetSum: Double
  /// CRC-32 of the elements as doubles, the least significant byte first.
  let checksum: UInt32
  let targetChecksum: UInt32

  static let iris = DatasetGolden(
    shape: [150, 4],
    firstFeatures: ["sepal length (cm)", "sepal width (cm)"],
    lastFeature: "petal width (cm)",
    classNames: ["setosa", "versicolor", "virginica"],
    sum: 2078.7,
    targetSum: 150.0,
    checksum: 0x7c9eafdc,
    targetChecksum: 0x4e1df378
  )

  static let wine = DatasetGolden(
    shape: [178, 13],
    firstFeatures: ["alcohol", "malic_acid"],
    lastFeature: "proline",
    classNames: ["class_0", "class_1", "class_2"],
    sum: 159975.295999,
    targetSum: 167.0,
    checksum: 0x2b79fc75,
    targetChecksum: 0x8b22c9aa
  )

  static let breastCancer = DatasetGolden(
    shape: [569, 30],
    firstFeatures: ["mean radius", "mean texture"],
    lastFeature: "worst fractal dimension",
    classNames: ["malignant", "benign"],
    sum: 1056474.4596356,
    targetSum: 357.0,
    checksum: 0x69da91f0,
    targetChecksum: 0x13e5fb9f
  )

  static let digits = DatasetGolden(
    shape: [1797, 64],
    firstFeatures: ["pixel_0_0", "pixel_0_1"],
    lastFeature: "pixel_7_7",
    classNames: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    sum: 561718.0,
    targetSum: 8070.0,
    checksum: 0x1be630d7,
    targetChecksum: 0x321a494c
  )

  static let diabetes = DatasetGolden(
    shape: [442, 10],
    firstFeatures: ["age", "sex"],
    lastFeature: "s6",
    classNames: [],
    sum: -6.394884621840902e-14,
    targetSum: 67243.0,
    checksum: 0x3b7b0483,
    targetChecksum: 0x294f4557
  )
}
