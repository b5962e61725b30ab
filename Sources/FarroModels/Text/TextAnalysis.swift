import Farro
import Foundation

/// How texts are cut into terms: what vectorizers have in common.
///
/// A word is two or more letters, digits and underscores, as scikit-learn's pattern `(?u)\b\w\w+\b` finds them, of any script,
/// unless there is a ``tokenPattern``.
public struct TextAnalysis: Hashable, Codable, Sendable {
  /// What a term is made of: words, characters, or characters within words.
  public var analyzer: TermRule.Unit
  /// Whether capitals become small letters first.
  public var lowercase: Bool
  /// What becomes of accents, after that; nil where they stay.
  public var stripAccents: AccentStripping?
  /// How many words or characters a term has.
  public var nGramRange: ClosedRange<Int>
  /// Words that are passed over, in small letters if ``lowercase``; only for terms of words. (No list comes with Farro:
  /// which words say nothing depends on what is asked of texts.)
  public var stopWords: [String]
  /// What words are, in the language of Swift's `Regex`, or what its only group captures; nil for those of ``shortestWord`` and
  /// more letters, digits and underscores, which are found many times faster. Only for terms of words.
  ///
  /// Characters are Unicode scalars, and `\b` stands between `\w` and others, as in Python; other than there, `\w` also has
  /// accents that are characters of their own, and `\s` not the separators U+001C to U+001F. `(?u)` in front, which scikit-learn's patterns have, is passed over.
  public var tokenPattern: String?
  /// The fewest characters of a word, where there is no ``tokenPattern``.
  public var shortestWord: Int

  public init(
    analyzer: TermRule.Unit = .words,
    lowercase: Bool = true,
    stripAccents: AccentStripping? = nil,
    nGramRange: ClosedRange<Int> = 1...1,
    stopWords: [String] = [],
    tokenPattern: String? = nil,
    shortestWord: Int = 2
  ) {
    (self.analyzer, self.lowercase, self.stripAccents) = (analyzer, lowercase, stripAccents)
    (self.nGramRange, self.stopWords, self.shortestWord) = (nGramRange, stopWords, shortestWord)
    self.tokenPattern = tokenPattern
  }

  /// Texts and how they are to be cut.
  func prepared(_ texts: [String]) throws -> (texts: PackedTexts, rule: TermRule) {
    var rule = TermRule(unit: analyzer, lowercase: lowercase, shortestWord: shortestWord, sizes: nGramRange)
    let pattern = analyzer == .words ? try tokenPattern.map(wordPattern) : nil
    // Small letters come before all else; where there is nothing else, they are made as texts are cut.
    guard pattern != nil || stripAccents != nil else { return (PackedTexts(texts), rule) }
    rule.lowercase = false
    if pattern != nil { rule.unit = .givenWords }
    var packed = PackedTexts()
    for (number, text) in texts.enumerated() {
      if number % 256 == 0 { try Task.checkCancellation() }
      let small = lowercase ? inSmallLetters(text) : text
      let plain = stripAccents?.apply(to: small) ?? small
      guard let pattern else {
        packed.append(plain)
        continue
      }
      packed.append(
        words: plain.matches(of: pattern).map { match in match.output[match.output.count - 1].substring ?? "" }
      )
    }
    return (packed, rule)
  }

  var packedStopWords: PackedTexts { PackedTexts(analyzer == .words ? stopWords : []) }

  func check() throws(ModelError) {
    try checkRange(shortestWord, "shortestWord", atLeast: 1)
    try checkRange(nGramRange.lowerBound, "nGramRange", atLeast: 1)
    guard nGramRange.upperBound <= 1 << 20 else {
      throw .parameter(name: "nGramRange", reason: "must be at most \(1 << 20), not \(nGramRange.upperBound)")
    }
    guard analyzer != .givenWords else {
      throw .parameter(
        name: "analyzer",
        reason: "must be words, characters or charactersInWords: texts are not cut yet"
      )
    }
    if let tokenPattern { _ = try wordPattern(tokenPattern) }
  }

  /// What is wrong with what was read from a file.
  var flaw: String? {
    do { try check() } catch { return "\(error)" }
    return nil
  }
}

/// What becomes of accents.
public enum AccentStripping: String, Codable, Sendable, CaseIterable {
  /// They go, and characters become what they are compatible with: é is e, ﬁ is fi, ² is 2.
  case unicode
  /// So, and what is not ASCII then goes as well.
  case ascii

  func apply(to text: String) -> String {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.decomposedStringWithCompatibilityMapping.unicodeScalars {
      let stays = self == .ascii ? scalar.isASCII : scalar.properties.canonicalCombiningClass == .notReordered
      if stays { result.append(scalar) }
    }
    return String(result)
  }
}

/// - Throws: ``ModelError/parameter(name:reason:)`` for what is no pattern, and for more than one group.
private func wordPattern(_ pattern: String) throws(ModelError) -> Regex<AnyRegexOutput> {
  let text = pattern.hasPrefix("(?u)") ? String(pattern.dropFirst(4)) : pattern
  let regex: Regex<AnyRegexOutput>
  let groups: Int
  do {
    regex = try Regex(text)
    // What matches an empty text as well has as many groups.
    groups = try Regex("(?:\(text)\n)|").firstMatch(in: "")!.output.count - 1
  } catch {
    throw .parameter(name: "tokenPattern", reason: "\(pattern.debugDescription) is no regular expression: \(error)")
  }
  guard groups <= 1 else {
    throw .parameter(name: "tokenPattern", reason: "there can be one group that captures, not \(groups)")
  }
  return regex.matchingSemantics(.unicodeScalar).wordBoundaryKind(.simple)
}

/// A text in small letters, as Python's `str.lower` makes them: the sigma at the end of a word is another one.
private func inSmallLetters(_ text: String) -> String {
  guard text.unicodeScalars.contains("\u{3A3}") else { return text.lowercased() }
  let scalars = Array(text.unicodeScalars)
  var result = String.UnicodeScalarView()
  func isCased(_ others: some Sequence<Unicode.Scalar>) -> Bool {
    others.first { !$0.properties.isCaseIgnorable }?.properties.isCased ?? false
  }
  for (place, scalar) in scalars.enumerated() {
    if scalar == "\u{3A3}" {
      let isFinal = isCased(scalars[..<place].reversed()) && !isCased(scalars[(place + 1)...])
      result.append(isFinal ? "\u{3C2}" : "\u{3C3}")
    } else {
      result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }
  return String(result)
}
