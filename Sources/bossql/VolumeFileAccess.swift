import BossDatabase
import BossFormats
import BossGeometry
import BossQuery
import BossVoxels
import Glibc

/// Volume files and label colours, as the module BossFormats has them.
enum VolumeFileAccess {
    /// A whole volume from a file that `VolumeFiles` can read.
    static func load(_ path: String) throws(DatabaseError) -> AnyVolume {
        do {
            let reader = try VolumeFiles.open(pattern: path, format: nil)
            let extent = reader.extent
            let spatial = [extent.z, extent.y, extent.x]
            let times = reader.timeSampleCount
            var volume = try AnyVolume(
                voxelType: reader.voxelType, axes: reader.axes,
                shape: times > 1 ? [times] + spatial : spatial,
                zeroed: false)
            try volume.withUnsafeMutableBytes { bytes in
                let byteCount = bytes.count / max(1, times)
                for time in 0..<times {
                    let sample = UnsafeMutableRawBufferPointer(
                        rebasing: bytes[(time * byteCount)..<((time + 1) * byteCount)])
                    try reader.read(z: 0..<extent.z, time: time, into: sample)
                }
            }
            return volume
        } catch {
            throw DatabaseError("22V09", "\(error)", cause: error)
        }
    }

    /// The bytes of a .npy file.
    static func npyBytes(_ volume: AnyVolume) throws(DatabaseError) -> [UInt8] {
        do { return try NPYWriter.encode(volume) } catch { throw failure(error) }
    }

    /// Writes a .npy file.
    static func save(_ volume: AnyVolume, to path: String) throws(DatabaseError) {
        do { try NPYWriter.write(volume, to: path) } catch { throw failure(error) }
    }

    private static func failure(_ error: FormatError) -> DatabaseError {
        if case .unwritable(_, ENOSPC) = error { return DatabaseError("53100", "\(error)", cause: error) }
        return DatabaseError("58030", "\(error)", cause: error)
    }

    /// The colour that pictures give a label.
    static func labelColor(_ id: UInt64) -> ScreenColor {
        let color = LabelColors.color(for: id)
        return ScreenColor(red: color.r, green: color.g, blue: color.b)
    }
}
