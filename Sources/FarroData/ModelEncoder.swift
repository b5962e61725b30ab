import Farro

/// The arrays of a model that is being encoded.
final class ArrayStore {
  private(set) var arrays: [NamedArray] = []
  private var names: Set<String> = [SafetensorsHeader.metadataName]

  /// Takes an array in, and answers what stands for it; `nil` when it is to be encoded as any other value.
  func add(_ array: any StoredArray, _ path: [any CodingKey]) -> JSON? {
    let name = path.isEmpty ? "model" : path.map(\.stringValue).joined(separator: ".")
    var (free, number) = (name, 2)
    while names.contains(free) { (free, number) = ("\(name)#\(number)", number + 1) }
    guard let stored = array.stored(as: free) else { return nil }
    names.insert(free)
    arrays.append(stored)
    return .object([JSON.Member(key: ArrayStore.key, value: .string(free))])
  }

  static let key = "array"
}

/// A value's place, while it is being encoded: containers fill it after they were handed out.
private final class Place {
  enum Content {
    case value(JSON)
    case object([(key: String, place: Place)])
    case array([Place])
  }

  var content = Content.object([])

  var json: JSON {
    switch content {
    case .value(let value): value
    case .object(let members): .object(members.map { JSON.Member(key: $0.key, value: $0.place.json) })
    case .array(let places): .array(places.map(\.json))
    }
  }

  var places: [Place] {
    guard case .array(let places) = content else { return [] }
    return places
  }

  func member(_ key: String) -> Place {
    var members: [(key: String, place: Place)] = []
    if case .object(let old) = content { members = old }
    let place = Place()
    members.removeAll { $0.key == key }
    content = .object(members + [(key, place)])
    return place
  }

  func element() -> Place {
    let place = Place()
    content = .array(places + [place])
    return place
  }
}

/// Encodes a value as JSON and arrays.
struct ModelEncoder: Encoder {
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  private let place: Place
  private let store: ArrayStore

  static func encode(_ value: some Encodable, _ store: ArrayStore) throws -> JSON {
    let place = Place()
    try ModelEncoder(codingPath: [], place: place, store: store).encode(value)
    return place.json
  }

  fileprivate init(codingPath: [any CodingKey], place: Place, store: ArrayStore) {
    (self.codingPath, self.place, self.store) = (codingPath, place, store)
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
    place.content = .object([])
    return KeyedEncodingContainer(KeyedPlaces(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    place.content = .array([])
    return UnkeyedPlaces(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { SinglePlace(encoder: self) }

  fileprivate func member(_ key: any CodingKey) -> ModelEncoder {
    ModelEncoder(codingPath: codingPath + [key], place: place.member(key.stringValue), store: store)
  }

  fileprivate func element() -> ModelEncoder {
    let key = ElementKey(intValue: place.places.count)
    return ModelEncoder(codingPath: codingPath + [key], place: place.element(), store: store)
  }

  fileprivate var count: Int { place.places.count }

  fileprivate func encodeNull() { place.content = .value(.null) }

  fileprivate func encode<Value: Encodable>(_ value: Value) throws {
    let json: JSON?
    switch value {
    case let value as Bool: json = .bool(value)
    case let value as String: json = .string(value)
    case let value as Double: json = JSON(value)
    case let value as Float: json = JSON(value)
    case let value as any FixedWidthInteger: json = .number("\(value)")
    case let array as any StoredArray: json = store.add(array, codingPath)
    default: json = nil
    }
    if let json { place.content = .value(json) } else { try value.encode(to: self) }
  }
}

extension JSON {
  /// A number with as many digits as tell it from all others; what JSON lacks is a text.
  fileprivate init<Number: BinaryFloatingPoint & LosslessStringConvertible>(_ number: Number) {
    self = number.isFinite ? .number("\(number)") : .string("\(number)")
  }
}

/// The key of an element of an array.
struct ElementKey: CodingKey {
  let intValue: Int?
  var stringValue: String { "\(intValue ?? 0)" }

  init(intValue: Int) { self.intValue = intValue }
  init?(stringValue: String) {
    guard let number = Int(stringValue) else { return nil }
    self.init(intValue: number)
  }
}

/// The key of a base class.
struct SuperKey: CodingKey {
  let stringValue = "super"
  let intValue: Int? = nil

  init() {}
  init?(intValue: Int) { nil }
  init?(stringValue: String) { nil }
}

// One generic method meets the requirements of all types.

private struct KeyedPlaces<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let encoder: ModelEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }

  func encodeNil(forKey key: Key) { encoder.member(key).encodeNull() }
  func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try encoder.member(key).encode(value) }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested>
  {
    encoder.member(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder.member(key).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { encoder.member(SuperKey()) }
  func superEncoder(forKey key: Key) -> any Encoder { encoder.member(key) }
}

private struct UnkeyedPlaces: UnkeyedEncodingContainer {
  let encoder: ModelEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }
  var count: Int { encoder.count }

  func encodeNil() { encoder.element().encodeNull() }
  func encode<Value: Encodable>(_ value: Value) throws { try encoder.element().encode(value) }
  func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder.element().container(keyedBy: type)
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.element().unkeyedContainer() }
  func superEncoder() -> any Encoder { encoder.element() }
}

private struct SinglePlace: SingleValueEncodingContainer {
  let encoder: ModelEncoder
  var codingPath: [any CodingKey] { encoder.codingPath }

  func encodeNil() { encoder.encodeNull() }
  func encode<Value: Encodable>(_ value: Value) throws { try encoder.encode(value) }
}
