import CKernels

/// How a matrix product is carried out: which way it goes and how it is cut.
///
/// It depends on the shapes, the element type and the instruction set that is current when it is made, never on the number of
/// threads.
///
/// ```swift
/// print(MatmulPlan([1024, 1024], [1024, 1024], of: Float.self))
/// ```
public struct MatmulPlan: Sendable, Equatable, CustomStringConvertible {
  /// Which way a product goes.
  public enum Path: String, Sendable, CaseIterable, Codable {
    /// Nothing to multiply.
    case empty
    /// Tiles read both factors where they lie.
    case direct
    /// Each task packs some columns of the right factor for itself, then runs over rows of the left one.
    case packed
    /// All threads pack a block of the right factor, then all multiply it.
    case blocked
    /// Few rows: the right factor is read once, in the order in which it lies.
    case thin
    /// Few rows or columns, with the summed axis of both factors contiguous: dot products.
    case dot

    fileprivate init(_ path: farro_matmul_path) {
      self =
        switch path {
        case FARRO_MATMUL_DIRECT: .direct
        case FARRO_MATMUL_PACKED: .packed
        case FARRO_MATMUL_BLOCKED: .blocked
        case FARRO_MATMUL_THIN: .thin
        case FARRO_MATMUL_DOT: .dot
        default: .empty
        }
    }
  }

  /// Which way each product goes.
  public let path: Path
  /// The products of matrices that the tensors are cut into. A batch with one right factor is one tall product.
  public let products: Int
  /// Rows and columns of the largest tile that runs.
  public let tileRows, tileColumns: Int
  /// How many terms of a sum are added up before it goes to the result.
  public let kBlock: Int
  /// Rows and columns of the result that one task takes at a time.
  public let rowBlock, columnBlock: Int
  /// Independent pieces of one product.
  public let tasks: Int
  /// Whether the left factor's rows are laid out anew, because they are strided.
  public let copiesA: Bool
  /// Whether the right factor is.
  public let packsB: Bool
  /// Bytes of work space for each thread.
  public let workspaceBytes: Int
  /// The plan in one line: "blocked, packs B, 14x32 tiles, k by 512, 19 tasks of 56x128".
  public let description: String

  /// The plan of `matmul` for operands of these shapes, called now from this thread.
  ///
  /// - Parameters:
  ///   - a: The shape of the left operand.
  ///   - b: The shape of the right operand.
  ///   - transposeA: Whether `a` is given with its last two axes exchanged.
  ///   - transposeB: Whether `b` is.
  ///   - type: The element type.
  /// - Precondition: the shapes can be multiplied.
  /// - Complexity: O(1) besides the number of axes.
  public init<Scalar: KernelScalar>(
    _ a: [Int],
    _ b: [Int],
    transposeA: Bool = false,
    transposeB: Bool = false,
    of type: Scalar.Type
  ) {
    // Shapes of no tensor stop here.
    _ = (Tensor<Scalar>.checkedCount(a), Tensor<Scalar>.checkedCount(b))
    let product = MatrixProduct(a, b, transposeA, transposeB)
    _ = Tensor<Scalar>.checkedCount(product.resultShape(a, b))
    var (shape, plan) = (product.shape, farro_matmul_plan())
    switch Scalar.dtype {
    case .f32: check(farro_matmul_plan_f32(&shape, &plan), "MatmulPlan")
    default: check(farro_matmul_plan_f64(&shape, &plan), "MatmulPlan")
    }
    path = Path(plan.path)
    products = shape.batch * product.calls
    (tileRows, tileColumns) = (plan.tile_rows, plan.tile_columns)
    (kBlock, tasks) = (plan.k_block, plan.tasks)
    (rowBlock, columnBlock) = (plan.row_block, plan.column_block)
    (copiesA, packsB, workspaceBytes) = (plan.copies_a, plan.packs_b, plan.workspace)
    description = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
      farro_matmul_plan_describe(&plan, text.baseAddress!, text.count)
      return String(cString: text.baseAddress!)
    }
  }
}
