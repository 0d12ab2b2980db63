import BossGeometry
import BossTestSupport
import BossVoxels
import Testing

@testable import BossDatabase

/// What the history says about commits, and which statements make none.
@Suite("Words of the history")
struct HistoryWordsTests {
    private let frame = VoxelBox(x: 5..<46, y: 3..<36, z: 2..<19)

    @Test("a restored region is told with its axes, a whole channel without")
    func restoredRegions() throws {
        let simulated = try SimulatedDatabase(seed: 5)
        let channel = try simulated.database.make(ChannelPlan())
        try channel.write(try ModelVolume(frame, filledWith: 7).volume(.uint8), at: frame.lower)
        let old = try simulated.database.view(.commit(0))
        let part = VoxelBox(x: 6..<9, y: frame[.y], z: 4..<5)
        try channel.restore(CutoutRegion(box: part), to: old)
        try channel.restore(CutoutRegion(box: frame), to: old)
        #expect(
            try simulated.database.history().map(\.action).prefix(2) == [
                "RESTORE lab/exp/data TO @#0", "RESTORE lab/exp/data X 6:9 Z 4:5 TO @#0",
            ])
    }

    @Test("erasing what is background makes no commit, of whole cuboids and of parts")
    func erasedBackground() throws {
        let simulated = try SimulatedDatabase(seed: 6)
        let channel = try simulated.database.make(ChannelPlan())
        try channel.write(try ModelVolume(frame, filledWith: 7).volume(.uint8), at: frame.lower)
        try channel.erase(CutoutRegion(box: frame))
        let commit = try simulated.database.view().commit
        for box in [frame, VoxelBox(x: 6..<9, y: 4..<5, z: 4..<5)] {
            let summary = try channel.erase(CutoutRegion(box: box))
            #expect(summary.changedVoxelCount == 0 && summary.isCounted, "\(box)")
            #expect(try simulated.database.view().commit == commit, "\(box)")
        }
        // Zeros that were written are background too.
        try channel.write(try ModelVolume(frame, filledWith: 7).volume(.uint8), at: frame.lower)
        try channel.write(try ModelVolume(frame, filledWith: 0).volume(.uint8), at: frame.lower)
        let written = try simulated.database.view().commit
        try channel.erase(CutoutRegion(box: frame))
        #expect(try simulated.database.view().commit == written)
    }
}
