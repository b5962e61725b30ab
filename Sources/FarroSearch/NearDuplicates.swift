import Farro

/// The near-duplicates among documents.
///
/// ```swift
/// let texts = ["a text of some words", "A text, of some words!", "another one"]
/// let found = try NearDuplicates(of: texts, options: .init(shingler: .words(2)))
/// print(found.groups)          // [[0, 1]]
/// print(found.kept(.first))    // [0, 2]
/// ```
///
/// Documents have the numbers 0, 1 ... in the order in which they came. Two of them are near-duplicates when their signatures
/// agree in a band (``LSHBands``) and they are as similar as the threshold says; groups are what such pairs connect. So
/// groups are the same, as sets of documents, in whatever order documents come, and on any number of threads.
///
/// For more than memory holds, see ``NearDuplicateFinder``.
public struct NearDuplicates: Sendable {
  /// Two documents and how similar they are.
  public struct Pair: Sendable, Hashable {
    /// The document with the smaller number.
    public let first: Int
    /// The other.
    public let second: Int
    /// The Jaccard similarity of their sets of shingles: its estimate, or with exact verification itself.
    public let similarity: Double
  }

  /// Which document of a group is kept.
  public enum Choice: String, Sendable, CaseIterable {
    /// That with the smallest number.
    case first
    /// The longest in bytes; the first of several.
    case longest
  }

  /// For every document the smallest number in its group; its own where it is in none.
  public let representatives: [UInt32]

  /// The pairs, ascending, if they were asked for.
  public let pairs: [Pair]?

  /// What it took.
  public let statistics: Statistics

  private let lengths: [UInt32]

  init(representatives: [UInt32], pairs: [Pair]?, lengths: [UInt32], statistics: Statistics) {
    (self.representatives, self.pairs) = (representatives, pairs)
    (self.lengths, self.statistics) = (lengths, statistics)
  }

  /// The near-duplicates among some texts.
  ///
  /// - Throws: `FileError` and ``NearDuplicatesError``, and `CancellationError` when the task is cancelled.
  /// - Complexity: O(bytes) as a rule; O(*n*²) for *n* texts that are candidates and yet unlike.
  public init(
    of texts: some Sequence<String>,
    options: NearDuplicateFinder.Options = .init(),
    listingPairs: Bool = false
  ) throws {
    let finder = NearDuplicateFinder(options)
    for text in texts { try finder.add(text) }
    self = try finder.finish(listingPairs: listingPairs)
  }

  /// The number of documents.
  public var count: Int { representatives.count }

  /// The groups of two and more documents, each ascending, by their smallest.
  ///
  /// - Complexity: O(documents).
  public var groups: [[Int]] {
    var places: [UInt32: Int] = [:]
    var groups: [[Int]] = []
    for (document, representative) in representatives.enumerated() where document != representative {
      if let place = places[representative] {
        groups[place].append(document)
      } else {
        places[representative] = groups.count
        groups.append([Int(representative), document])
      }
    }
    return groups.sorted { $0[0] < $1[0] }
  }

  /// One document of each group, and all that are in none, ascending.
  ///
  /// - Complexity: O(documents).
  public func kept(_ choice: Choice) -> [Int] {
    guard choice == .longest else { return representatives.indices.filter { representatives[$0] == $0 } }
    var best = representatives
    for (document, representative) in representatives.enumerated() {
      let (length, longest) = (lengths[document], lengths[Int(best[Int(representative)])])
      if length > longest { best[Int(representative)] = UInt32(document) }
    }
    return representatives.indices.filter { representatives[$0] == $0 }.map { Int(best[$0]) }.sorted()
  }
}

extension NearDuplicates {
  /// What it took to find near-duplicates.
  public struct Statistics: Sendable, Hashable {
    /// The documents.
    public var documents = 0
    /// The bytes of their texts.
    public var bytes = 0
    /// Seconds for shingles and signatures.
    public var signing = 0.0
    /// Seconds for the sets of exact verification.
    public var sets = 0.0
    /// Seconds for the keys of bands.
    public var keys = 0.0
    /// Seconds for sorting keys, verifying candidates and joining them to groups.
    public var joining = 0.0
    /// Seconds for writing what memory did not hold.
    public var spilling = 0.0
    /// Bytes that left memory for a file.
    public var spilledBytes = 0
    /// The documents that are in a group with an earlier one.
    public var duplicates = 0
    /// The groups of two and more.
    public var groups = 0
  }
}

/// Near-duplicates could not be found.
public struct NearDuplicatesError: Error, Hashable, Sendable {
  /// What is wrong, and what would be right.
  public enum Problem: Hashable, Sendable {
    /// There are more documents than numbers for them.
    case tooManyDocuments(most: Int)
    /// There are more pairs than the memory limit allows; groups say the same in less.
    case tooManyPairs(most: Int)
    /// What must stay in memory for each document is more than the limit.
    case memoryLimit(needed: Int, limit: Int)
    /// The system has no memory.
    case noMemory(bytes: Int)
  }

  /// What is wrong, and what would be right.
  public let problem: Problem

  init(_ problem: Problem) { self.problem = problem }
}

extension NearDuplicatesError: CustomStringConvertible {
  /// The problem, in one line.
  public var description: String {
    switch problem {
    case .tooManyDocuments(let most): "there are more than \(most) documents"
    case .tooManyPairs(let most):
      "there are more than \(most) pairs, or no memory for them: raise the memory limit, or ask for groups"
    case .memoryLimit(let needed, let limit):
      "\(needed) bytes must stay in memory, and the limit is \(limit)"
    case .noMemory(let bytes): "the system has no memory for \(bytes) bytes"
    }
  }
}
