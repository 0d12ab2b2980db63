import Foundation

/// The files of a store, as the operating system sees them.
struct StoreFiles {
    /// Paths of all files.
    let paths: [String]

    /// Lists a folder and the folders in it.
    init(_ folder: String) {
        let names = FileManager.default.subpaths(atPath: folder) ?? []
        var isFolder: ObjCBool = false
        paths = names.map { folder + "/" + $0 }.filter {
            FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
    }

    /// Bytes on disk.
    var byteCount: Int {
        paths.reduce(0) { sum, path in
            var status = stat()
            return stat(path, &status) == 0 ? sum + Int(status.st_blocks) * 512 : sum
        }
    }

    /// Asks the system to forget the files' pages; only pages that are written and not mapped go.
    func dropFromPageCache() {
        #if os(Linux)
            forEachDescriptor { descriptor, _ in _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) }
        #endif
    }

    /// Bytes of the files in the page cache.
    func residentByteCount() -> Int {
        var resident = 0
        #if os(Linux)
            let page = Int(sysconf(Int32(_SC_PAGESIZE)))
            forEachDescriptor { descriptor, byteCount in
                guard byteCount > 0, let base = mmap(nil, byteCount, PROT_READ, MAP_SHARED, descriptor, 0),
                    base != MAP_FAILED
                else { return }
                var states = [UInt8](repeating: 0, count: (byteCount + page - 1) / page)
                if mincore(base, byteCount, &states) == 0 { resident += states.count { $0 & 1 == 1 } * page }
                munmap(base, byteCount)
            }
        #endif
        return resident
    }

    private func forEachDescriptor(_ body: (Int32, Int) -> Void) {
        for path in paths {
            let descriptor = open(path, O_RDONLY)
            guard descriptor >= 0 else { continue }
            body(descriptor, Int(lseek(descriptor, 0, SEEK_END)))
            close(descriptor)
        }
    }
}
