// swift-tools-version: 6.2
import PackageDescription

// Swift 6.2 and later: the same targets as Package.swift, with warnings as errors.
// `make lint` checks that the two manifests describe the same package.

/// `make defects` plants defects that the tests must catch (docs/TESTING.md); no other build has any of it.
let defects: [SwiftSetting] =
    Context.environment["BOSSQL_SEEDED_DEFECTS"] == nil ? [] : [.define("SEEDED_DEFECTS")]

let checked: [SwiftSetting] =
    defects + [
        .swiftLanguageMode(.v6),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .treatAllWarnings(as: .error),
    ]
/// For modules that hold no unsafe code at all.
let strict: [SwiftSetting] = checked + [.strictMemorySafety()]

let package = Package(
    name: "BossQL",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "BossQL", targets: ["BossQL"]),
        .executable(name: "bossql", targets: ["bossql"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        // Points, boxes, cuboid grid, Morton code, resolution levels, coordinate frames.
        .target(name: "BossGeometry", swiftSettings: strict),

        // Voxel types, dense volumes, strided copies and reductions; the loops are C for `target_clones`.
        .target(name: "CVoxelKernels"),
        .target(name: "BossVoxels", dependencies: ["BossGeometry", "CVoxelKernels"], swiftSettings: checked),

        // Brick payloads to bytes and back, checksums.
        .systemLibrary(name: "CBlosc", pkgConfig: "blosc", providers: [.apt(["libblosc-dev"])]),
        .target(name: "CChecksum"),
        .target(
            name: "BossCodec", dependencies: ["BossGeometry", "BossVoxels", "CBlosc", "CChecksum"],
            swiftSettings: checked),

        // Image and volume files to voxels and back.
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(
            name: "BossFormats", dependencies: ["BossGeometry", "BossVoxels", "CPNG", "CTIFF", "CZlib"],
            swiftSettings: checked),

        // Surfaces of labels: surface nets, mesh files.
        .target(name: "BossMeshes", dependencies: ["BossGeometry"], swiftSettings: strict),

        // The engine: file system seam, log, segment files, manifest, views, buffer pool.
        .target(name: "CPosixShim"),
        .target(
            name: "BossStorage", dependencies: ["BossGeometry", "BossVoxels", "BossCodec", "CPosixShim"],
            swiftSettings: checked),

        // Collections, coordinate frames, experiments, channels, metadata, in SQLite.
        .target(
            name: "BossCatalog",
            dependencies: ["BossGeometry", "BossVoxels", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: checked),

        // The facade and the only way to the data.
        .target(
            name: "BossDatabase",
            dependencies: [
                "BossGeometry", "BossVoxels", "BossCodec", "BossFormats", "BossMeshes", "BossStorage",
                "BossCatalog",
            ],
            swiftSettings: checked),

        // Lexer, parser, binder, execution.
        .target(
            name: "BossQuery",
            dependencies: [
                "BossGeometry", "BossVoxels", "BossFormats", "BossMeshes", "BossCatalog", "BossDatabase",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: checked),

        // What a program imports.
        .target(
            name: "BossQL",
            dependencies: [
                "BossGeometry", "BossVoxels", "BossMeshes", "BossCatalog", "BossDatabase", "BossQuery",
            ],
            swiftSettings: checked),

        // The command line; GNU readline is linked here and nowhere else.
        .target(name: "CReadline", linkerSettings: [.linkedLibrary("readline")]),
        .executableTarget(
            name: "bossql",
            dependencies: [
                "BossQL", "BossGeometry", "BossVoxels", "BossFormats", "BossCatalog", "BossDatabase",
                "BossQuery",
                "CReadline",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: checked),

        // Seeded random numbers, temporary folders and oracles for the tests.
        .target(
            name: "BossTestSupport", dependencies: ["BossGeometry", "BossVoxels"],
            path: "Tests/BossTestSupport",
            swiftSettings: checked),
        // Random work, crashes and failures on a simulated disk beside a plain model; a program runs it for hours.
        .target(
            name: "BossSimulator",
            dependencies: ["BossStorage", "BossCodec", "BossVoxels", "BossGeometry", "BossTestSupport"],
            path: "Tests/BossSimulator",
            swiftSettings: checked),
        .executableTarget(
            name: "bossql-torture", dependencies: ["BossSimulator"],
            path: "Tests/Torture",
            swiftSettings: checked),
        // Kills the real program at work and compares what it had acknowledged; the tests do some of it, a program
        // any number.
        .target(
            name: "BossKiller", dependencies: ["BossTestSupport"],
            path: "Tests/BossKiller",
            swiftSettings: checked),
        .executableTarget(
            name: "bossql-kills", dependencies: ["BossKiller", "bossql"],
            path: "Tests/Kills",
            swiftSettings: checked),
        // Opens generated databases of 100 TB and 2 PB and prints what that takes; here, since another package cannot
        // see the engine.
        .executableTarget(
            name: "bossql-scale",
            dependencies: ["BossStorage", "BossCodec", "BossVoxels", "BossSimulator", "BossTestSupport"],
            path: "Tests/Scale",
            swiftSettings: checked),
        // Measures label codec, label index and questions about objects; here for the same reason.
        .executableTarget(
            name: "bossql-labels",
            dependencies: [
                "BossGeometry", "BossVoxels", "BossCodec", "BossStorage", "BossCatalog", "BossDatabase",
                "CBlosc",
                "BossTestSupport", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/Labels",
            swiftSettings: checked),
        .testTarget(
            name: "BossGeometryTests", dependencies: ["BossGeometry", "BossTestSupport"],
            swiftSettings: checked),
        .testTarget(
            name: "BossVoxelsTests", dependencies: ["BossVoxels", "BossGeometry", "BossTestSupport"],
            swiftSettings: checked),
        .testTarget(
            name: "BossCodecTests",
            dependencies: ["BossCodec", "BossVoxels", "BossGeometry", "BossTestSupport"],
            swiftSettings: checked),
        .testTarget(
            name: "BossFormatsTests",
            dependencies: ["BossFormats", "BossVoxels", "BossGeometry", "BossTestSupport"],
            exclude: ["Fixtures/make.py"],
            swiftSettings: checked),
        .testTarget(
            name: "BossMeshesTests", dependencies: ["BossMeshes", "BossGeometry", "BossTestSupport"],
            swiftSettings: checked),
        .testTarget(
            name: "BossStorageTests",
            dependencies: [
                "BossStorage", "BossSimulator", "BossCodec", "BossVoxels", "BossGeometry", "BossTestSupport",
            ],
            exclude: ["Golden/Formats"],
            swiftSettings: checked),
        .testTarget(
            name: "BossCatalogTests",
            dependencies: ["BossCatalog", "BossVoxels", "BossGeometry", "BossTestSupport"],
            swiftSettings: checked),
        .testTarget(
            name: "BossDatabaseTests",
            dependencies: [
                "BossDatabase", "BossStorage", "BossCatalog", "BossCodec", "BossFormats", "BossMeshes",
                "BossVoxels", "BossGeometry", "BossTestSupport",
            ],
            swiftSettings: checked),
        .testTarget(
            name: "BossQueryTests",
            dependencies: [
                "BossQuery", "BossDatabase", "BossMeshes", "BossVoxels", "BossGeometry", "BossTestSupport",
            ],
            swiftSettings: checked),
        .testTarget(
            name: "BossQLTests",
            dependencies: [
                "BossQL", "bossql", "BossDatabase", "BossQuery", "BossFormats", "BossVoxels", "BossGeometry",
                "BossTestSupport", "BossKiller",
            ],
            swiftSettings: checked),
        // Replays the corpora of the fuzz targets; Scripts/fuzz.sh builds the same sources with libFuzzer.
        .testTarget(
            name: "BossFuzzTests",
            dependencies: [
                "BossStorage", "BossCodec", "BossFormats", "BossMeshes", "BossQuery", "BossDatabase",
                "BossVoxels", "BossGeometry",
            ],
            path: "Fuzzing", exclude: ["Corpus", "StorageEntry", "QueryEntry", "Package.appendix"],
            swiftSettings: checked),
    ]
)
