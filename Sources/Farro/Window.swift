import CKernels

/// A height and a width: of a window, its steps, or the gaps between its elements. A literal stands for both.
public struct Size2D: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
  /// Along the last axis but one.
  public var height: Int
  /// Along the last axis.
  public var width: Int

  /// - Complexity: O(1).
  public init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

  /// As high as wide.
  ///
  /// - Complexity: O(1).
  public init(integerLiteral value: Int) { self.init(height: value, width: value) }
}

/// Elements that are thought around an image. A literal stands for all four sides.
public struct Padding2D: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
  /// Rows above and below, columns before and behind.
  public var top, left, bottom, right: Int

  /// - Complexity: O(1).
  public init(top: Int = 0, left: Int = 0, bottom: Int = 0, right: Int = 0) {
    (self.top, self.left, self.bottom, self.right) = (top, left, bottom, right)
  }

  /// As much on either side of an axis.
  ///
  /// - Complexity: O(1).
  public init(vertical: Int, horizontal: Int) {
    self.init(top: vertical, left: horizontal, bottom: vertical, right: horizontal)
  }

  /// The same on all sides.
  ///
  /// - Complexity: O(1).
  public init(integerLiteral value: Int) { self.init(vertical: value, horizontal: value) }
}

/// Elements that are thought before and behind a sequence. A literal stands for both.
public struct Padding1D: Sendable, Hashable, Codable, ExpressibleByIntegerLiteral {
  /// Before the first element, and behind the last.
  public var before, after: Int

  /// - Complexity: O(1).
  public init(before: Int = 0, after: Int = 0) { (self.before, self.after) = (before, after) }

  /// As much on either side.
  ///
  /// - Complexity: O(1).
  public init(integerLiteral value: Int) { self.init(before: value, after: value) }
}

/// How a window moves over images of (batch, channels, height, width) or sequences of (batch, channels, length).
struct WindowMotion {
  var stride: Size2D = 1
  var padding: Padding2D = 0
  var dilation: Size2D = 1
  /// Axes that the window moves along: 2, or 1 for sequences.
  var axes = 2

  init(_ stride: Size2D, _ padding: Padding2D, _ dilation: Size2D) {
    (self.stride, self.padding, self.dilation) = (stride, padding, dilation)
  }

  /// Along a sequence, which is an image of height 1.
  init(_ stride: Int, _ padding: Padding1D, _ dilation: Int) {
    axes = 1
    self.stride = Size2D(height: 1, width: stride)
    self.padding = Padding2D(left: padding.before, right: padding.after)
    self.dilation = Size2D(height: 1, width: dilation)
  }

  /// The windows of the rows and columns of an image, whose shape ends in height and width.
  func windows(of shape: [Int], _ size: Size2D, _ function: StaticString) -> (rows: farro_window, columns: farro_window)
  {
    require(
      shape.count == axes + 2,
      "\(function): the shape \(shape) is not (batch, channels, \(axes == 2 ? "height, width" : "length"))"
    )
    require(
      min(size.height, size.width) > 0 && min(stride.height, stride.width) > 0
        && min(dilation.height, dilation.width) > 0,
      "\(function): a window of \(size.height) x \(size.width), stride \(stride.height) x \(stride.width) and dilation "
        + "\(dilation.height) x \(dilation.width) has a part that is not positive"
    )
    require(
      min(padding.top, padding.left, padding.bottom, padding.right) >= 0,
      "\(function): the padding \(padding) has a negative part"
    )
    let rows = farro_window(
      length: axes == 2 ? shape[2] : 1,
      size: size.height,
      stride: stride.height,
      dilation: dilation.height,
      pad_before: padding.top,
      pad_after: padding.bottom
    )
    let columns = farro_window(
      length: shape[shape.count - 1],
      size: size.width,
      stride: stride.width,
      dilation: dilation.width,
      pad_before: padding.left,
      pad_after: padding.right
    )
    return (rows, columns)
  }

  /// The shape of (batch, channels) and outputs.
  func outputShape(_ batch: Int, _ channels: Int, _ rows: farro_window, _ columns: farro_window, ceiling: Bool) -> [Int]
  {
    var (rows, columns) = (rows, columns)
    let (height, width) = (farro_window_outputs(&rows, ceiling), farro_window_outputs(&columns, ceiling))
    return axes == 2 ? [batch, channels, height, width] : [batch, channels, width]
  }
}
