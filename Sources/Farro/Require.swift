/// Stops the program, with the message, unless the caller kept to a function's preconditions.
///
/// In place of `precondition`, whose message release builds leave out: ours shows the shapes.
@inlinable @inline(__always)
package func require(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { stop(message()) }
}

/// Stops the program with the message.
@usableFromInline @inline(never)
package func stop(_ message: String) -> Never { fatalError(message) }
