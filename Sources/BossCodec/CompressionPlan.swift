import BossVoxels

/// What an encoder tries on a brick that is not constant: settings, the saving it asks for, and whether
/// a sample decides first. The choice was measured: docs/decisions/0002-brick-codecs.md.
struct CompressionPlan: Hashable, Sendable {
    /// Settings, of which the one that shrinks a sample most is used; none at all means raw.
    private(set) var candidates: [BloscFrame.Setting]
    /// A frame is kept if it saves at least the brick's bytes divided by this.
    private(set) var savingDivisor: Int
    /// Whether a brick whose sample hardly shrinks is raw without a further trial.
    private(set) var skipsBySample: Bool

    init(voxelType: VoxelType, preference: CompressionPreference) {
        switch preference {
        case .none:
            self.init(candidates: [], savingDivisor: 1, skipsBySample: false)
        case .automatic:
            self.init(
                candidates: Self.settings(.lz4, voxelType), savingDivisor: 5,
                skipsBySample: !Self.holdsIDs(voxelType))
        case .lz4:
            self.init(candidates: Self.settings(.lz4, voxelType), savingDivisor: 16, skipsBySample: false)
        case .zstd:
            self.init(candidates: Self.settings(.zstd, voxelType), savingDivisor: 16, skipsBySample: false)
        }
    }

    private init(candidates: [BloscFrame.Setting], savingDivisor: Int, skipsBySample: Bool) {
        self.candidates = candidates
        self.savingDivisor = savingDivisor
        self.skipsBySample = skipsBySample
    }

    /// Bytes that a frame may have at most to be kept.
    func frameLimit(_ brickByteCount: Int) -> Int { brickByteCount - brickByteCount / savingDivisor }

    /// Integers of 32 and 64 bits are IDs: long runs, which a shuffle tears apart (a third of the ratio).
    private static func holdsIDs(_ voxelType: VoxelType) -> Bool {
        voxelType.isInteger && voxelType.byteCount >= 4
    }

    /// Images and numbers of several bytes gain from a shuffle, annotations of 16 bits lose by it.
    private static func settings(
        _ compressor: BloscFrame.Compressor, _ voxelType: VoxelType
    ) -> [BloscFrame.Setting] {
        let isLabel = holdsIDs(voxelType)
        let level: Int32 = compressor == .zstd ? 1 : isLabel ? 9 : 5
        let plain = BloscFrame.Setting(compressor: compressor, level: level, shuffledByteCount: 1)
        guard !isLabel, voxelType.byteCount > 1 else { return [plain] }
        var shuffled = plain
        shuffled.shuffledByteCount = voxelType.byteCount
        return [shuffled, plain]
    }
}
