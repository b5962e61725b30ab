import Foundation

/// A program with its arguments, as ``timePrograms(_:runs:warmUp:timeout:outputLimit:progress:)`` runs it.
public struct Program: Sendable, Equatable, Codable {
  /// A path when it contains a slash, else a name that is looked up in `PATH`.
  public var executable: String
  /// What it is given, word by word.
  public var arguments: [String]

  /// A program with its arguments.
  public init(_ executable: String, _ arguments: [String] = []) {
    (self.executable, self.arguments) = (executable, arguments)
  }

  /// A program written as a shell would read it: words apart by white space, with quotes and backslashes.
  ///
  /// Nothing else of a shell is understood: no variables, patterns, pipes. Say `sh -c '...'` for those.
  ///
  /// - Throws: ``ProgramError/unreadable(_:)`` for a quote without its end, or no word at all.
  public init(shellWords line: String) throws {
    guard let words = Program.words(of: line), let first = words.first else { throw ProgramError.unreadable(line) }
    self.init(first, Array(words.dropFirst()))
  }

  /// The command as a shell would need it to be written.
  public var description: String { ([executable] + arguments).map(Program.quoted).joined(separator: " ") }

  private static func quoted(_ word: String) -> String {
    let isPlain = !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "-_./=:,+@%^".contains($0) }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }

  private static func words(of line: String) -> [String]? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    var rest = line[...]
    while let character = rest.popFirst() {
      switch (character, quote) {
      case ("\\", nil):
        guard let escaped = rest.popFirst() else { return nil }
        word = (word ?? "") + String(escaped)
      case ("\\", "\"") where rest.first.map { "\\\"$`".contains($0) } ?? false:
        word = (word ?? "") + String(rest.removeFirst())
      case ("'", nil), ("\"", nil):
        (quote, word) = (character, word ?? "")
      case (_, nil) where character.isWhitespace:
        if let finished = word { words.append(finished) }
        word = nil
      case (_, _?) where character == quote:
        quote = nil
      default:
        word = (word ?? "") + String(character)
      }
    }
    guard quote == nil else { return nil }
    if let finished = word { words.append(finished) }
    return words
  }
}

/// Why a program could not be timed.
public enum ProgramError: Error, Equatable, CustomStringConvertible {
  /// A command line with a quote that does not end, or without a word.
  case unreadable(String)
  /// No such program, at its path or in `PATH`.
  case notFound(Program)
  /// There is such a file, and it cannot be run.
  case notExecutable(Program, reason: String)
  /// It was ended because it ran for longer than allowed.
  case timedOut(Program, seconds: Double)

  public var description: String {
    switch self {
    case .unreadable(let line): "cannot be read as a command (is a quote missing?): \(line)"
    case .notFound(let program): "\(program.executable): no such program"
    case .notExecutable(let program, let reason): "\(program.executable): cannot be run: \(reason)"
    case .timedOut(let program, let seconds): "\(program.description): still running after \(seconds) s, and ended"
    }
  }
}
