import CKernels

/// Optimizer steps, each of which takes gradient and parameters, and its state as it is before.
extension Reference {
  /// What a step leaves behind: the state's tensors in order, then the parameters.
  private typealias Step<Scalar> = (Int, UnsafePointer<Scalar>, [UnsafeMutablePointer<Scalar>]) -> farro_status

  package static func sgdStep<Scalar: KernelScalar>(
    _ parameters: Tensor<Scalar>,
    gradient: Tensor<Scalar>,
    velocity: Tensor<Scalar>,
    step: Int,
    learningRate: Double,
    momentum: Double,
    nesterov: Bool = false
  ) -> [Tensor<Scalar>] {
    var o = farro_sgd_options()
    (o.learning_rate, o.momentum, o.gradient_scale, o.nesterov) = (learningRate, momentum, 1, nesterov)
    let t = UInt64(step)
    return take(
      [velocity, parameters],
      gradient,
      { farro_sgd_step_reference_f32(&o, t, $0, $1, $2[0], $2[1]) },
      { farro_sgd_step_reference_f64(&o, t, $0, $1, $2[0], $2[1]) }
    )
  }

  /// Without momentum: the parameters.
  package static func sgdStep<Scalar: KernelScalar>(
    _ parameters: Tensor<Scalar>,
    gradient: Tensor<Scalar>,
    learningRate: Double
  ) -> Tensor<Scalar> {
    var o = farro_sgd_options()
    (o.learning_rate, o.gradient_scale) = (learningRate, 1)
    return take(
      [parameters],
      gradient,
      { farro_sgd_step_reference_f32(&o, 1, $0, $1, nil, $2[0]) },
      { farro_sgd_step_reference_f64(&o, 1, $0, $1, nil, $2[0]) }
    )[0]
  }

  package static func adaGradStep<Scalar: KernelScalar>(
    _ parameters: Tensor<Scalar>,
    gradient: Tensor<Scalar>,
    squareSum: Tensor<Scalar>,
    learningRate: Double,
    epsilon: Double
  ) -> [Tensor<Scalar>] {
    var o = farro_adagrad_options()
    (o.learning_rate, o.epsilon, o.gradient_scale) = (learningRate, epsilon, 1)
    return take(
      [squareSum, parameters],
      gradient,
      { farro_adagrad_step_reference_f32(&o, 1, $0, $1, $2[0], $2[1]) },
      { farro_adagrad_step_reference_f64(&o, 1, $0, $1, $2[0], $2[1]) }
    )
  }

  package static func rmsPropStep<Scalar: KernelScalar>(
    _ parameters: Tensor<Scalar>,
    gradient: Tensor<Scalar>,
    squareMean: Tensor<Scalar>,
    learningRate: Double,
    smoothing: Double,
    epsilon: Double
  ) -> [Tensor<Scalar>] {
    var o = farro_rmsprop_options()
    (o.learning_rate, o.smoothing, o.epsilon, o.gradient_scale) = (learningRate, smoothing, epsilon, 1)
    return take(
      [squareMean, parameters],
      gradient,
      { farro_rmsprop_step_reference_f32(&o, $0, $1, $2[0], nil, nil, $2[1]) },
      { farro_rmsprop_step_reference_f64(&o, $0, $1, $2[0], nil, nil, $2[1]) }
    )
  }

  package static func adamStep<Scalar: KernelScalar>(
    _ parameters: Tensor<Scalar>,
    gradient: Tensor<Scalar>,
    mean: Tensor<Scalar>,
    squareMean: Tensor<Scalar>,
    step: Int,
    learningRate: Double,
    beta1: Double,
    beta2: Double,
    epsilon: Double,
    decoupledWeightDecay: Double
  ) -> [Tensor<Scalar>] {
    var o = farro_adam_options()
    (o.learning_rate, o.beta1, o.beta2, o.epsilon) = (learningRate, beta1, beta2, epsilon)
    (o.weight_decay, o.decoupled_weight_decay, o.gradient_scale) = (decoupledWeightDecay, true, 1)
    let t = UInt64(step)
    return take(
      [mean, squareMean, parameters],
      gradient,
      { farro_adam_step_reference_f32(&o, t, $0, $1, $2[0], $2[1], nil, $2[2]) },
      { farro_adam_step_reference_f64(&o, t, $0, $1, $2[0], $2[1], nil, $2[2]) }
    )
  }

  package static func globalNorm<Scalar: KernelScalar>(_ tensors: [Tensor<Scalar>]) -> Double {
    var norm = 0.0
    withExtendedLifetime(tensors) {
      let sizes = tensors.map(\.count)
      let bases: [UnsafePointer<Scalar>?] = tensors.map { UnsafePointer($0.storage.base + $0.offset) }
      switch Scalar.dtype {
      case .f32: check(farro_global_norm_reference_f32(sizes.count, bases.map { $0?.f32 }, sizes, &norm), "Reference")
      default: check(farro_global_norm_reference_f64(sizes.count, bases.map { $0?.f64 }, sizes, &norm), "Reference")
      }
    }
    return norm
  }

  private static func take<Scalar: KernelScalar>(
    _ before: [Tensor<Scalar>],
    _ gradient: Tensor<Scalar>,
    _ f32: Step<Float>,
    _ f64: Step<Double>
  ) -> [Tensor<Scalar>] {
    var after = before
    for i in after.indices { after[i].makeUnique() }
    gradient.withUnsafeBufferPointer { gradient in
      withExtendedLifetime(after) {
        let (n, g, bases) = (gradient.count, gradient.baseAddress!, after.map { $0.storage.base + $0.offset })
        switch Scalar.dtype {
        case .f32: check(f32(n, g.f32, bases.map(\.f32)), "Reference")
        default: check(f64(n, g.f64, bases.map(\.f64)), "Reference")
        }
      }
    }
    return after
  }
}

/// Numbers by counting.
extension Reference {
  package static func randomBits(_ shape: [Int], from place: Philox) -> Tensor<UInt32> {
    var from = place.c
    return Tensor(unsafeUninitializedShape: shape) {
      check(farro_random_bits_reference(&from, $0.count, $0.baseAddress), "Reference")
    }
  }

  package static func randomUniform<Scalar: KernelScalar>(
    _ shape: [Int],
    in range: Range<Scalar>,
    from place: Philox
  ) -> Tensor<Scalar> {
    var from = place.c
    let (low, high) = (range.lowerBound, range.upperBound)
    return Tensor(unsafeUninitializedShape: shape) { out in
      let (n, out) = (out.count, out.baseAddress!)
      switch Scalar.dtype {
      case .f32: check(farro_random_uniform_reference_f32(&from, low.f32, high.f32, n, out.f32), "Reference")
      default: check(farro_random_uniform_reference_f64(&from, low.f64, high.f64, n, out.f64), "Reference")
      }
    }
  }

  package static func dropout<Scalar: KernelScalar>(
    _ x: Tensor<Scalar>,
    probability: Double,
    from place: Philox
  ) -> Tensor<Scalar> {
    var from = place.c
    return Tensor(unsafeUninitializedShape: x.shape) { y in
      x.withUnsafeBufferPointer { x in
        let (n, x, y) = (x.count, x.baseAddress!, y.baseAddress!)
        switch Scalar.dtype {
        case .f32: check(farro_dropout_reference_f32(&from, probability, n, x.f32, y.f32), "Reference")
        default: check(farro_dropout_reference_f64(&from, probability, n, x.f64, y.f64), "Reference")
        }
      }
    }
  }
}

/// Rows of a table; a lookup is the bags of one index each.
extension Reference {
  package static func embeddingBag<Scalar: KernelScalar>(
    _ table: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    offsets: [Int],
    _ mode: EmbeddingBagMode
  ) -> Tensor<Scalar> {
    let bags = Bags("Reference", table.shape, indices, offsets, mode, nil)
    return Tensor(unsafeUninitializedShape: [bags.count, bags.lookup.columns]) { y in
      bags.lookup.run(indices) { shape, indices, _ in
        bags.withC { bags in
          table.withUnsafeBufferPointer { table in
            let (t, y) = (table.baseAddress!, y.baseAddress!)
            return switch Scalar.dtype {
            case .f32: farro_embedding_bag_reference_f32(shape, bags, t.f32, indices, y.f32)
            default: farro_embedding_bag_reference_f64(shape, bags, t.f64, indices, y.f64)
            }
          }
        }
      }
    }
  }

  package static func embeddingBagBackward<Scalar: KernelScalar>(
    _ gradY: Tensor<Scalar>,
    _ indices: Tensor<Int>,
    offsets: [Int],
    _ mode: EmbeddingBagMode,
    rows: Int
  ) -> Tensor<Scalar> {
    let bags = Bags("Reference", [rows, gradY.shape[1]], indices, offsets, mode, nil)
    return Tensor(unsafeUninitializedShape: [rows, bags.lookup.columns]) { gradTable in
      bags.lookup.run(indices) { shape, indices, _ in
        bags.withC { bags in
          gradY.withUnsafeBufferPointer { gradY in
            let (g, t) = (gradY.baseAddress!, gradTable.baseAddress!)
            return switch Scalar.dtype {
            case .f32: farro_embedding_bag_backward_reference_f32(shape, bags, indices, g.f32, t.f32)
            default: farro_embedding_bag_backward_reference_f64(shape, bags, indices, g.f64, t.f64)
            }
          }
        }
      }
    }
  }
}
