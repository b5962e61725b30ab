import CKernels

/// A function of one number that a layer of a model ends with.
public enum Activation: String, Sendable, CaseIterable, Codable {
  /// x itself.
  case none
  /// The larger of x and 0.
  case relu
  /// x (1 + erf(x / √2)) / 2: x times the normal distribution's probability of less than x.
  case gelu
  /// x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2, which many models use in place of ``gelu``.
  case geluTanh = "gelu_tanh"
  /// 1 / (1 + e⁻ˣ).
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// x / (1 + e⁻ˣ), also called swish.
  case silu

  var code: farro_activation {
    switch self {
    case .none: FARRO_ACTIVATION_NONE
    case .relu: FARRO_ACTIVATION_RELU
    case .gelu: FARRO_ACTIVATION_GELU
    case .geluTanh: FARRO_ACTIVATION_GELU_TANH
    case .sigmoid: FARRO_ACTIVATION_SIGMOID
    case .tanh: FARRO_ACTIVATION_TANH
    case .silu: FARRO_ACTIVATION_SILU
    }
  }
}

/// What becomes of a matrix product before it is written: `activation(scale * product + bias) + residual`.
///
/// It happens to each part of the product while that is still in the core's nearest memory, which saves the passes over
/// the result that separate calls would make.
///
/// ```swift
/// let hidden = matmul(x, weights, epilogue: Epilogue(bias: bias, activation: .gelu))
/// ```
///
/// The shapes are checked where the epilogue is used, for they depend on the product.
public struct Epilogue<Scalar: KernelScalar>: Sendable {
  /// Added to each row of the product; shape (n), that of the result's last axis.
  public var bias: Tensor<Scalar>?
  /// The function of each element.
  public var activation: Activation
  /// Added to the result of the function; the shape of the whole result.
  public var residual: Tensor<Scalar>?
  /// What each column is multiplied by, before the bias; shape (n), that of the result's last axis.
  public var scale: Tensor<Scalar>?

  /// An epilogue of the parts that are given; without any, it leaves the product as it is.
  ///
  /// - Parameters:
  ///   - bias: Added to each row of the product; shape (n), that of the result's last axis.
  ///   - activation: The function of each element.
  ///   - residual: Added to the result of the function; the shape of the whole result.
  ///   - scale: What each column is multiplied by, before the bias; shape (n), that of the result's last axis.
  /// - Complexity: O(1).
  public init(
    bias: Tensor<Scalar>? = nil,
    activation: Activation = .none,
    residual: Tensor<Scalar>? = nil,
    scale: Tensor<Scalar>? = nil
  ) {
    self.bias = bias
    self.activation = activation
    self.residual = residual
    self.scale = scale
  }

  /// Stops unless the parts fit a result of the shape.
  func checkShapes(forResult result: [Int]) {
    Self.check(scale, "scale", fitsColumnsOf: result)
    Self.check(bias, "bias", fitsColumnsOf: result)
    if let residual, residual.shape != result {
      stop("Epilogue: a residual of the shape \(residual.shape) cannot be added to a product of the shape \(result)")
    }
  }

  private static func check(_ tensor: Tensor<Scalar>?, _ name: String, fitsColumnsOf result: [Int]) {
    if let tensor, !tensor.shape.elementsEqual(result.suffix(1)) {
      stop(
        "Epilogue: a \(name) of the shape \(tensor.shape) does not fit the columns of a product of the shape \(result)"
      )
    }
  }
}
