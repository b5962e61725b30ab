/// The ids of places, and the places of ids that are in use.
///
/// While ids are the numbers of their places, as they are by default until the first removal, there is no dictionary.
struct IDTable: Sendable {
  private(set) var ids = Column<Int>()
  /// `nil` while every id is its place.
  private var places: [Int: Int]?

  var count: Int { ids.count }
  var bytes: Int { ids.bytes + (places.map { $0.capacity * 2 * MemoryLayout<Int>.stride } ?? 0) }

  init() {}

  /// `nil` when two places in use have the same id, or one is not a number from 0.
  init?(_ ids: Column<Int>, isUsed: (Int) -> Bool) {
    self.ids = ids
    guard rebuild(isUsed: isUsed) else { return nil }
  }

  /// False when two places in use have the same id, or one is not a number from 0.
  private mutating func rebuild(isUsed: (Int) -> Bool) -> Bool {
    ids.withUnsafeBufferPointer { ids in
      if ids.indices.allSatisfy({ ids[$0] == $0 && isUsed($0) }) {
        places = nil
        return true
      }
      var found = [Int: Int](minimumCapacity: ids.count)
      for (place, id) in ids.enumerated() where isUsed(place) {
        if !(0..<Int.max).contains(id) || found.updateValue(place, forKey: id) != nil { return false }
      }
      places = found
      return true
    }
  }

  func place(of id: Int) -> Int? {
    if let places { return places[id] }
    return 0..<ids.count ~= id ? id : nil
  }

  mutating func append(_ newIDs: [Int]) {
    let first = ids.count
    if places == nil, zip(newIDs, first...).contains(where: { $0 != $1 }) { makeDictionary() }
    ids.append(newIDs.count) { place in for (i, id) in newIDs.enumerated() { place[i] = id } }
    if places != nil {
      for (i, id) in newIDs.enumerated() { places![id] = first + i }
    }
  }

  /// The place of the id, which is free from now on.
  mutating func remove(_ id: Int) -> Int? {
    if places == nil {
      guard place(of: id) != nil else { return nil }
      makeDictionary()
    }
    return places!.removeValue(forKey: id)
  }

  /// Moves the last id to a place that is free, and forgets where it was.
  mutating func moveLast(to place: Int) {
    let last = ids.count - 1
    if place != last {
      let moved = ids[last]
      ids[place] = moved
      places![moved] = place
    }
    ids.truncate(to: last)
    if last == 0 { places = nil }
  }

  private mutating func makeDictionary() {
    places = Dictionary(uniqueKeysWithValues: (0..<ids.count).map { ($0, $0) })
  }

  /// Calls `body` with the ids, to be moved to other places; the first `count` that it answers remain, all in use.
  mutating func rearrange(_ body: (UnsafeMutablePointer<Int>) -> Int) {
    ids.makeUnique()
    ids.truncate(to: body(ids.base))
    _ = rebuild { _ in true }
  }
}
