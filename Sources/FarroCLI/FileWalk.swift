import Foundation

/// The files that paths name: those themselves, and of folders all regular files within, in the order of their names.
///
/// No file and no folder comes twice, by way of links or of paths that are written otherwise: what links lead to is looked at
/// after everything else, and left out when it has been there. So a folder that links to itself ends. Hard links are files of
/// their own.
struct FileWalk {
  /// Patterns of the shell, one of which a file's name within a folder must match; with a slash in it, the path.
  var include: [String] = []
  /// Told of what cannot be read, and why.
  let complain: (_ path: String, _ reason: String) -> Void

  private(set) var files: [String] = []
  private var folders: Set<FolderIdentity> = []
  private var places: Set<Place> = []
  private var links: [(path: String, isNamed: Bool)] = []

  init(include: [String], complain: @escaping (_ path: String, _ reason: String) -> Void) {
    (self.include, self.complain) = (include, complain)
  }

  /// Adds the files of paths, all at once.
  ///
  /// - Throws: `CancellationError`.
  mutating func walk(_ paths: [String]) throws {
    for path in paths.sorted(by: precedes) { try visit(path, isNamed: true) }
    // Links may lead to links; those that are found now come after those that were there.
    while !links.isEmpty {
      let found = links.sorted { precedes($0.path, $1.path) }
      links = []
      for link in found { try visit(link.path, isNamed: link.isNamed, isLink: true) }
    }
    files.sort(by: precedes)
  }

  private mutating func visit(_ path: String, isNamed: Bool, isLink: Bool = false, place: Place? = nil) throws {
    var status = stat()
    guard (isLink ? stat(path, &status) : lstat(path, &status)) == 0 else { return complain(path, errorText()) }
    switch status.st_mode & S_IFMT {
    case S_IFLNK: links.append((path, isNamed))
    case S_IFDIR:
      let identity = FolderIdentity(status)
      if folders.insert(identity).inserted { try list(path, identity) }
    case S_IFREG:
      guard isNamed || isIncluded(path) else { return }
      guard let place = place ?? Place(of: path) else { return complain(path, errorText()) }
      if places.insert(place).inserted { files.append(path) }
    default:
      if isNamed { complain(path, "it is neither a file nor a folder") }
    }
  }

  private mutating func list(_ folder: String, _ identity: FolderIdentity) throws {
    try Task.checkCancellation()
    guard let stream = opendir(folder) else { return complain(folder, errorText()) }
    let beginning = folder.hasSuffix("/") ? folder : folder + "/"
    var names: [String] = []
    while let entry = readdir(stream) {
      withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { bytes in
          if let name = String(validatingCString: bytes) {
            if name != "." && name != ".." { names.append(name) }
          } else if isIncluded(String(cString: bytes)) {
            complain(beginning + String(cString: bytes), "its name is not UTF-8")
          }
        }
      }
    }
    closedir(stream)
    for name in names.sorted(by: precedes) {
      try visit(beginning + name, isNamed: false, place: Place(folder: identity, name: name))
    }
  }

  private func isIncluded(_ path: String) -> Bool {
    if include.isEmpty { return true }
    let name = String(path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...])
    return include.contains { fnmatch($0, $0.contains("/") ? path : name, 0) == 0 }
  }
}

private func errorText() -> String { String(cString: strerror(errno)) }

/// The order of bytes, which is the same everywhere.
private func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }

private struct FolderIdentity: Hashable {
  let device: UInt64
  let number: UInt64

  init(_ status: stat) {
    (device, number) = (UInt64(truncatingIfNeeded: status.st_dev), UInt64(truncatingIfNeeded: status.st_ino))
  }
}

/// Where a file stands, however paths lead there.
private struct Place: Hashable {
  let folder: FolderIdentity
  let name: String

  init(folder: FolderIdentity, name: String) { (self.folder, self.name) = (folder, name) }

  /// `nil` when the file is no longer there.
  init?(of path: String) {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    let parts = String(cString: real)
    let slash = parts.utf8.lastIndex(of: UInt8(ascii: "/"))!
    var status = stat()
    guard stat(slash == parts.startIndex ? "/" : String(parts[..<slash]), &status) == 0 else { return nil }
    (folder, name) = (FolderIdentity(status), String(parts[parts.index(after: slash)...]))
  }
}
