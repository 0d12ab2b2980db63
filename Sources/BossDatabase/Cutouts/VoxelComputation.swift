package import BossGeometry
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

    /// Voxels of a part.
    fileprivate static let partVoxelLimit = 4 << 20
    /// Voxels that are worth waking another thread.
    private static let shareVoxelCount = 1 << 16

    /// Evaluates it in a region.
    ///
    /// - Parameter channel: one of the channels, whose limits hold.
    /// - Throws: 22012, 22003 naming the voxel; as reading.
    package func read(
        _ region: CutoutRegion, of channel: Channel, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let type = program.type.voxelType
        return try channel.assemble(region, type) { (part, memory) throws(DatabaseError) in
            try evaluate(part, channel, view, control, into: memory, &statistics)
            return true
        }
    }

    /// Reads the voxels of a channel where this condition holds, elsewhere background.
    ///
    /// Parts where it holds nowhere are not read.
    package func read(
        _ region: CutoutRegion, valuesOf channel: Channel, view: DatabaseView, control: OperationControl,
        statistics: inout ReadStatistics
    ) throws(DatabaseError) -> AnyVolume {
        let width = channel.voxelType.byteCount
        return try channel.assemble(region, channel.voxelType) { (part, memory) throws(DatabaseError) in
            let mask = VoxelStorage(byteCount: part.voxelCount, zeroed: false)
            try withMemory(of: mask) { (bytes) throws(DatabaseError) in
                try evaluate(part, channel, view, control, into: bytes, &statistics)
            }
            guard mask.withUnsafeBytes(VoxelMasking.holdsAnywhere) else { return false }
            statistics += try channel.read(
                part, as: .stored, view: view.view, into: memory, control: control)
            mask.withUnsafeBytes { bytes in
                VoxelMasking.clear(
                    memory, voxelByteCount: width, where: bytes, to: channel.layout.backgroundBits)
            }
            return true
        }
    }

    /// Reads what the program wants of a part, and runs it on all cores.
    private func evaluate(
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

extension Channel {
    /// Makes a volume of a region part by part.
    ///
    /// - Parameter body: fills the memory of a part, or leaves it and returns false where it is all background.
    fileprivate func assemble(
        _ region: CutoutRegion, _ type: VoxelType,
        _ body: (CheckedRegion, UnsafeMutableRawBufferPointer) throws(DatabaseError) -> Bool
    ) throws(DatabaseError) -> AnyVolume {
        let checked = try check(region)
        _ = try checkResult(checked, as: type)
        let (box, width) = (checked.box, type.byteCount)
        var volume = try mappingErrors { () throws(VoxelError) in
            try AnyVolume(
                voxelType: type, axes: [.t, .z, .y, .x],
                shape: [checked.time.count, box.extent.z, box.extent.y, box.extent.x], zeroed: false)
        }
        let filled = volume.withUnsafeMutableBytes { memory in
            Result { () throws(DatabaseError) in
                guard let base = memory.baseAddress else { return }
                for (number, time) in checked.time.enumerated() {
                    let sample = base + number * box.voxelCount * width
                    for part in layout.grid.parts(of: box, voxelCount: VoxelComputation.partVoxelLimit) {
                        let region = CheckedRegion(
                            level: checked.level, box: part, time: time..<time + 1, hasTimeAxis: true)
                        try place(region, in: sample, box, width, body)
                    }
                }
            }
        }
        try filled.get()
        return volume
    }

    /// Fills a part of a dense array: in place where its voxels follow each other there.
    private func place(
        _ part: CheckedRegion, in sample: UnsafeMutableRawPointer, _ box: VoxelBox, _ width: Int,
        _ body: (CheckedRegion, UnsafeMutableRawBufferPointer) throws(DatabaseError) -> Bool
    ) throws(DatabaseError) {
        let (extent, origin) = (part.box.extent, part.box.lower.relative(to: box.lower))
        let byteCount = part.voxelCount * width
        if extent.x == box.extent.x, extent.y == box.extent.y {
            let start = sample + origin.z * extent.x * extent.y * width
            if try body(part, UnsafeMutableRawBufferPointer(start: start, count: byteCount)) { return }
        } else {
            let scratch = VoxelStorage(byteCount: byteCount, zeroed: false)
            let isFilled = try scratch.withUnsafeMutableBytes { memory in
                Result { () throws(DatabaseError) in try body(part, memory) }
            }.get()
            if isFilled {
                scratch.withUnsafeBytes { bytes in
                    guard let source = bytes.baseAddress else { return }
                    VoxelCopy.copyBox(
                        from: source, sourceExtent: extent, sourceOrigin: .zero, to: sample,
                        destinationExtent: box.extent, destinationOrigin: origin, extent: extent,
                        voxelByteCount: width)
                }
                return
            }
        }
        VoxelCopy.fillBox(
            in: sample, destinationExtent: box.extent, destinationOrigin: origin, extent: extent,
            voxelByteCount: width, valueBits: layout.backgroundBits)
    }

    /// Whether another channel has the same voxels in space at a level.
    ///
    /// - Throws: 22V05.
    package func requireSameSpace(_ other: Channel, at level: ResolutionLevel) throws(DatabaseError) {
        let theirs = try mappingErrors { () throws(GeometryError) in
            try other.hierarchy.level(level.level, isIsotropic: level.isIsotropic)
        }
        guard other.box(at: theirs) == box(at: level),
            other.voxelNanometers(at: theirs) == voxelNanometers(at: level)
        else {
            throw DatabaseError(
                "22V05", "\(path) and \(other.path) differ in extent or voxel size at resolution \(level)",
                hint: "see DESCRIBE \(other.path)")
        }
    }

    private func voxelNanometers(at level: ResolutionLevel) -> PhysicalSize {
        hierarchy.voxelSize(at: level).scaled(by: hierarchy.frame.unit.nanometersPerUnit)
    }
}
