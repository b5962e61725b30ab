import CKernels

// What stands between the hashers and C's pointers.

/// The state that XXH3 and XXH128 share.
///
/// `@unchecked Sendable`: the only pointer in it is to the bytes of `secret`, which never change and live as long as it.
struct XXH3State: @unchecked Sendable {
  private var state = farro_xxh3_state()
  private let secret: Secret?

  init(seed: UInt64) {
    secret = nil
    farro_xxh3_init(&state, seed)
  }

  init(secret bytes: [UInt8]) {
    checkSecret(bytes.count)
    let secret = Secret(bytes)
    self.secret = secret
    check(farro_xxh3_init_secret(&state, secret.bytes.baseAddress, secret.bytes.count), "XXH3")
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    check(farro_xxh3_update(&state, bytes.baseAddress, bytes.count), "XXH3")
    withExtendedLifetime(secret) {}
  }

  var digest64: UInt64 {
    var hash: UInt64 = 0
    check(withUnsafePointer(to: state) { farro_xxh3_digest_64($0, &hash) }, "XXH3")
    withExtendedLifetime(secret) {}
    return hash
  }

  var digest128: UInt128 {
    var hash = farro_hash128()
    check(withUnsafePointer(to: state) { farro_xxh3_digest_128($0, &hash) }, "XXH128")
    withExtendedLifetime(secret) {}
    return hash.value
  }
}

/// Bytes at an address that does not move, which copies of a state share.
private final class Secret {
  let bytes: UnsafeMutableRawBufferPointer

  init(_ contents: [UInt8]) {
    bytes = .allocate(byteCount: contents.count, alignment: 64)
    bytes.copyBytes(from: contents)
  }

  deinit { bytes.deallocate() }
}

extension farro_hash128 {
  var value: UInt128 { UInt128(high) << 64 | UInt128(low) }
}

extension UnsafeMutablePointer<UInt128> {
  /// The same memory: on a little-endian machine, the only kind that the hashes serve, the low half lies first.
  var halves: UnsafeMutablePointer<farro_hash128> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: farro_hash128.self)
  }
}

private func checkSecret(_ count: Int) {
  let least = Int(farro_xxh3_least_secret)
  require(count >= least, "XXH3: a secret has at least \(least) bytes, not \(count)")
}

/// Calls `body` with contiguous bytes and a secret of sufficient length.
func withBytes<Result>(
  _ bytes: some Sequence<UInt8>,
  _ secret: some Sequence<UInt8>,
  _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Result
) -> Result {
  withBytes(secret) { secret in
    checkSecret(secret.count)
    return withBytes(bytes) { body($0, secret) }
  }
}

func withBytes<Result>(_ bytes: some Sequence<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
  bytes.withContiguousStorageIfAvailable { body(UnsafeRawBufferPointer($0)) } ?? Array(bytes).withUnsafeBytes(body)
}

/// Checks the keys and gives them, where there are any, to a C function that hashes `count` of them.
func hashKeys(
  _ name: StaticString,
  _ bytes: UnsafeRawBufferPointer,
  _ offsets: UnsafeBufferPointer<Int>,
  _ places: Int,
  _ kernel: (UnsafeRawPointer?, UnsafePointer<UInt64>, Int) -> farro_status
) {
  let count = max(0, offsets.count - 1)
  require(places == count, "\(name).hashes: \(places) hashes are no place for those of \(count) keys")
  guard let first = offsets.first, let last = offsets.last else { return }
  require(
    first >= 0 && last <= bytes.count,
    "\(name).hashes: offsets from \(first) to \(last) do not lie within \(bytes.count) bytes"
  )
  let status = offsets.baseAddress!.withMemoryRebound(to: UInt64.self, capacity: offsets.count) {
    kernel(bytes.baseAddress, $0, count)
  }
  require(status != FARRO_ERROR_ARGUMENT, "\(name).hashes: the offsets descend")
  check(status, name)
}
