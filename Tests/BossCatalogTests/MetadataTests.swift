import BossCatalog
import Testing

@Suite("Metadata")
struct MetadataTests {
    private let experiment = CatalogResource.experiment(collection: "lab", experiment: "mouse")
    private let channel = CatalogResource.channel(collection: "lab", experiment: "mouse", channel: "em")

    private func set(_ catalog: Catalog, _ resource: CatalogResource, _ key: String, _ value: String) throws {
        try catalog.setMetadata(on: resource, [MetadataAssignment(key: key, value: value)])
    }

    @Test("keys are set, replaced, listed in byte order and removed, on each kind of resource")
    func lifeCycle() throws {
        let catalog = try populatedCatalog()
        for resource in [CatalogResource.collection("lab"), experiment, channel] {
            try catalog.setMetadata(
                on: resource,
                ["b", "a", "Z", "é", "名前"].map { MetadataAssignment(key: $0, value: "\"\($0)\"") })
            #expect(try catalog.metadata(on: resource).map(\.key) == ["Z", "a", "b", "é", "名前"])
            let first = try catalog.metadata(on: resource, key: "a")
            try set(catalog, resource, "a", "{\"n\": [1, 2.5, null]}")
            let second = try catalog.metadata(on: resource, key: "a")
            #expect(second.value == "{\"n\": [1, 2.5, null]}")
            #expect(second.updatedAtMicroseconds >= first.updatedAtMicroseconds)
            try catalog.unsetMetadata(on: resource, keys: ["a", "é"])
            #expect(try catalog.metadata(on: resource).map(\.key) == ["Z", "b", "名前"])
            #expect(throws: CatalogError.notFound(kind: .metadataKey, path: "a")) {
                try catalog.metadata(on: resource, key: "a")
            }
        }
    }

    @Test("several keys are set or removed together or not at all")
    func atomic() throws {
        let catalog = try populatedCatalog()
        try set(catalog, channel, "a", "1")
        expectInvalidValue("metadata value") {
            try catalog.setMetadata(
                on: channel,
                [MetadataAssignment(key: "a", value: "2"), MetadataAssignment(key: "b", value: "not JSON")])
        }
        #expect(throws: CatalogError.notFound(kind: .metadataKey, path: "b")) {
            try catalog.unsetMetadata(on: channel, keys: ["a", "b"])
        }
        #expect(try catalog.metadata(on: channel).map(\.value) == ["1"])
    }

    @Test("keys hold 1 to 255 characters of any kind but NUL")
    func keys() throws {
        let catalog = try populatedCatalog()
        for letter in ["k", "é", "\u{1F9E0}"] {
            let longest = String(repeating: letter, count: 255)
            try set(catalog, channel, longest, "true")
            #expect(try catalog.metadata(on: channel, key: longest).value == "true")
            expectInvalidName(.metadataKey, longest + letter) {
                try set(catalog, channel, longest + letter, "1")
            }
        }
        for key in ["", "a\0b"] {
            expectInvalidName(.metadataKey, key) { try set(catalog, channel, key, "1") }
        }
        for key in [" ", "a/b'c\"d;--", "%", "\u{1}"] { try set(catalog, channel, key, "1") }
    }

    @Test("values are JSON texts")
    func values() throws {
        let catalog = try populatedCatalog()
        for value in ["0", "-1.5e3", "\"text\"", "[]", "{}", "null", "true", " [1, {\"a\": \"é\"}] "] {
            try set(catalog, channel, "k", value)
            #expect(try catalog.metadata(on: channel, key: "k").value == value)
        }
        let deep = String(repeating: "[", count: 100_000)
        for value in ["", "text", "{a:1}", "[1,]", "\"open", "1\0", "'x'", deep] {
            expectInvalidValue("metadata value") { try set(catalog, channel, "k", value) }
        }
    }

    @Test("resources that do not exist are named")
    func unknown() throws {
        let catalog = try populatedCatalog()
        #expect(throws: CatalogError.notFound(kind: .collection, path: "no")) {
            try set(catalog, .collection("no"), "k", "1")
        }
        #expect(throws: CatalogError.notFound(kind: .experiment, path: "lab/no")) {
            try catalog.metadata(on: .experiment(collection: "lab", experiment: "no"))
        }
        #expect(throws: CatalogError.notFound(kind: .channel, path: "lab/mouse/no")) {
            try catalog.unsetMetadata(
                on: .channel(collection: "lab", experiment: "mouse", channel: "no"), keys: [])
        }
    }

    @Test("search finds keys by pattern everywhere, parents first")
    func search() throws {
        let catalog = try populatedCatalog()
        try set(catalog, .collection("lab"), "voxel_size", "1")
        try set(catalog, experiment, "VOXELS", "2")
        try set(catalog, channel, "voxel", "3")
        try set(catalog, channel, "other", "4")
        let hits = try catalog.searchMetadata(keyLike: "voxel%")
        #expect(hits.map(\.resource.path) == ["lab", "lab/mouse", "lab/mouse/em"])
        #expect(hits.map(\.entry.value) == ["1", "2", "3"])
        #expect(try catalog.searchMetadata(keyLike: "voxel").map(\.entry.value) == ["3"])
        #expect(try catalog.searchMetadata(keyLike: "_ther").map(\.resource) == [channel])
        #expect(try catalog.searchMetadata(keyLike: "%").count == 4)
        #expect(try catalog.searchMetadata(keyLike: "").isEmpty)
        let longest = String(repeating: "%a", count: 512)
        #expect(try catalog.searchMetadata(keyLike: longest).isEmpty)
        expectInvalidValue("pattern") { _ = try catalog.searchMetadata(keyLike: longest + "%") }
        try catalog.dropCollection("lab", cascade: true)
        #expect(try catalog.searchMetadata(keyLike: "%").isEmpty)
    }
}
