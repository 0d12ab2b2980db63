// swift-tools-version: 6.1
import PackageDescription

// Measures Blosc settings on bricks of real volumes; a package of its own that only needs libblosc-dev.
//     swift run -c release --package-path Benchmarks/CodecTrial CodecTrial DATA_FOLDER
let package = Package(
    name: "CodecTrial",
    targets: [
        .executableTarget(
            name: "CodecTrial", linkerSettings: [.linkedLibrary("blosc"), .linkedLibrary("m")])
    ]
)
