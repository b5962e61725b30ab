import Farro

// Rows of a table, chosen by their numbers.

extension Table {
  /// The rows of these numbers, in this order; a row may be named again. Categories keep all their names, and so their codes,
  /// whether they occur in these rows or not.
  ///
  /// - Precondition: there are such rows.
  /// - Complexity: O(elements of the result).
  public subscript(rows indices: [Int]) -> Table {
    Table(
      columns.map { column in
        switch column.values {
        case .numbers(let numbers): Column(column.name, numbers.gather(rows: indices))
        case .categories(let categories):
          Column(
            column.name,
            .categories(Categories(codes: indices.map { categories.codes[$0] }, names: categories.names))
          )
        }
      },
      rowCount: indices.count
    )
  }
}

extension Categories {
  /// Categories of parts: the code of each row, and what the codes stand for.
  ///
  /// - Precondition: codes are ``missingCode`` or places among the names; names ascend in the order of their bytes in UTF-8.
  /// - Complexity: O(rows + names).
  public init(codes: [Int32], names: [String]) {
    let count = Int32(clamping: names.count)
    require(
      codes.allSatisfy { Categories.missingCode <= $0 && $0 < count },
      "Categories: a code is none of \(names.count) names"
    )
    require(
      zip(names, names.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) },
      "Categories: names must ascend in the order of their bytes"
    )
    (self.codes, self.names) = (codes, names)
  }
}
