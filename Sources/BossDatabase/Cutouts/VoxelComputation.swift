import BossGeometry
import BossStorage
package import BossVoxels

/// An expression over the voxels of channels of the same space, such as labels that choose voxels of an image.
///
/// It is evaluated part by part of the region, at cuboid borders, so that it never holds more than a few parts of each
/// channel.
package struct VoxelComputation: Sendable {
    /// What an expression reads of a channel.
    package struct Source: Sendable {
        let channel: Channel
        /// Voxels, or a mask of a byte a voxel.
        let reading: VoxelReading

        package init(_ channel: Channel, _ reading: VoxelReading) {
            (self.channel, self.reading) = (channel, reading)
        }

        fileprivate var byteCount: Int { reading.isMask ? 1 : channel.voxelType.byteCount }
    }

    /// An operation of the statement, for errors.
    package struct Site: Sendable {
        let text: String
        let position: SourcePosition

        package init(_ text: String, _ position: SourcePosition) {
            (self.text, self.position) = (text, position)
        }
    }

    package let program: VoxelProgram
    let sources: [Source]
    let sites: [Site]

    /// - Parameters:
    ///   - sources: what the program calls by number.
    ///   - sites: what its failures call by number.
    package init(_ expression: VoxelExpression, sources: [Source], sites: [Site]) {
        program = VoxelProgram(expression)
        (self.sources, self.sites) = (sources, sites)
    }

    /// The channels it reads, each once.
    package var channels: [Channel] {
        var channels: [Channel] = []
        for source in sources where !channels.contains(where: { $0.path == source.channel.path }) {
            channels.append(source.channel)
        }
        return channels
    }

    /// In words: what it reads, and what rows go through.
    package var summary: String {
        let masks = sources.filter(\.reading.isMask).count
        return "\(sources.count - masks) arrays, \(masks) masks, \(program.operationCount) operations a row"
    }

    /// Voxels that are worth waking another thread.
    private static let shareVoxelCount = 1 << 16

    /// Fills memory with the voxels of a channel where this condition holds, elsewhere with background.
    ///
    /// - Returns: false, and nothing read of the channel, where it holds nowhere.
    func fill(
        _ part: Channel.CheckedRegion, valuesOf channel: Channel, _ view: DatabaseView,
        _ control: OperationControl, into memory: UnsafeMutableRawBufferPointer,
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) -> Bool {
        let mask = VoxelStorage(byteCount: part.voxelCount, zeroed: false)
        try withMemory(of: mask) { (bytes) throws(DatabaseError) in
            try fill(part, channel, view, control, into: bytes, &statistics)
        }
        guard mask.withUnsafeBytes(VoxelMasking.holdsAnywhere) else { return false }
        statistics += try channel.read(part, as: .stored, view: view.view, into: memory, control: control)
        mask.withUnsafeBytes { bytes in
            VoxelMasking.clear(
                memory, voxelByteCount: channel.voxelType.byteCount, where: bytes,
                to: channel.layout.backgroundBits)
        }
        return true
    }

    /// Reads what the program wants of a part, and runs it on all cores.
    func fill(
        _ part: Channel.CheckedRegion, _ channel: Channel, _ view: DatabaseView,
        _ control: OperationControl, into memory: UnsafeMutableRawBufferPointer,
        _ statistics: inout ReadStatistics
    ) throws(DatabaseError) {
        var arrays: [VoxelStorage] = []
        for source in sources {
            let array = VoxelStorage(byteCount: part.voxelCount * source.byteCount, zeroed: false)
            let own = try source.channel.check(
                CutoutRegion(box: part.box, level: part.level, time: part.time))
            statistics += try withMemory(of: array) { (bytes) throws(DatabaseError) in
                try source.channel.read(
                    own, as: source.reading, view: view.view, into: bytes, control: control)
            }
            arrays.append(array)
        }
        let read = arrays
        let target = SharedMemory(memory)
        let workers = channel.database.workers
        let shareCount = max(1, min(workers.count * 4, part.voxelCount / Self.shareVoxelCount))
        try workers.forEach(shareCount) { (number) throws(DatabaseError) in
            try control.cancellation.check()
            let range =
                number * part.voxelCount / shareCount..<(number + 1) * part.voxelCount / shareCount
            do throws(VoxelExpressionFailure) {
                try program.evaluate(
                    read.compactMap(\.unsafeBytes.baseAddress), in: part.box, time: part.time.lowerBound,
                    range: range,
                    into: target.base + range.lowerBound * program.type.voxelType.byteCount)
            } catch {
                throw failed(error, part)
            }
        }
        withExtendedLifetime(arrays) {}
    }

    private func withMemory<R>(
        of storage: VoxelStorage,
        _ body: (UnsafeMutableRawBufferPointer) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        try storage.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in try body(memory) }
        }.get()
    }

    private func failed(_ failure: VoxelExpressionFailure, _ part: Channel.CheckedRegion) -> DatabaseError {
        let (extent, lower) = (part.box.extent, part.box.lower)
        let (x, row) = (failure.index % extent.x, failure.index / extent.x)
        let voxel = "voxel (\(lower.x + x), \(lower.y + row % extent.y), \(lower.z + row / extent.y))"
        let site = sites.indices.contains(failure.site) ? sites[failure.site] : nil
        let text = site?.text ?? "the expression"
        switch failure.reason {
        case .divisionByZero:
            return DatabaseError(
                "22012", "\(text) divides by zero in \(voxel)",
                hint: "leave such voxels out: CASE WHEN divisor <> 0 THEN ... END", position: site?.position)
        case .outOfRange(let type):
            return DatabaseError(
                "22003", "\(text) does not fit \(type.rawValue) in \(voxel)",
                hint:
                    "CLAMP(x AS type) takes the nearest number of a type, CAST(x AS FLOAT64) computes with floats",
                position: site?.position)
        }
    }
}
