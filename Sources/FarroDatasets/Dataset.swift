import Farro
import FarroData

/// Rows of features, a target for each, and where they come from.
public struct Dataset<Scalar: KernelScalar, Target: Sendable>: Sendable, CustomStringConvertible {
  /// What the data set is called.
  public let name: String
  /// The features. Shape (rows, features).
  public let x: Tensor<Scalar>
  /// What is to be predicted of each row.
  public let y: Target
  /// What the columns of ``x`` are called.
  public let featureNames: [String]
  /// What the target is called.
  public let targetName: String
  /// What the values of ``y`` stand for, the name of class 0 first; of a regression's target, none.
  public let classNames: [String]
  /// What was measured, in a few sentences.
  public let description: String
  /// Who made the data and where it is found.
  public let source: String
  /// The terms under which the data may be passed on.
  public let license: String
}

/// A data set whose target is a class, from 0 on.
public typealias ClassificationDataset<Scalar: KernelScalar> = Dataset<Scalar, [Int]>

/// A data set whose target is a number. Shape (rows).
public typealias RegressionDataset<Scalar: KernelScalar> = Dataset<Scalar, Tensor<Scalar>>

extension Dataset where Target == [Int] {
  /// The name of each row's class.
  public var labels: [String] { y.map { classNames[$0] } }

  /// Features and, as the last column, the names of classes: to be written as CSV, for example.
  public var table: Table { table(with: Table.Column(targetName, labels)) }
}

extension Dataset where Target == Tensor<Scalar> {
  /// Features and, as the last column, the target: to be written as CSV, for example.
  public var table: Table { table(with: Table.Column(targetName, Tensor<Double>(casting: y))) }
}

extension Dataset {
  private func table(with target: Table.Column) -> Table {
    let columns = featureNames.indices.map { column in
      Table.Column(featureNames[column], Tensor<Double>((0..<x.shape[0]).map { Double(x[$0, column]) }))
    }
    return Table(columns + [target])
  }
}
