import BossStorage

/// What two runs are compared by.
extension Simulation {
    /// A number that all names and bytes of files decide.
    package var fileDigest: UInt64 {
        var digest = Digest()
        for name in machine.fileNames {
            digest.add(Array(name.utf8))
            digest.add(machine.contents(name) ?? [])
        }
        return digest.value
    }

    /// The first place where the files differ from those of another run, nil when there is none.
    package func fileDifference(from other: Simulation) -> String? {
        guard machine.fileNames == other.machine.fileNames else {
            return "files \(machine.fileNames) and \(other.machine.fileNames)"
        }
        for name in machine.fileNames {
            let (bytes, others) = (machine.contents(name) ?? [], other.machine.contents(name) ?? [])
            if bytes.count != others.count { return "\(name): \(bytes.count) and \(others.count) bytes" }
            let differing = bytes.indices.filter { bytes[$0] != others[$0] }
            if let first = differing.first {
                return "\(name): \(differing.count) of \(bytes.count) bytes, the first at \(first)"
            }
        }
        return nil
    }

    /// A number that the voxels decide, as the writer shows them.
    package func contentDigest() throws -> UInt64 {
        stopFailures(onlyErrors: false)
        if writer == nil { try openWriter() }
        guard let engine = writer?.engine else { throw TestFailure("not opened") }
        let view = try engine.view()
        var digest = Digest()
        digest.add(withUnsafeBytes(of: view.sequence.littleEndian, Array.init))
        for (group, codes) in groups {
            for page in try view.locate(group, codes: codes) {
                let resolved = try engine.resolve(page, group)
                for brick in 0..<PageChange.brickCount {
                    digest.add(try bricks.voxels(resolved.source(ofBrick: brick), engine))
                }
            }
        }
        return digest.value
    }
}

/// FNV-1a over 64 bits.
struct Digest {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    mutating func add(_ bytes: [UInt8]) {
        for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        value = (value ^ UInt64(bytes.count)) &* 0x100_0000_01B3
    }
}
