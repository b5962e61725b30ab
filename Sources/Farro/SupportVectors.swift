// Support vector machines' dual problems and the sums that they decide by, for FarroModels.

/// The similarity of two rows x and y.
package struct RowSimilarity: Sendable {
  package enum Form: Sendable {
    /// x y
    case linear
    /// (gamma x y + coef0)^degree
    case polynomial
    /// exp(-gamma |x - y|²)
    case rbf
    /// tanh(gamma x y + coef0)
    case sigmoid
    /// Values of some rows, by their numbers, against others; nil ends the fit.
    case custom(@Sendable (_ rows: [Int], _ others: [Int]) -> [Float]?)
  }
  package var form: Form
  package var gamma, coef0: Double
  package var degree: Int

  package init(_ form: Form, gamma: Double = 1, coef0: Double = 0, degree: Int = 3) {
    (self.form, self.gamma, self.coef0, self.degree) = (form, gamma, coef0, degree)
  }
}

/// Rows in groups, as problems name them.
package struct RowGroups: Sendable {
  /// The numbers of all rows, group by group.
  package var order: [Int]
  /// Where each group begins in ``order``, and where the last one ends.
  package var starts: [Int]

  package init(order: [Int], starts: [Int]) {
    (self.order, self.starts) = (order, starts)
  }

  package var count: Int { starts.count - 1 }
  package subscript(group: Int) -> ArraySlice<Int> { order[starts[group]..<starts[group + 1]] }
}

/// One dual problem, solved for several limits of its unknowns: `farro_svm_problem` in svm.h.
package struct DualProblem: Sendable {
  /// The two groups whose rows it has, one behind the other; nil: all rows, in the order of the groups.
  package var groups: (Int, Int)?
  package var isRegression = false
  package var epsilon = 0.0
  /// For each row 1 or -1, or the number to learn.
  package var y: [Double]
  /// The limits of each row, variant by variant.
  package var limits: [Double]

  package init(groups: (Int, Int)?, y: [Double], limits: [Double]) {
    (self.groups, self.y, self.limits) = (groups, y, limits)
  }
}

/// The solution of each variant of a ``DualProblem``.
package struct DualSolution: Sendable {
  /// The unknowns, and the decision of each row when these were asked for; variant by variant.
  package var unknowns, decisions: [Double]
  package var rho, objective: [Double]
  package var iterations: [Int64]
  package var hasConverged: [Bool]
}

package struct DualOptions: Sendable {
  package var tolerance = 1e-3
  package var maxIterations = -1
  package var cacheBytes = 200e6
  package var shrinks = true
  package var wantsDecisions = false

  package init() {}
}
