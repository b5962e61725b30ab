import CKernels

/// What ``adamStep(_:gradient:state:learningRate:beta1:beta2:epsilon:weightDecay:gradientScale:)`` and
/// ``adamWStep(_:gradient:state:learningRate:beta1:beta2:epsilon:weightDecay:gradientScale:)`` remember.
public struct AdamState<Scalar: KernelScalar>: Sendable, Equatable {
  /// The steps taken so far.
  public var step = 0
  /// The moving means of gradients and of squared gradients, of the parameters' shape.
  public var mean, squareMean: Tensor<Scalar>
  /// The greatest value of `squareMean` so far, for AMSGrad; `nil` without.
  public var greatestSquareMean: Tensor<Scalar>?

  /// The state before the first step.
  ///
  /// - Parameters:
  ///   - parameters: What it is for.
  ///   - amsGrad: Whether steps are divided by the greatest mean square so far instead of the present one.
  public init(for parameters: Tensor<Scalar>, amsGrad: Bool = false) {
    mean = Tensor(zeros: parameters.shape)
    squareMean = Tensor(zeros: parameters.shape)
    greatestSquareMean = amsGrad ? Tensor(zeros: parameters.shape) : nil
  }
}

/// One step of Adam: `mean = beta1 * mean + (1 - beta1) * g`, `squareMean = beta2 * squareMean + (1 - beta2) * g * g`, and
/// `parameters -= learningRate * m / (sqrt(s) + epsilon)`, where `m = mean / (1 - pow(beta1, step))`,
/// `s = squareMean / (1 - pow(beta2, step))`, and `g` is `gradientScale * gradient + weightDecay * parameters`.
///
/// Sources: D. Kingma and J. Ba, "Adam: a method for stochastic optimization", ICLR 2015; AMSGrad: S. Reddi, S. Kale and
/// S. Kumar, "On the convergence of Adam and beyond", ICLR 2018.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - state: Made for these parameters. It says whether to use AMSGrad.
///   - learningRate: Not negative.
///   - beta1: In `0..<1`.
///   - beta2: In `0..<1`.
///   - epsilon: Not negative.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func adamStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  state: inout AdamState<Scalar>,
  learningRate: Double = 1e-3,
  beta1: Double = 0.9,
  beta2: Double = 0.999,
  epsilon: Double = 1e-8,
  weightDecay: Double = 0,
  gradientScale: Double = 1
) {
  let options = farro_adam_options(
    learning_rate: learningRate,
    beta1: beta1,
    beta2: beta2,
    epsilon: epsilon,
    weight_decay: weightDecay,
    gradient_scale: gradientScale,
    decoupled_weight_decay: false
  )
  takeStep(&parameters, gradient, &state, options, "adamStep")
}

/// One step of AdamW: that of ``adamStep(_:gradient:state:learningRate:beta1:beta2:epsilon:weightDecay:gradientScale:)``
/// without decay in `g`, on parameters that are first multiplied by `1 - learningRate * weightDecay`.
///
/// Source: I. Loshchilov and F. Hutter, "Decoupled weight decay regularization", ICLR 2019.
///
/// - Parameters:
///   - parameters: Changed in place.
///   - gradient: Of the parameters' shape.
///   - state: Made for these parameters. It says whether to use AMSGrad.
///   - learningRate: Not negative.
///   - beta1: In `0..<1`.
///   - beta2: In `0..<1`.
///   - epsilon: Not negative.
///   - weightDecay: Not negative.
///   - gradientScale: Undoes a scaled loss, or clips: see ``globalNorm(_:)``.
/// - Precondition: the shapes are equal, the numbers as above.
/// - Complexity: O(`parameters.count`).
public func adamWStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  gradient: Tensor<Scalar>,
  state: inout AdamState<Scalar>,
  learningRate: Double = 1e-3,
  beta1: Double = 0.9,
  beta2: Double = 0.999,
  epsilon: Double = 1e-8,
  weightDecay: Double = 1e-2,
  gradientScale: Double = 1
) {
  let options = farro_adam_options(
    learning_rate: learningRate,
    beta1: beta1,
    beta2: beta2,
    epsilon: epsilon,
    weight_decay: weightDecay,
    gradient_scale: gradientScale,
    decoupled_weight_decay: true
  )
  takeStep(&parameters, gradient, &state, options, "adamWStep")
}

private func takeStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  _ gradient: Tensor<Scalar>,
  _ state: inout AdamState<Scalar>,
  _ options: farro_adam_options,
  _ function: StaticString
) {
  requireStep(function, parameters, gradient, options.learning_rate, options.weight_decay, options.epsilon)
  requireState(function, parameters, state.mean, state.squareMean, state.greatestSquareMean)
  requireRate(function, options.beta1, "beta1")
  requireRate(function, options.beta2, "beta2")
  let step = nextStep(function, &state.step)
  var options = options
  let status = withStep(&parameters, gradient) { n, g, p in
    state.mean.withUnsafeMutableBufferPointer { mean in
      state.squareMean.withUnsafeMutableBufferPointer { squareMean in
        withMutablePointer(&state.greatestSquareMean) { greatest in
          let (m, s) = (mean.baseAddress!, squareMean.baseAddress!)
          return switch Scalar.dtype {
          case .f32: farro_adam_step_f32(&options, step, n, g.f32, m.f32, s.f32, greatest?.f32, p.f32)
          default: farro_adam_step_f64(&options, step, n, g.f64, m.f64, s.f64, greatest?.f64, p.f64)
          }
        }
      }
    }
  }
  check(status, function)
}

// MARK: - What all steps ask for

func requireStep<Scalar>(
  _ function: StaticString,
  _ parameters: Tensor<Scalar>,
  _ gradient: Tensor<Scalar>,
  _ learningRate: Double,
  _ weightDecay: Double,
  _ epsilon: Double = 0
) {
  require(
    parameters.shape == gradient.shape,
    "\(function): a gradient of the shape \(gradient.shape) for parameters of \(parameters.shape)"
  )
  require(learningRate >= 0, "\(function): learningRate is \(learningRate), not 0 or more")
  require(weightDecay >= 0, "\(function): weightDecay is \(weightDecay), not 0 or more")
  require(epsilon >= 0, "\(function): epsilon is \(epsilon), not 0 or more")
}

func requireState<Scalar>(_ function: StaticString, _ parameters: Tensor<Scalar>, _ states: Tensor<Scalar>?...) {
  for case let state? in states {
    require(
      state.shape == parameters.shape,
      "\(function): a state of the shape \(state.shape) for parameters of \(parameters.shape)"
    )
  }
}

/// Counts a step, and gives its number, from 1 on.
func nextStep(_ function: StaticString, _ steps: inout Int) -> UInt64 {
  require(0 <= steps && steps < .max, "\(function): a state that has taken \(steps) steps")
  steps += 1
  return UInt64(steps)
}

func requireRate(_ function: StaticString, _ rate: Double, _ name: StaticString) {
  require((0..<1).contains(rate), "\(function): \(name) is \(rate), not in 0..<1")
}

/// Calls `body` with the number of elements, the gradient's and the parameters'.
func withStep<Scalar: KernelScalar>(
  _ parameters: inout Tensor<Scalar>,
  _ gradient: Tensor<Scalar>,
  _ body: (Int, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>) -> farro_status
) -> farro_status {
  parameters.withUnsafeMutableBufferPointer { parameters in
    gradient.withUnsafeBufferPointer { body($0.count, $0.baseAddress!, parameters.baseAddress!) }
  }
}
