import BossGeometry
import BossQuery
import BossVoxels

/// What is said of a volume instead of its numbers.
enum VolumeSummary {
    /// `UINT8 (Z,Y,X) = (16,512,512)  4.0 MiB  12.3 ms`.
    static func line(_ volume: AnyVolume, milliseconds: Double?) -> String {
        var line = "\(volume.voxelType.rawValue) (\(axes(volume))) = (\(shape(volume)))"
        line += "  \(Quantities.bytes(volume.byteCount))"
        if let milliseconds { line += "  \(Quantities.time(milliseconds: milliseconds))" }
        return line
    }

    /// `image/png 512 x 512  12.3 KiB  4.56 ms`.
    static func line(_ encoded: EncodedResult, milliseconds: Double) -> String {
        let summary = encoded.summary.isEmpty ? "" : " \(DisplayWidth.printable(encoded.summary))"
        return "\(encoded.mediaType)\(summary)  \(Quantities.bytes(encoded.bytes.count))"
            + "  \(Quantities.time(milliseconds: milliseconds))"
    }

    /// The volume as one JSON object, without its voxels.
    static func json(_ result: VolumeResult, milliseconds: Double) -> String {
        let volume = result.volume
        let names = volume.axes.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        let origin = result.origin.map(String.init).joined(separator: ",")
        return "{\"dtype\":\"\(volume.voxelType.rawValue)\",\"axes\":[\(names)],\"shape\":[\(shape(volume))],"
            + "\"origin\":[\(origin)],\"res\":\(result.resolution),\"bytes\":\(volume.byteCount),"
            + "\"ms\":\(Quantities.decimal(milliseconds, places: 3))}"
    }

    /// Shape, dtype, place, smallest and largest voxel, for `.last`. Reads every voxel once.
    static func details(_ result: VolumeResult) -> [(name: String, value: String)] {
        let volume = result.volume
        var lines = [
            ("dtype", volume.voxelType.rawValue), ("axes", axes(volume)), ("shape", shape(volume)),
            ("origin", result.origin.map(String.init).joined(separator: ",")),
            ("res", String(result.resolution)), ("bytes", String(volume.byteCount)),
        ]
        if let (least, most) = VoxelReader.range(of: volume) {
            lines.append(("min", least))
            lines.append(("max", most))
        }
        return lines
    }

    private static func axes(_ volume: AnyVolume) -> String {
        volume.axes.map(\.rawValue).joined(separator: ",")
    }

    private static func shape(_ volume: AnyVolume) -> String {
        volume.shape.map(String.init).joined(separator: ",")
    }
}
