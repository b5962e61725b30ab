import ArgumentParser
import Farro
import FarroData
import FarroProfile
import Foundation

struct ProfileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Measure what this CPU can do, and what each kernel reaches of it.",
    discussion: """
      Measures the peak rate of multiply-adds and the bandwidth of each level of memory, then every kernel in turn with the \
      limit that applies to it. Exits with 1 when a kernel is slower than in --baseline, with 64 for unknown options, and \
      with 65, 66 or 73 for a file that is no profile or has nothing to compare, cannot be read, or cannot be made.
      """
  )

  @Option(help: ArgumentHelp("Kernels of these families only.", valueName: "matmul,..."))
  var family: CommaList?

  @Option(
    help: ArgumentHelp(
      "Numbers of threads (default: 1, and as many as there are; with --quick, the latter).",
      valueName: "1,2,..."
    )
  )
  var threads: CommaList?

  @Option(help: ArgumentHelp("Instruction sets (default: the best).", valueName: "avx2,..."))
  var isa: CommaList?

  @Flag(help: "Take 60 seconds instead of 180: single precision and bytes only.")
  var quick = false

  @Flag(help: "All shapes of each kernel, instead of one in cache and one out of it.")
  var all = false

  @Option(help: ArgumentHelp("Take about this long in all.", valueName: "seconds"))
  var time: Double?

  @Option(help: "What to print: table or json.")
  var format = OutputFormat.table

  @Option(help: ArgumentHelp("Write profile.json, report.html and roofline.svg there.", valueName: "directory"))
  var output: String?

  @Option(help: ArgumentHelp("Compare with this earlier profile.json.", valueName: "file"))
  var baseline: String?

  func validate() throws {
    _ = try options()
  }

  func run() async throws {
    // Before the measurements, so that a mistake in them shows at once.
    let (options, baseline) = (try options(), try readBaseline())
    if let output { try makeDirectory(output) }
    let progress = ProgressLine()
    defer { progress.clear() }
    let profile = try await endingOnSignals {
      try Profiler(options).run { progress.show($0) }
    }
    progress.clear()
    switch format {
    case .table: try writeOutput(Data(profile.table.utf8))
    case .json: try writeOutput(profile.jsonData())
    }
    if let output { try write(profile, toDirectory: output) }
    if let baseline { try profile.complainOfRegressions(from: baseline) }
  }
}

// MARK: - Options

/// Words between commas.
struct CommaList: ExpressibleByArgument {
  let words: [String]

  init?(argument: String) {
    words = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    if words.contains("") { return nil }
  }
}

extension ProfileCommand {
  private func options() throws -> Profiler.Options {
    let sets = try instructionSets()
    let counts = try threadCounts()
    let families = try families()
    let dtypes = quick ? Profiler.Options.quickTypes : nil
    let isAny = ProfiledKernel.all.contains {
      families?.contains($0.family) ?? true && dtypes?.contains($0.dtype) ?? true
    }
    guard isAny else { throw ValidationError("A quick run has no kernel of that family; leave --quick out.") }
    return Profiler.Options(
      families: families,
      dtypes: dtypes,
      configurations: sets.flatMap { set in counts.map { Configuration(isa: set, threads: $0) } },
      allShapes: all,
      budget: .seconds(try seconds())
    )
  }

  private func families() throws -> Set<String>? {
    guard let family else { return nil }
    let known = ProfiledKernel.families
    if let unknown = family.words.first(where: { !known.contains($0) }) {
      throw ValidationError("There is no kernel family '\(unknown)'; there are: \(known.joined(separator: ", ")).")
    }
    return Set(family.words)
  }

  private func instructionSets() throws -> [InstructionSet] {
    let current = try usableInstructionSet()
    guard let isa else { return [current] }
    let supported = InstructionSet.supported
    return try unique(isa.words).map { name in
      guard let set = supported.first(where: { $0.rawValue == name }) else {
        let names = supported.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("This machine has no instruction set '\(name)' for kernels; it has: \(names).")
      }
      return set
    }
  }

  private func threadCounts() throws -> [Int] {
    let most = Threads.current
    guard let threads else { return quick ? [most] : unique([1, most]) }
    return try unique(threads.words).map { word in
      guard let count = Int(word), (1...most).contains(count) else {
        throw ValidationError("'\(word)' is not a number of threads that kernels can use here; those are 1 to \(most).")
      }
      return count
    }
  }

  private func seconds() throws -> Double {
    let seconds = time ?? (quick ? 60 : 180)
    guard seconds > 0 && seconds <= 86_400 else {
      throw ValidationError("--time must be above 0 and at most 86400 seconds, not \(seconds).")
    }
    return seconds
  }

  private func unique<Element: Hashable>(_ elements: [Element]) -> [Element] {
    elements.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}

// MARK: - Files

extension ProfileCommand {
  private func readBaseline() throws -> Profile? {
    guard let baseline else { return nil }
    do {
      return try Profile(json: Data(contents(ofFile: baseline)))
    } catch let problem as FileProblem {
      throw refusal("cannot read \(baseline): \(problem.reason)", status: EX_IOERR)
    } catch {
      throw refusal("\(baseline) is not a profile.json of farro: \(mistake(error))", status: EX_DATAERR)
    }
  }

  private func write(_ profile: Profile, toDirectory directory: String) throws {
    do {
      try AtomicFile.write(profile.jsonData(), to: directory + "/profile.json")
      try AtomicFile.write(Report.html(profile), to: directory + "/report.html")
      try AtomicFile.write(Roofline.svg(profile), to: directory + "/roofline.svg")
    } catch {
      throw refusal("cannot write into \(directory): \(error)", status: EX_IOERR)
    }
  }

  private func makeDirectory(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      let cause = ((error as? CocoaError)?.underlying as? POSIXError).map {
        String(cString: strerror($0.code.rawValue))
      }
      throw refusal(
        "cannot make the directory \(path): \(cause ?? error.localizedDescription)",
        status: EX_IOERR
      )
    }
    guard access(path, W_OK | X_OK) == 0 else {
      throw refusal("cannot write into \(path): \(String(cString: strerror(errno)))", status: EX_IOERR)
    }
  }

  /// Says what is wrong with a file; the exit status, of sysexits.h, is not the 1 of a regression.
  private func refusal(_ message: String, status: Int32) -> ExitCode {
    complain("farro profile: \(message)")
    return ExitCode(status)
  }
}

/// What is wrong with a JSON file, and where.
private func mistake(_ error: any Error) -> String {
  func text(_ context: DecodingError.Context, _ fact: String? = nil) -> String {
    let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    return (path.isEmpty ? "" : "at \(path): ") + (fact ?? context.debugDescription)
  }
  return switch error {
  case DecodingError.keyNotFound(let key, let context): text(context, "there is no \"\(key.stringValue)\"")
  case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
    DecodingError.dataCorrupted(let context):
    text(context)
  default: error.localizedDescription
  }
}

extension Profile {
  /// Says which kernels regressed, and ends with exit status 1 when any did.
  fileprivate func complainOfRegressions(from baseline: Profile) throws {
    let (regressions, count) = (regressions(from: baseline), comparableCount(with: baseline))
    if baseline.machine.name != machine.name {
      complain("the baseline is of another machine: \(baseline.machine.name), and this is \(machine.name)")
    }
    // A check that compares nothing must not pass.
    guard count > 0 else {
      complain("no kernel, shape, instruction set and number of threads is in both this profile and the baseline")
      throw ExitCode(EX_DATAERR)
    }
    complain("\(count) results compared, \(regressions.count) slower than the noise explains")
    for regression in regressions {
      complain(
        "\(regression.key.title): takes \(fixed(regression.slowdown, 2))x as long "
          + "(noise: up to \(fixed(1 + regression.tolerance, 2))x)"
      )
    }
    if !regressions.isEmpty { throw ExitCode(1) }
  }
}

// MARK: - Progress

extension ProgressLine {
  fileprivate func show(_ progress: Profiler.Progress) {
    let width = 24
    let done = progress.completed * width / max(1, progress.total)
    let bar = String(repeating: "#", count: done) + String(repeating: ".", count: width - done)
    show("[\(bar)] \(progress.completed)/\(progress.total) \(progress.activity)")
  }
}
