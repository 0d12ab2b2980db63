import BossDatabase
import BossFormats
import BossGeometry
import BossVoxels

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How the voxels of a query leave it.
struct OutputPlan {
    enum Format: String {
        /// The array itself.
        case volume
        case npy = "NPY"
        case raw = "RAW"
        case png = "PNG"
    }

    let format: Format
    let file: Located<String>?
    var window: (lower: Scalar, upper: Scalar, position: NodePosition)?
    var usesHashColors: Bool
    let position: NodePosition

    /// Reads FORMAT and INTO FILE.
    ///
    /// - Throws: 0A000 for formats and options that are not built, 22V10 for a picture of a volume.
    init(_ query: VolumeQuery, isAnnotation: Bool) throws(DatabaseError) {
        let isPicture = query.artifact.value == .image
        usesHashColors = isAnnotation
        position = query.format?.position ?? query.artifact.position
        file = if case .file(let name)? = query.destination { name } else { nil }
        if let name = query.format?.name {
            guard let format = Format(rawValue: name.text.uppercased()), format != .volume else {
                throw StatementExecutor.notSupported("FORMAT \(name.text.uppercased())", name.position)
            }
            self.format = format
        } else {
            format = isPicture ? .png : Self.format(ofFile: file?.value)
        }
        guard (format == .png) == isPicture else {
            throw DatabaseError(
                "22V10",
                isPicture
                    ? "an IMAGE is a PNG picture"
                    : "PNG holds a picture, not a \(query.artifact.value.rawValue)",
                hint: "SELECT IMAGE … FORMAT PNG, or FORMAT NPY for voxels", position: position.source)
        }
        try readOptions(query.format?.options ?? [])
    }

    /// Refuses a picture that PNG cannot hold before its voxels are read.
    ///
    /// - Throws: 22V10.
    func refuseLargePicture(of query: BoundVolume) throws(DatabaseError) {
        guard format == .png else { return }
        let bound = query.region
        let lengths = [SpatialAxis.z, .y, .x].filter { !bound.singleAxes.contains($0) }.map {
            bound.requested.extent[$0]
        }
        guard lengths.count == 2 else { return }
        let isDirect = window == nil && query.voxelType == .uint16
        do throws(FormatError) {
            try PNGEncoder.check(
                width: lengths[1], height: lengths[0], pixelByteCount: usesHashColors ? 4 : isDirect ? 2 : 1)
        } catch {
            var refusal = DatabaseError(error).at(position)
            refusal.hint = "ask for a part of it, or for a coarser level with RES"
            throw refusal
        }
    }

    private static func format(ofFile name: String?) -> Format {
        guard let name else { return .volume }
        return name.lowercased().hasSuffix(".raw") ? .raw : .npy
    }

    private mutating func readOptions(_ options: [FormatOption]) throws(DatabaseError) {
        for option in options {
            switch option {
            case .window(let lower, let upper, let position) where format == .png:
                window = (lower, upper, position)
            case .color(let scheme) where format == .png: usesHashColors = scheme.value == .hash
            case .quality(let value): throw StatementExecutor.notSupported("QUALITY", value.position)
            case .scale(let value): throw StatementExecutor.notSupported("SCALE", value.position)
            case .over(_, _, let position): throw StatementExecutor.notSupported("OVER", position)
            case .window(_, _, let position):
                throw DatabaseError("22023", "WINDOW goes with PNG", position: position.source)
            case .color(let scheme):
                throw DatabaseError("22023", "COLOR goes with PNG", position: scheme.position.source)
            }
        }
    }
}

extension StatementExecutor {
    /// Encodes a result, and writes it to a file when the statement says so.
    func output(_ result: VolumeResult, _ plan: OutputPlan) throws(DatabaseError) -> ResultValue {
        if plan.format == .volume { return .volume(result) }
        if plan.format == .npy, let file = plan.file {
            try locating(file.position) { () throws(DatabaseError) in
                try mappingErrors { () throws(FormatError) in
                    try NPYWriter.write(result.volume, to: file.value)
                }
            }
            return written(file.value, byteCount: fileByteCount(file.value))
        }
        let encoded = try encode(result, plan)
        guard let file = plan.file else { return .encoded(encoded) }
        try write(encoded.bytes, to: file)
        return written(file.value, byteCount: encoded.bytes.count)
    }

    /// Writes a whole file in place of an older one.
    func write(_ bytes: [UInt8], to file: Located<String>) throws(DatabaseError) {
        do {
            try Data(bytes).write(to: URL(fileURLWithPath: file.value), options: .atomic)
        } catch {
            throw DatabaseError(
                "58030", "\(file.value) cannot be written", hint: "check the folder and its rights",
                position: file.position.source, cause: error)
        }
    }

    private func fileByteCount(_ path: String) -> Int {
        // Only shown; the file was just written.
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? Int) ?? 0
    }

    private func written(_ file: String, byteCount: Int) -> ResultValue {
        .rows(
            RowSet(
                columns: [Column("file", .text), Column("bytes", .uint64)],
                rows: [[.text(file), .unsigned(UInt64(byteCount))]]))
    }

    private func encode(_ result: VolumeResult, _ plan: OutputPlan) throws(DatabaseError) -> EncodedResult {
        let volume = result.volume
        let dimensions = volume.shape.map(String.init).joined(separator: "x")
        let kept = volume.byteCount <= 64 << 20 ? result : nil
        switch plan.format {
        case .png:
            let bytes = try picture(result, plan)
            return EncodedResult(
                mediaType: "image/png", fileExtension: "png", bytes: bytes,
                summary: "PNG \(volume.shape[1]) x \(volume.shape[0])", volume: kept)
        case .raw:
            return EncodedResult(
                mediaType: "application/octet-stream", fileExtension: "raw",
                bytes: volume.withUnsafeBytes { Array($0) },
                summary: "RAW \(volume.voxelType.rawValue) \(dimensions)",
                volume: kept)
        case .npy, .volume:
            let bytes = try mappingErrors { () throws(FormatError) in try NPYWriter.encode(volume) }
            return EncodedResult(
                mediaType: "application/x-npy", fileExtension: "npy", bytes: bytes,
                summary: "NPY \(volume.voxelType.rawValue) \(dimensions)", volume: kept)
        }
    }

    /// Row 0 of the picture is the smallest coordinate of the slice's first axis.
    private func picture(_ result: VolumeResult, _ plan: OutputPlan) throws(DatabaseError) -> [UInt8] {
        let volume = result.volume
        let (height, width) = (volume.shape[0], volume.shape[1])
        return try locating(plan.position) { () throws(DatabaseError) in
            if plan.usesHashColors {
                let pixels = try SlicePixels.labelColors(volume)
                return try mappingErrors { () throws(FormatError) in
                    try PNGEncoder.encodeRGBA8(width: width, height: height, pixels: pixels)
                }
            }
            if plan.window == nil, volume.voxelType == .uint8 || volume.voxelType == .uint16 {
                return try mappingErrors { () throws(FormatError) in try PNGEncoder.encode(slice: volume) }
            }
            let range = try plan.window.map { (window) throws(DatabaseError) in
                let (low, high) = (try number(window.lower), try number(window.upper))
                guard low < high else {
                    throw DatabaseError(
                        "22V02", "WINDOW \(low), \(high) is empty", position: window.position.source)
                }
                return low...high
            }
            let pixels = SlicePixels.gray(volume, window: range)
            return try mappingErrors { () throws(FormatError) in
                try PNGEncoder.encodeGray8(width: width, height: height, pixels: pixels)
            }
        }
    }
}
