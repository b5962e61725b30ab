import CKernels

// Steps of first-order optimizers, each in one pass over memory, with PyTorch's formulas and defaults. A state belongs to
// the parameters that it was made for; tensors of any shape do, and flat ones that hold a whole model do best.

// MARK: - Stochastic gradient descent

/// What ``sgdStep(_:gradient:state:learningRate:momentum:dampening:nesterov:weightDecay:gradientScale:)`` remembers.
public struct SGDState<Scalar: KernelScalar>: Sendable, Equatable {
  /// The steps taken so far.
  public var step = 0
  /// The moving sum of gradients, of the parameters' shape.
  public var velocity: Tensor<Scalar>

  /// The state before the first step.
  public init(for parameters: Tensor<Scalar>) { velocity = Tensor(zeros: parameters.shape) }
}

/// One step of gradient descent: `parameters -= learningRate * g`, where `g` is
/// `gradientScale * gradient + weightDecay * parameters`.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - learningRate: Not negative.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func sgdStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  learningRate: Double = 1e-3,
  weightDecay: Double = 0,
  gradientScale: Double = 1
) {
  requireStep("sgdStep", parameters, gradient, learningRate, weightDecay)
  var options = farro_sgd_options(
    learning_rate: learningRate,
    momentum: 0,
    dampening: 0,
    weight_decay: weightDecay,
    gradient_scale: gradientScale,
    nesterov: false
  )
  let status = withStep(&parameters, gradient) { n, g, p in
    switch Scalar.dtype {
    case .f32: farro_sgd_step_f32(&options, 1, n, g.f32, nil, p.f32)
    default: farro_sgd_step_f64(&options, 1, n, g.f64, nil, p.f64)
    }
  }
  check(status, "sgdStep")
}

/// One step of gradient descent with momentum: `velocity = momentum * velocity + (1 - dampening) * g` (at the first step,
/// `velocity = g`), and `parameters -= learningRate * velocity`, where `g` is
/// `gradientScale * gradient + weightDecay * parameters`. Nesterov's form subtracts `learningRate * (g + momentum * velocity)`.
///
/// Source: I. Sutskever, J. Martens, G. Dahl and G. Hinton, "On the importance of initialization and momentum in deep
/// learning", ICML 2013.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - state: Made for these parameters.
///   - learningRate: Not negative.
///   - momentum: Positive.
///   - dampening: 0 with Nesterov's form.
///   - nesterov: Whether to use Nesterov's form.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func sgdStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  state: inout SGDState<Scalar>,
  learningRate: Double = 1e-3,
  momentum: Double,
  dampening: Double = 0,
  nesterov: Bool = false,
  weightDecay: Double = 0,
  gradientScale: Double = 1
) {
  requireStep("sgdStep", parameters, gradient, learningRate, weightDecay)
  requireState("sgdStep", parameters, state.velocity)
  require(momentum > 0, "sgdStep: momentum is \(momentum), not positive")
  require(!nesterov || dampening == 0, "sgdStep: Nesterov's form takes no dampening, which is \(dampening)")
  let step = nextStep("sgdStep", &state.step)
  var options = farro_sgd_options(
    learning_rate: learningRate,
    momentum: momentum,
    dampening: dampening,
    weight_decay: weightDecay,
    gradient_scale: gradientScale,
    nesterov: nesterov
  )
  let status = withStep(&parameters, gradient) { n, g, p in
    state.velocity.withUnsafeMutableBufferPointer { velocity in
      let v = velocity.baseAddress!
      return switch Scalar.dtype {
      case .f32: farro_sgd_step_f32(&options, step, n, g.f32, v.f32, p.f32)
      default: farro_sgd_step_f64(&options, step, n, g.f64, v.f64, p.f64)
      }
    }
  }
  check(status, "sgdStep")
}

// MARK: - AdaGrad

/// What ``adaGradStep(_:gradient:state:learningRate:learningRateDecay:epsilon:weightDecay:gradientScale:)`` remembers.
public struct AdaGradState<Scalar: KernelScalar>: Sendable, Equatable {
  /// The steps taken so far.
  public var step = 0
  /// The sums of all squared gradients, of the parameters' shape.
  public var squareSum: Tensor<Scalar>

  /// The state before the first step; `initialSum` is what the sums start from.
  public init(for parameters: Tensor<Scalar>, initialSum: Scalar = 0) {
    squareSum = Tensor(repeating: initialSum, shape: parameters.shape)
  }
}

/// One step of AdaGrad: `squareSum += g * g`, and `parameters -= rate * g / (sqrt(squareSum) + epsilon)`, where `rate` is
/// `learningRate / (1 + (step - 1) * learningRateDecay)` and `g` is `gradientScale * gradient + weightDecay * parameters`.
///
/// Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive subgradient methods for online learning and stochastic
/// optimization", JMLR 12, 2011.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - state: Made for these parameters.
///   - learningRate: Not negative.
///   - learningRateDecay: Not negative.
///   - epsilon: Not negative.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func adaGradStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  state: inout AdaGradState<Scalar>,
  learningRate: Double = 1e-2,
  learningRateDecay: Double = 0,
  epsilon: Double = 1e-10,
  weightDecay: Double = 0,
  gradientScale: Double = 1
) {
  requireStep("adaGradStep", parameters, gradient, learningRate, weightDecay, epsilon)
  requireState("adaGradStep", parameters, state.squareSum)
  require(learningRateDecay >= 0, "adaGradStep: learningRateDecay is \(learningRateDecay), not 0 or more")
  let step = nextStep("adaGradStep", &state.step)
  var options = farro_adagrad_options(
    learning_rate: learningRate,
    learning_rate_decay: learningRateDecay,
    epsilon: epsilon,
    weight_decay: weightDecay,
    gradient_scale: gradientScale
  )
  let status = withStep(&parameters, gradient) { n, g, p in
    state.squareSum.withUnsafeMutableBufferPointer { squareSum in
      let s = squareSum.baseAddress!
      return switch Scalar.dtype {
      case .f32: farro_adagrad_step_f32(&options, step, n, g.f32, s.f32, p.f32)
      default: farro_adagrad_step_f64(&options, step, n, g.f64, s.f64, p.f64)
      }
    }
  }
  check(status, "adaGradStep")
}

// MARK: - RMSProp

/// What ``rmsPropStep(_:gradient:state:learningRate:smoothing:epsilon:momentum:weightDecay:gradientScale:)`` remembers.
public struct RMSPropState<Scalar: KernelScalar>: Sendable, Equatable {
  /// The moving mean of squared gradients, of the parameters' shape.
  public var squareMean: Tensor<Scalar>
  /// The moving mean of gradients, for the centered form; `nil` without.
  public var mean: Tensor<Scalar>?
  /// The moving sum of steps, for momentum; `nil` without.
  public var velocity: Tensor<Scalar>?

  /// The state before the first step.
  ///
  /// - Parameters:
  ///   - parameters: What it is for.
  ///   - centered: Whether gradients are divided by their deviation instead of their root mean square.
  ///   - hasMomentum: Whether steps are to be taken with momentum.
  public init(for parameters: Tensor<Scalar>, centered: Bool = false, hasMomentum: Bool = false) {
    squareMean = Tensor(zeros: parameters.shape)
    mean = centered ? Tensor(zeros: parameters.shape) : nil
    velocity = hasMomentum ? Tensor(zeros: parameters.shape) : nil
  }
}

/// One step of RMSProp: `squareMean = smoothing * squareMean + (1 - smoothing) * g * g`,
/// `velocity = momentum * velocity + g / (sqrt(squareMean) + epsilon)`, and `parameters -= learningRate * velocity`, where `g` is
/// `gradientScale * gradient + weightDecay * parameters`.
///
/// The centered form takes the root of `squareMean - mean * mean`.
///
/// Sources: T. Tieleman and G. Hinton, "Lecture 6.5: RMSProp", Coursera, 2012; A. Graves, "Generating sequences with
/// recurrent neural networks", 2013.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - state: Made for these parameters. It says whether the form is centered.
///   - learningRate: Not negative.
///   - smoothing: In `0..<1`.
///   - epsilon: Not negative.
///   - momentum: Not negative; 0 unless the state has a velocity.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func rmsPropStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  state: inout RMSPropState<Scalar>,
  learningRate: Double = 1e-2,
  smoothing: Double = 0.99,
  epsilon: Double = 1e-8,
  momentum: Double = 0,
  weightDecay: Double = 0,
  gradientScale: Double = 1
) {
  requireStep("rmsPropStep", parameters, gradient, learningRate, weightDecay, epsilon)
  requireState("rmsPropStep", parameters, state.squareMean, state.mean, state.velocity)
  requireRate("rmsPropStep", smoothing, "smoothing")
  require(momentum >= 0, "rmsPropStep: momentum is \(momentum), not 0 or more")
  require(momentum == 0 || state.velocity != nil, "rmsPropStep: momentum \(momentum) with a state that has no velocity")
  var options = farro_rmsprop_options(
    learning_rate: learningRate,
    smoothing: smoothing,
    epsilon: epsilon,
    momentum: momentum,
    weight_decay: weightDecay,
    gradient_scale: gradientScale
  )
  let status = withStep(&parameters, gradient) { n, g, p in
    state.squareMean.withUnsafeMutableBufferPointer { squareMean in
      withMutablePointer(&state.mean) { mean in
        withMutablePointer(&state.velocity) { velocity in
          let s = squareMean.baseAddress!
          return switch Scalar.dtype {
          case .f32: farro_rmsprop_step_f32(&options, n, g.f32, s.f32, mean?.f32, velocity?.f32, p.f32)
          default: farro_rmsprop_step_f64(&options, n, g.f64, s.f64, mean?.f64, velocity?.f64, p.f64)
          }
        }
      }
    }
  }
  check(status, "rmsPropStep")
}
