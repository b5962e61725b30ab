import Farro
import Foundation
import Testing

@Suite struct RequireTests {
  /// A test of what a release build prints would need one; that nothing else is used to stop can be read.
  @Test func `every precondition keeps its message in release builds, where that of Swift's own is lost`() throws {
    let sources = URL(filePath: #filePath).appending(path: "../../../Sources").standardized
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      count += 1
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(!text.contains(/\b(precondition|preconditionFailure|assert)\(/), "\(file.path)")
    }
    #expect(count > 50)
  }
}
