import BossGeometry
import BossVoxels

/// Files of one slice each, read as one volume; only one of them is open at a time.
final class SliceStackReader: VolumeReader {
    let name: String
    let voxelType: VoxelType
    let extent: VoxelExtent
    var timeSampleCount: Int { 1 }

    private let files: [String]
    private let openFile: (String) throws(FormatError) -> any VolumeReader

    /// Opens every file once and checks that it is a slice of the type and shape of the first.
    ///
    /// - Throws: `FormatError.mismatch` for a slice that differs, `.unsupported` for a file of several.
    /// - Precondition: there is at least one file.
    init(
        name: String, files: [String],
        openFile: @escaping (String) throws(FormatError) -> any VolumeReader
    ) throws(FormatError) {
        let first = try openFile(files[0])
        // Checks 2^46 bytes in all, too.
        let shape = try VolumeShape(
            file: name, voxelType: first.voxelType, t: 1, z: files.count, y: first.extent.y, x: first.extent.x
        )
        self.name = name
        self.files = files
        self.openFile = openFile
        voxelType = shape.voxelType
        extent = shape.extent
        try check(first, file: files[0])
        for file in files.dropFirst() { try check(try openFile(file), file: file) }
    }

    func read(z: Range<Int>, time: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FormatError) {
        checkRequest(z: z, time: time, buffer: buffer)
        for (index, file) in files[z].enumerated() {
            let slice = try openFile(file)
            // The file may have changed since.
            try check(slice, file: file)
            let start = index * sliceByteCount
            try slice.read(
                z: 0..<1, time: 0,
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + sliceByteCount]))
        }
    }

    private func check(_ slice: any VolumeReader, file: String) throws(FormatError) {
        guard slice.extent.z == 1, slice.timeSampleCount == 1 else {
            throw .unsupported(
                file: file,
                what:
                    "a file of a stack holds one slice, this one holds \(slice.extent.z * slice.timeSampleCount)"
            )
        }
        let expected = "\(extent.x)x\(extent.y) \(voxelType.rawValue)"
        let found = "\(slice.extent.x)x\(slice.extent.y) \(slice.voxelType.rawValue)"
        guard expected == found else { throw .mismatch(file: file, expected: expected, found: found) }
    }
}
