import Farro

/// Decodes a value of JSON and arrays.
struct ModelDecoder: Decoder {
  let codingPath: [any CodingKey]
  let userInfo: [CodingUserInfoKey: Any] = [:]
  fileprivate let json: JSON
  private let arrays: Safetensors

  init(_ json: JSON, _ arrays: Safetensors) { self.init(codingPath: [], json: json, arrays: arrays) }

  private init(codingPath: [any CodingKey], json: JSON, arrays: Safetensors) {
    (self.codingPath, self.json, self.arrays) = (codingPath, json, arrays)
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .object(let members) = json else { throw mismatch(Key.self, "an object") }
    let values = Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value) })
    return KeyedDecodingContainer(KeyedValues(decoder: self, values: values))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let values) = json else { throw mismatch([JSON].self, "an array") }
    return UnkeyedValues(decoder: self, values: values)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { SingleValue(decoder: self) }

  fileprivate func inner(_ key: any CodingKey, _ json: JSON) -> ModelDecoder {
    ModelDecoder(codingPath: codingPath + [key], json: json, arrays: arrays)
  }

  fileprivate func mismatch(_ type: Any.Type, _ expected: String) -> DecodingError {
    .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "\(json.kind) is not \(expected)"))
  }

  func decode<Value: Decodable>(_: Value.Type = Value.self) throws -> Value {
    if let type = Value.self as? any StoredArray.Type, let name = json[ArrayStore.key]?.string {
      return try type.init(arrays, name) as! Value
    }
    return switch Value.self {
    case is Bool.Type: try boolean() as! Value
    case is String.Type: try string() as! Value
    case is Double.Type: try number(Double.self) as! Value
    case is Float.Type: try number(Float.self) as! Value
    case let type as any FixedWidthInteger.Type: try integer(type) as! Value
    default: try Value(from: self)
    }
  }

  private func boolean() throws -> Bool {
    guard case .bool(let value) = json else { throw mismatch(Bool.self, "a boolean") }
    return value
  }

  private func string() throws -> String {
    guard let text = json.string else { throw mismatch(String.self, "a string") }
    return text
  }

  private func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(_: Number.Type) throws -> Number {
    switch json {
    case .number(let text):
      if let number = Number(text), number.isFinite { return number }
    case .string("nan"): return .nan
    case .string("inf"): return .infinity
    case .string("-inf"): return -.infinity
    default: break
    }
    throw mismatch(Number.self, "a number of this size")
  }

  private func integer<Number: FixedWidthInteger>(_: Number.Type) throws -> Number {
    guard case .number(let text) = json, let number = Number(text) else {
      throw mismatch(Number.self, "a whole number from \(Number.min) to \(Number.max)")
    }
    return number
  }
}

private struct KeyedValues<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let decoder: ModelDecoder
  let values: [String: JSON]
  var codingPath: [any CodingKey] { decoder.codingPath }
  var allKeys: [Key] { values.keys.sorted().compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { values[key.stringValue] != nil }
  func decodeNil(forKey key: Key) throws -> Bool { try value(key).json == .null }
  func decode<Value: Decodable>(_: Value.Type, forKey key: Key) throws -> Value { try value(key).decode() }
  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type,
    forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> {
    try value(key).container(keyedBy: type)
  }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try value(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { try value(SuperKey()) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try value(key) }

  private func value(_ key: any CodingKey) throws -> ModelDecoder {
    guard let json = values[key.stringValue] else {
      throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: ""))
    }
    return decoder.inner(key, json)
  }
}

private struct UnkeyedValues: UnkeyedDecodingContainer {
  let decoder: ModelDecoder
  let values: [JSON]
  var currentIndex = 0

  init(decoder: ModelDecoder, values: [JSON]) { (self.decoder, self.values) = (decoder, values) }

  var codingPath: [any CodingKey] { decoder.codingPath }
  var count: Int? { values.count }
  var isAtEnd: Bool { currentIndex == values.count }

  mutating func decodeNil() throws -> Bool {
    guard try current().json == .null else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<Value: Decodable>(_: Value.Type) throws -> Value { try next { try $0.decode() } }
  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
    try next { try $0.container(keyedBy: type) }
  }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next { try $0.unkeyedContainer() }
  }
  mutating func superDecoder() throws -> any Decoder { try next { $0 } }

  private func current() throws -> ModelDecoder {
    let key = ElementKey(intValue: currentIndex)
    guard !isAtEnd else {
      let context = DecodingError.Context(codingPath: codingPath + [key], debugDescription: "the array ends too early")
      throw DecodingError.valueNotFound(JSON.self, context)
    }
    return decoder.inner(key, values[currentIndex])
  }

  private mutating func next<Value>(_ body: (ModelDecoder) throws -> Value) throws -> Value {
    let value = try body(try current())
    currentIndex += 1
    return value
  }
}

private struct SingleValue: SingleValueDecodingContainer {
  let decoder: ModelDecoder
  var codingPath: [any CodingKey] { decoder.codingPath }

  func decodeNil() -> Bool { decoder.json == .null }
  func decode<Value: Decodable>(_: Value.Type) throws -> Value {
    try decoder.decode()
  }
}
