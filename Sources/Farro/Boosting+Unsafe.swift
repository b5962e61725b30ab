import CKernels

/// The borders between the bins of columns; see `farro_boosting_thresholds_f32`.
///
/// - Parameters:
///   - x: Shape (n, d), n and d at least 1.
///   - weights: Shape (n).
///   - sample: The rows that count, perhaps several times; all when nil.
///   - maxBins: 2 to 255.
package func boostingBins<Scalar: KernelScalar>(
  _ x: Tensor<Scalar>,
  weights: Tensor<Double>?,
  sample: [UInt32]?,
  maxBins: Int
) -> BoostingBins {
  let (n, d) = (x.shape[0], x.shape[1])
  var bins = BoostingBins(thresholds: Tensor(zeros: [d, maxBins - 1]), counts: Array(repeating: 0, count: d))
  let rows = sample ?? []
  bins.thresholds.withUnsafeMutableBufferPointer { thresholds in
    bins.counts.withUnsafeMutableBufferPointer { counts in
      rows.withUnsafeBufferPointer { rows in
        withPointers(weights, nil) { weights, _ in
          withPointers(x, nil) { x, _ in
            let sample = sample == nil ? nil : rows.baseAddress
            let (to, count) = (thresholds.baseAddress!, counts.baseAddress!)
            let status =
              switch Scalar.dtype {
              case .f32:
                farro_boosting_thresholds_f32(n, d, x!.f32, d, weights, sample, rows.count, maxBins, to, count)
              default:
                farro_boosting_thresholds_f64(n, d, x!.f64, d, weights, sample, rows.count, maxBins, to, count)
              }
            check(status, "boostingBins")
          }
        }
      }
    }
  }
  return bins
}

/// Replaces the elements of a column by their positions among ascending categories, and by NaN where they are none.
package func encodeCategories<Scalar: KernelScalar>(_ x: inout Tensor<Scalar>, column: Int, _ categories: [Double]) {
  let (n, d) = (x.shape[0], x.shape[1])
  x.withUnsafeMutableBufferPointer { x in
    guard let x = x.baseAddress else { return }
    categories.withUnsafeBufferPointer { categories in
      let status =
        switch Scalar.dtype {
        case .f32: farro_boosting_encode_f32(n, d, x.f32, column, categories.baseAddress, categories.count)
        default: farro_boosting_encode_f64(n, d, x.f64, column, categories.baseAddress, categories.count)
        }
      check(status, "encodeCategories")
    }
  }
}

/// Grows trees, iteration by iteration.
package final class Booster {
  private let booster: OpaquePointer
  private let bins: BoostingBins
  private let trees: Int
  private let learned: (y: Tensor<Double>, weights: Tensor<Double>?)  // what the booster refers to
  private var nodes: [farro_boosting_node]

  /// - Parameters:
  ///   - x: Shape (n, d), as ``bins`` come from.
  ///   - rows: Those of x that are learned from; all when nil.
  ///   - y: A number of each of them.
  ///   - weights: A weight of each of them.
  ///   - baseline: The raw prediction of no trees, one number for each tree of an iteration.
  ///   - existing: How many iterations there are already, and their raw predictions of the rows, shape (trees, rows).
  package init<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    rows: [UInt32]?,
    _ y: Tensor<Double>,
    weights: Tensor<Double>?,
    baseline: [Double],
    existing: (iterations: Int, raw: Tensor<Double>)?,
    bins: BoostingBins,
    options: BoostingOptions
  ) {
    let d = x.shape[1]
    var problem = farro_boosting_problem()
    (problem.rows, problem.features, problem.trees) = (y.shape[0], d, baseline.count)
    (problem.loss, problem.quantile) = (options.loss.raw, options.quantile)
    (problem.learning_rate, problem.l2) = (options.learningRate, options.l2)
    (problem.max_leaf_nodes, problem.max_depth) = (options.maxLeafNodes, options.maxDepth)
    (problem.min_samples_leaf, problem.max_features) = (options.minSamplesLeaf, options.maxFeatures)
    problem.first_iteration = existing?.iterations ?? 0
    (problem.seed, problem.most_bins) = (options.seed, bins.thresholds.shape[1] + 1)
    let (categorical, monotonic) = (options.isCategorical ?? [], options.monotonic ?? [])
    let interactions = options.interactions ?? []
    problem.interaction_sets = interactions.count / d
    var made: OpaquePointer?
    func begin(_ rows: UnsafePointer<UInt32>?) {
      withPointers(y, weights) { y, weights in
        withPointers(x, nil) { x, _ in
          withPointers(existing?.raw, nil) { raw, _ in
            (problem.y, problem.weights, problem.raw) = (y, weights, raw)
            let status =
              switch Scalar.dtype {
              case .f32: farro_boosting_begin_f32(&problem, x!.f32, d, rows, &made)
              default: farro_boosting_begin_f64(&problem, x!.f64, d, rows, &made)
              }
            check(status, "Booster")
          }
        }
      }
    }
    bins.thresholds.withUnsafeBufferPointer { thresholds in
      bins.counts.withUnsafeBufferPointer { counts in
        (problem.thresholds, problem.threshold_counts) = (thresholds.baseAddress, counts.baseAddress)
        baseline.withUnsafeBufferPointer { baseline in
          problem.baseline = baseline.baseAddress
          categorical.withUnsafeBufferPointer { categorical in
            problem.is_categorical = options.isCategorical == nil ? nil : categorical.baseAddress
            monotonic.withUnsafeBufferPointer { monotonic in
              problem.monotonic = options.monotonic == nil ? nil : monotonic.baseAddress
              interactions.withUnsafeBufferPointer { interactions in
                problem.interactions = options.interactions == nil ? nil : interactions.baseAddress
                (rows ?? []).withUnsafeBufferPointer { begin(rows == nil ? nil : $0.baseAddress) }
              }
            }
          }
        }
      }
    }
    (booster, self.bins, trees, learned) = (made!, bins, baseline.count, (y, weights))
    nodes = Array(repeating: farro_boosting_node(), count: trees * Int(farro_boosting_most_nodes(made!)))
  }

  deinit { farro_boosting_end(booster) }

  /// The mean loss of the rows that are learned from; not finite when there is none for some row any more.
  package var trainingLoss: Double { farro_boosting_training_loss(booster) }

  /// Grows the trees of one iteration, and appends them.
  ///
  /// - Precondition: ``trainingLoss`` is finite.
  package func grow(into forest: inout BoostedTrees, scale: Double) {
    var counts = [UInt32](repeating: 0, count: trees)
    withExtendedLifetime(self) { check(farro_boosting_grow(booster, &nodes, &counts), "Booster.grow") }
    let room = nodes.count / trees
    for (tree, count) in counts.enumerated() {
      forest.append(nodes[tree * room..<tree * room + Int(count)], bins, scale: scale)
    }
  }
}

/// The mean loss of raw predictions, shape (trees, n).
package func boostingLoss(
  _ loss: BoostingLoss,
  quantile: Double,
  _ y: Tensor<Double>,
  raw: Tensor<Double>,
  weights: Tensor<Double>?
) -> Double {
  let (trees, n) = (raw.shape[0], raw.shape[1])
  var sum = 0.0
  withPointers(y, raw) { y, raw in
    withPointers(weights, nil) { weights, _ in
      check(farro_boosting_loss_sum(loss.raw, quantile, n, trees, y, raw, weights, &sum), "boostingLoss")
    }
  }
  return sum / (weights?.sum() ?? Double(n))
}

extension BoostedTrees {
  /// Adds to raw predictions, shape (trees, n), what the trees of some iterations say of rows, shape (n, d).
  ///
  /// - Precondition: `flaw(columns: d)` is nil.
  package func add<Scalar: KernelScalar>(_ iterations: Range<Int>, of x: Tensor<Scalar>, to raw: inout Tensor<Double>) {
    let (n, d) = (x.shape[0], x.shape[1])
    guard n > 0, !iterations.isEmpty else { return }
    let (first, last) = (iterations.lowerBound, iterations.upperBound)
    var forest = farro_boosting_forest()
    (forest.iterations, forest.trees, forest.nodes) = (self.iterations, treesPerIteration, self.features.count)
    raw.withUnsafeMutableBufferPointer { raw in
      roots.withUnsafeBufferPointer { roots in
        features.withUnsafeBufferPointer { features in
          thresholds.withUnsafeBufferPointer { thresholds in
            left.withUnsafeBufferPointer { left in
              flags.withUnsafeBufferPointer { flags in
                categories.withUnsafeBufferPointer { categories in
                  withPointers(x, nil) { x, _ in
                    (forest.roots, forest.features) = (roots.baseAddress, features.baseAddress)
                    (forest.thresholds, forest.left) = (thresholds.baseAddress, left.baseAddress)
                    (forest.flags, forest.categories) = (flags.baseAddress, categories.baseAddress)
                    let (x, raw) = (x!, raw.baseAddress!)
                    let status =
                      switch Scalar.dtype {
                      case .f32: farro_boosting_predict_f32(&forest, first, last, n, d, x.f32, d, raw)
                      default: farro_boosting_predict_f64(&forest, first, last, n, d, x.f64, d, raw)
                      }
                    check(status, "BoostedTrees.add")
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
