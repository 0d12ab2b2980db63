/// A collection as stored.
public struct CollectionRecord: Hashable, Sendable, Identifiable {
    /// The number of the row; never used again after a drop.
    public let id: Int64
    /// 1 to 255 of `A-Z a-z 0-9 _ -`, unique in the database.
    public let name: String
    /// Free text of at most 4096 characters.
    public let description: String
    /// The user who created it, empty in a database without users.
    public let creator: String
    /// Whether everybody may read it.
    public let isPublic: Bool
    /// When it was created, in microseconds since 1970 UTC.
    public let createdAtMicroseconds: Int64
}

/// What a new collection is made from.
package struct NewCollection: Hashable, Sendable {
    package var name: String
    package var description: String
    package var creator: String
    package var isPublic: Bool

    package init(name: String, description: String = "", creator: String = "", isPublic: Bool = false) {
        self.name = name
        self.description = description
        self.creator = creator
        self.isPublic = isPublic
    }
}

/// Changes to a collection; nil leaves a property as it is.
package struct CollectionChanges: Hashable, Sendable {
    package var description: String?
    package var isPublic: Bool?

    package init(description: String? = nil, isPublic: Bool? = nil) {
        self.description = description
        self.isPublic = isPublic
    }
}
