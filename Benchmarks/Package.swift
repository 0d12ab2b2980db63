// swift-tools-version: 6.1
import PackageDescription

// Measures BossQL in process; a package of its own, so that nothing of it reaches users.
//     make bench                                         own data, own workloads, a table
//     swift run -c release bossql-bench replay SPEC.json one column of a comparison with other stores
let package = Package(
    name: "BossQLBenchmarks",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "bossql-bench", targets: ["BossBench"])],
    dependencies: [
        .package(name: "BossQL", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "BossBench",
            dependencies: [
                .product(name: "BossQL", package: "BossQL"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny")])
    ]
)
