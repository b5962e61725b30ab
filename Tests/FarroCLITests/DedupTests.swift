import Farro
import Foundation
import Subprocess
import Testing

@Suite struct DedupTests {
  /// Two families of licences and others that are like none.
  private static let files: [String: String] = {
    let licence = (0..<120).map { "clause\($0)" }.joined(separator: " ")
    let other = (0..<90).map { "rule\($0)" }.joined(separator: "\n")
    return [
      "a/copyright": licence, "b/copyright": "Copyright 2020\n" + licence.uppercased(), "c/d/copyright": licence + ".",
      "e/copyright": other, "f/copyright": other + " end", "f/readme": licence, "g/copyright": "alone among all these",
      "empty": "",
    ]
  }()

  private func write(_ files: [String: String] = files, to folder: String) throws {
    for (name, text) in files { try write(Data(text.utf8), to: "\(folder)/\(name)") }
  }

  private func write(_ data: Data, to path: String) throws {
    let url = URL(fileURLWithPath: path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  private func record(_ text: String) -> String { "{\"id\":1,\"meta\":{\"text\":\"\(text)\"}}" }

  // MARK: - Files

  @Test func `families of files are found in folders, whatever the threads`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      let found = try await farro("dedup", ".", "--include", "copyright", in: folder)
      #expect(
        found.output == """
          ./a/copyright
          ./b/copyright
          ./c/d/copyright

          ./e/copyright
          ./f/copyright


          """
      )
      #expect(found.status == 0 && found.error.contains("6 documents") && found.error.contains("documents/s"))
      #expect(found.error.contains("shingle and sign"))
      let one = try await farro(
        "dedup",
        "--threads",
        "1",
        "f",
        "c",
        "a",
        "b",
        "g",
        "e",
        "--include",
        "copy*",
        "-q",
        in: folder
      )
      #expect(one.output == found.output.replacingOccurrences(of: "./", with: "") && one.error == "")
    }
  }

  @Test func `groups, pairs and what is kept are printed as text, JSON and JSON Lines`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      let common = ["dedup", "e", "f", "--include", "copyright"]
      #expect(try await runFarro(common + ["--list", "kept"], in: folder).output == "e/copyright\n")
      let longest = try await runFarro(common + ["--list", "kept", "--keep", "longest"], in: folder)
      #expect(longest.output == "f/copyright\n")
      let pairs = try await runFarro(common + ["--list", "pairs", "--verify", "exact"], in: folder)
      #expect(pairs.output == "0.9885  e/copyright  f/copyright\n")
      for (list, expected) in [
        ("groups", "{\"documents\":[{\"file\":\"e/copyright\"},{\"file\":\"f/copyright\"}]}"),
        ("kept", "{\"file\":\"e/copyright\"}"),
      ] {
        #expect(
          try await runFarro(common + ["--list", list, "--format", "jsonl"], in: folder).output == expected + "\n"
        )
        #expect(
          try await runFarro(common + ["--list", list, "--format", "json"], in: folder).output == "[\n\(expected)\n]\n"
        )
      }
      let none = try await farro("dedup", "g", "--format", "json", in: folder)
      #expect(none.output == "[]\n")
    }
  }

  @Test func `a folder that links to itself ends, and what links lead to comes once`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      let manager = FileManager.default
      try manager.createSymbolicLink(atPath: "\(folder)/c/loop", withDestinationPath: "..")
      try manager.createSymbolicLink(atPath: "\(folder)/c/self", withDestinationPath: ".")
      try manager.createSymbolicLink(atPath: "\(folder)/a/copyright2", withDestinationPath: "copyright")
      let found = try await farro(
        "dedup",
        ".",
        "./a",
        "--list",
        "kept",
        "--threshold",
        "1",
        "--verify",
        "exact",
        in: folder
      )
      // Eight files, three of which have the same words.
      #expect(found.output.split(separator: "\n").count == 6 && found.error.contains("8 documents"))
      #expect(found.status == 0 && !found.error.contains("farro:"))
    }
  }

  @Test func `results replace no file that they come from`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      let path = "\(folder)/a/copyright"
      let before = FileManager.default.contents(atPath: path)
      for arguments in [["a/copyright"], ["a"], [".", "--list", "kept"]] {
        let found = try await runFarro(["dedup"] + arguments + ["--output", "./a/copyright"], in: folder)
        #expect(found.status == 65 && found.error.contains("this would replace"), "\(found)")
      }
      #expect(FileManager.default.contents(atPath: path) == before)
    }
  }

  @Test func `what cannot be read is told, and left out`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      try FileManager.default.createSymbolicLink(atPath: "\(folder)/a/gone", withDestinationPath: "nowhere")
      let found = try await farro("dedup", "a", "nothing", "b", "--include", "*", in: folder)
      #expect(found.status == 0 && found.output == "a/copyright\nb/copyright\n\n")
      #expect(
        found.error.contains("farro: nothing: No such file") && found.error.contains("farro: a/gone: No such file")
      )
      #expect(try await farro("dedup", "a", "--strict", in: folder).status == 1)
      #expect(try await farro("dedup", "b", "--strict", in: folder).status == 0)
    }
  }

  @Test func `empty and binary files, and invalid UTF-8, are documents as any other`() async throws {
    try await withTemporaryDirectory { folder in
      let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* $0 >> 3) }
      try write(["empty1": "", "empty2": "", "spaces": " \n"], to: folder)
      try write(Data(bytes), to: "\(folder)/binary1")
      try write(Data(bytes + [0]), to: "\(folder)/binary2")
      try write(Data([0xC3, 0x28, 0xFF, 0x20, 0x61]), to: "\(folder)/invalid")
      for unit in ["words", "characters", "bytes"] {
        let found = try await farro("dedup", ".", "--strict", "--unit", unit, in: folder)
        #expect(found.status == 0)
        #expect(found.output.contains("./binary1\n./binary2\n") && found.output.contains("./empty1\n./empty2\n"))
      }
    }
  }

  // MARK: - Lines

  @Test func `lines and records are documents, and those kept are printed as they are`() async throws {
    try await withTemporaryDirectory { folder in
      let long = (0..<60).map { "w\($0)" }.joined(separator: " ")
      let texts = [long, "short one", "", long + "\\n!", "\\u0041 \\ud83d\\ude00 other \\\"one\\\""]
      try write(
        ["r.jsonl": texts.map(record).joined(separator: "\n") + "\n\n", "l.txt": "\(long)\n\nb c\r\nB, c\n\(long)"],
        to: folder
      )
      let records = try await farro("dedup", "r.jsonl", "--field", "meta.text", in: folder)
      #expect(records.output == "r.jsonl:1\nr.jsonl:4\n\n")
      let kept = try await farro("dedup", "r.jsonl", "--field", "meta.text", "--list", "kept", in: folder)
      #expect(kept.output == [0, 1, 2, 4].map { record(texts[$0]) + "\n" }.joined())
      let lines = try await farro("dedup", "l.txt", "--lines", "--format", "jsonl", in: folder)
      #expect(
        lines.output == """
          {"documents":[{"file":"l.txt","line":1},{"file":"l.txt","line":5}]}
          {"documents":[{"file":"l.txt","line":3},{"file":"l.txt","line":4}]}

          """
      )
      let rest = try await farro("dedup", "l.txt", "--lines", "--list", "kept", "-o", "kept.txt", in: folder)
      #expect(rest.output == "" && rest.status == 0)
      #expect(try String(contentsOfFile: "\(folder)/kept.txt", encoding: .utf8) == "\(long)\nb c\r\n")
    }
  }

  @Test func `broken JSON is told with its line, column and what was expected`() async throws {
    try await withTemporaryDirectory { folder in
      let lines = [
        "\u{FEFF}" + record("a b"), "{\"meta\" 1}", "", "{\"meta\":{}}", "{\"meta\":{\"text\":\"x", record("a b"),
        "[1,2",
      ]
      try write(["r.jsonl": lines.joined(separator: "\n")], to: folder)
      let found = try await farro("dedup", "r.jsonl", "--field", "meta.text", in: folder)
      #expect(found.status == 0 && found.output == "r.jsonl:1\nr.jsonl:6\n\n")
      #expect(found.error.contains("farro: r.jsonl:2:9: expected ':' after the key, found '1'\n"))
      #expect(found.error.contains("farro: r.jsonl:5:19: expected '\"' at the string's end, found the line's end\n"))
      #expect(found.error.contains("farro: r.jsonl:7:5: expected ',' or ']', found the line's end\n"))
      #expect(found.error.contains("farro: lines without a string \"meta.text\", left out: 1\n"))
      #expect(try await farro("dedup", "r.jsonl", "--field", "meta.text", "--strict", in: folder).status == 1)
      let many = String(repeating: "{\n", count: 100)
      try write(["many.jsonl": many], to: folder)
      let complaints = try await farro("dedup", "many.jsonl", "--field", "t", "-q", in: folder).error
      #expect(
        complaints.contains("lines that are no JSON, left out: 100") && complaints.split(separator: "\n").count == 21
      )
    }
  }

  @Test func `a line longer than any block is one line`() async throws {
    try await withTemporaryDirectory { folder in
      let long = (0..<1_300_000).map { "x\($0 % 99991)" }.joined(separator: " ")
      #expect(long.utf8.count > 8 << 20)
      try write(
        ["r.jsonl": [record("a b"), record(long), record("c"), record(long + " end")].joined(separator: "\n")],
        to: folder
      )
      let found = try await farro("dedup", "r.jsonl", "--field", "meta.text", "--strict", in: folder)
      #expect(found.status == 0 && found.output == "r.jsonl:2\nr.jsonl:4\n\n")
      let lines = try await farro("dedup", "r.jsonl", "--lines", "--strict", in: folder)
      #expect(lines.output == found.output)
    }
  }

  @Test func `gzip is unpacked, and one that is cut or damaged is told of`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      let text = (0..<20_000).map { record("w\($0) v\($0) u") }.joined(separator: "\n") + "\n"
      try write(["r.jsonl": text], to: folder)
      #expect(try await runProgram("/usr/bin/env", ["gzip", "-k", "r.jsonl", "b/copyright"], in: folder).status == 0)
      let files = try await farro("dedup", "a", "b/copyright.gz", in: folder)
      #expect(files.output == "a/copyright\nb/copyright.gz\n\n")
      let both = try await farro("dedup", "r.jsonl", "r.jsonl.gz", "--field", "meta.text", in: folder)
      #expect(
        both.status == 0 && both.error.contains("40000 documents") && both.error.contains("20000 near-duplicates")
      )
      let whole = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/r.jsonl.gz"))
      try write(whole.prefix(whole.count / 2), to: "\(folder)/cut.gz")
      var damaged = whole
      damaged[whole.count / 2] ^= 0x55
      try write(damaged, to: "\(folder)/damaged.gz")
      for name in ["cut.gz", "damaged.gz"] {
        let found = try await farro("dedup", name, "--field", "meta.text", "-q", "--strict", in: folder)
        #expect(found.status == 1 && found.error.contains(" can be read: gzip: "), "\(found.error)")
      }
    }
  }

  // MARK: - Limits

  @Test func `little memory gives the same groups, and leaves no file behind`() async throws {
    try await withTemporaryDirectory { folder in
      let text = (0..<6000).map { i in record((0..<30).map { "w\(($0 * 7 + i / 3) % 9973)" }.joined(separator: " ")) }
      try write(["data/r.jsonl": text.joined(separator: "\n"), "tmp/.keep": ""], to: folder)
      let common = ["dedup", "data/r.jsonl", "--field", "meta.text", "--size", "2"]
      let found = try await runFarro(common, in: folder)
      let environment: [Environment.Key: String?] = ["TMPDIR": "\(folder)/tmp"]
      let small = try await runFarro(common + ["--memory", "1M"], environment: environment, in: folder)
      #expect(small.output == found.output && found.output.split(separator: "\n").count > 3000)
      #expect(small.error.contains("went to files") && !found.error.contains("went to files"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/tmp") == [".keep"])
      // A limit on the size of files stands for a full disk.
      let full = try await runProgram(
        "/bin/sh",
        ["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\"", executable().path] + common + ["--memory", "1M"],
        environment: environment,
        in: folder
      )
      #expect(full.status == 74 && full.error.contains("cannot write"), "\(full)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/tmp") == [".keep"])
    }
  }

  @Test func `output goes to its file whole or not at all`() async throws {
    try await withTemporaryDirectory { folder in
      try write(to: folder)
      try write(["old": "old"], to: folder)
      let lines = (0..<9000).map { "line number \($0)" }.joined(separator: "\n")
      try write(["l.txt": lines], to: folder)
      let full = try await runProgram(
        "/bin/sh",
        [
          "-c", "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"", executable().path, "dedup", "l.txt", "--lines",
          "--list", "kept", "-o", "old",
        ],
        in: folder
      )
      #expect(full.status == 74, "\(full)")
      #expect(try String(contentsOfFile: "\(folder)/old", encoding: .utf8) == "old")
      #expect(try await farro("dedup", "a", "-o", "/nowhere/out", in: folder).status == 74)
      #expect(
        try await runProgram(
          "/bin/sh",
          ["-c", "exec \"$0\" dedup l.txt --lines --list kept > /dev/full", executable().path],
          in: folder
        ).status == 74
      )
    }
  }

  @Test(arguments: [
    ["--threshold", "1.5"], ["--size", "0"], ["--permutations", "0"], ["--lines", "--field", "a"], ["--field", "a..b"],
    ["--memory", "lots"], ["--engine", "fast"], ["--threads", "0"], ["--list", "all"],
  ])
  func `unknown options end with 64`(options: [String]) async throws {
    #expect(try await runFarro(["dedup", "."] + options).status == 64)
    #expect(try await farro("dedup").status == 64)
  }

  // MARK: - Agreement with the definition

  /// The pairs of `farro dedup` against all pairs by the exact Jaccard similarity of the same shingles. Another folder than
  /// the one that the test makes can be named: FARRO_DEDUP_FOLDER=/usr/share/doc FARRO_DEDUP_INCLUDE=copyright.
  @Test(arguments: ["signatures", "exact"])
  func `what is found agrees with all pairs that are compared exactly`(verify: String) async throws {
    try await withTemporaryDirectory { folder in
      let environment = ProcessInfo.processInfo.environment
      let named = environment["FARRO_DEDUP_FOLDER"]
      if named == nil { try writeFamilies(to: folder) }
      let pairs = try await farro(
        "dedup",
        named ?? folder,
        "--include",
        environment["FARRO_DEDUP_INCLUDE"] ?? "*",
        "--list",
        "pairs",
        "--verify",
        verify,
        "-q"
      )
      let found = Set(pairs.output.split(separator: "\n").map { $0.split(separator: " ").dropFirst().map(String.init) })
      let files = try FileManager.default.subpathsOfDirectory(atPath: named ?? folder)
        .filter { environment["FARRO_DEDUP_INCLUDE"].map($0.hasSuffix) ?? true }
        .map { "\(named ?? folder)/\($0)" }
        .filter { (try? FileManager.default.attributesOfItem(atPath: $0)[.type] as? FileAttributeType) == .typeRegular }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let sets = try SortedSets(
        files.map { Shingler.words(5).shingles(of: try Data(contentsOf: URL(fileURLWithPath: $0))) }
      )
      let distances = jaccardDistances(sets)
      var exact: Set<[String]> = []
      for i in files.indices {
        for j in i + 1..<max(i + 1, files.count) where 1 - distances[i, j] >= 0.8 {
          exact.insert([files[i], files[j]])
        }
      }
      let both = Double(found.intersection(exact).count)
      let (precision, recall) = (both / Double(found.count), both / Double(exact.count))
      print("\(files.count) files, \(exact.count) pairs, \(verify): precision \(precision), recall \(recall)")
      #expect(
        exact.count > 100 && recall > (verify == "exact" ? 0.97 : 0.9) && precision > (verify == "exact" ? 0.999 : 0.85)
      )
    }
  }

  /// Texts as licences are: some long ones, copied with other names and a few paragraphs more.
  private func writeFamilies(to folder: String) throws {
    var generator = Xoshiro256(seed: 21)
    func words(_ count: Int) -> String {
      (0..<count).map { _ in "w" + String(generator.next() % 4000, radix: 36) }.joined(separator: " ")
    }
    let bodies = (0..<12).map { 80 + 60 * $0 }.map(words)
    for number in 0..<160 {
      let body = bodies[Int(generator.next() % 12)]
      let text = "Copyright " + words(Int(generator.next() % 40)) + "\n" + body
      try write(Data(text.utf8), to: "\(folder)/\(number)/copyright")
    }
  }
}
