/// Resolution bytes of a channel's pages that hold no voxels. Levels go up to 30, so these numbers are never one, in
/// either chain.
package enum ReservedResolution {
    /// What `MERGE IDS` maps to what.
    package static let mapping: UInt8 = 0x7F
    /// Meshes that were put in, one page an ID.
    package static let meshes: UInt8 = 0x7E
    /// The largest ID that `RESERVE` has given out.
    package static let identifiers: UInt8 = 0x7D
}

extension PageGroup {
    /// Whether its pages hold voxels of a resolution level.
    package var holdsVoxels: Bool { resolution & 0x7F < ReservedResolution.identifiers }
}
