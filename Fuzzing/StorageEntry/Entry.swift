import BossFuzzBodies

private let program = FuzzProgram(StorageTargets.all)

/// libFuzzer calls this first.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeRawPointer, _ arguments: UnsafeRawPointer) -> CInt {
    _ = program
    return 0
}

/// libFuzzer calls this for every input; the bytes are lent.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    program.run(start, count)
    return 0
}
