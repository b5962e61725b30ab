import Foundation

/// The files that paths name: those themselves, and of folders all regular files within, in the order of their names.
///
/// No file and no folder comes twice by way of links: what links lead to is looked at after everything else, and left out
/// when it has been there. So a folder that links to itself ends.
struct FileWalk {
  /// Patterns of the shell, one of which a file's name within a folder must match; with a slash in it, the path.
  var include: [String] = []
  /// Told of what cannot be read, and why.
  let complain: (_ path: String, _ reason: String) -> Void

  private(set) var files: [String] = []
  private var seen: Set<FileIdentity> = []
  private var links: [(path: String, isNamed: Bool)] = []

  init(include: [String], complain: @escaping (_ path: String, _ reason: String) -> Void) {
    (self.include, self.complain) = (include, complain)
  }

  /// Adds the files of paths, all at once.
  mutating func walk(_ paths: [String]) {
    for path in paths.sorted(by: precedes) { visit(path, isNamed: true, isLinked: false) }
    // Links may lead to links; those that are found now come after those that were there.
    while !links.isEmpty {
      let found = links.sorted { precedes($0.path, $1.path) }
      links = []
      for link in found { visit(link.path, isNamed: link.isNamed, isLinked: true) }
    }
    files.sort(by: precedes)
  }

  private mutating func visit(_ path: String, isNamed: Bool, isLinked: Bool) {
    var status = stat()
    guard (isLinked ? stat(path, &status) : lstat(path, &status)) == 0 else { return complain(path, errorText()) }
    switch status.st_mode & S_IFMT {
    case S_IFLNK: links.append((path, isNamed))
    case S_IFDIR:
      if seen.insert(FileIdentity(status)).inserted { list(path) }
    case S_IFREG:
      guard isNamed || isIncluded(path) else { return }
      // Another name of the same file is another document, unless it is a link or is said twice.
      let isNew = seen.insert(FileIdentity(status)).inserted
      if isNew || !(isLinked || isNamed) { files.append(path) }
    default:
      if isNamed { complain(path, "it is neither a file nor a folder") }
    }
  }

  private mutating func list(_ folder: String) {
    guard let stream = opendir(folder) else { return complain(folder, errorText()) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    closedir(stream)
    for name in names.sorted(by: precedes) {
      visit(folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)", isNamed: false, isLinked: false)
    }
  }

  private func isIncluded(_ path: String) -> Bool {
    if include.isEmpty { return true }
    let name = String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    return include.contains { fnmatch($0, $0.contains("/") ? path : name, 0) == 0 }
  }

  private func errorText() -> String { String(cString: strerror(errno)) }
}

/// The order of bytes, which is the same everywhere.
private func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

private struct FileIdentity: Hashable {
  let device: UInt64
  let number: UInt64

  init(_ status: stat) {
    (device, number) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }
}
