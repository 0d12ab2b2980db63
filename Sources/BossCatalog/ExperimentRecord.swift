public import BossGeometry

/// An experiment as stored.
public struct ExperimentRecord: Hashable, Sendable, Identifiable {
    /// The number of the row; never used again after a drop.
    public let id: Int64
    /// The collection it belongs to.
    public let collectionID: Int64
    /// 1 to 255 of `A-Z a-z 0-9 _ -`, unique in the collection.
    public let name: String
    /// Free text of at most 4096 characters.
    public let description: String
    /// The coordinate frame's number.
    public let coordinateFrameID: Int64
    /// The coordinate frame's name at the time of reading.
    public let coordinateFrameName: String
    /// How voxels grow from one resolution level to the next.
    public let hierarchyMethod: HierarchyMethod
    /// Number of resolution levels, 1 to 31.
    public let levelCount: Int
    /// Number of time samples, at least 1.
    public let timeSampleCount: Int
    /// Time between two samples in `timeStepUnit`, if known.
    public let timeStep: Double?
    /// The unit of `timeStep`, if known.
    public let timeStepUnit: TimeUnit?
    /// The user who created it, empty in a database without users.
    public let creator: String
    /// Whether everybody may read it.
    public let isPublic: Bool
    /// When it was created, in microseconds since 1970 UTC.
    public let createdAtMicroseconds: Int64
}

/// What a new experiment is made from.
package struct NewExperiment: Hashable, Sendable {
    package var name: String
    package var coordinateFrame: String
    package var description: String
    package var hierarchyMethod: HierarchyMethod
    package var levelCount: Int
    package var timeSampleCount: Int
    package var timeStep: Double?
    package var timeStepUnit: TimeUnit?
    package var creator: String
    package var isPublic: Bool

    package init(
        name: String, coordinateFrame: String, description: String = "",
        hierarchyMethod: HierarchyMethod = .anisotropic, levelCount: Int = 1, timeSampleCount: Int = 1,
        timeStep: Double? = nil, timeStepUnit: TimeUnit? = nil, creator: String = "", isPublic: Bool = false
    ) {
        self.name = name
        self.coordinateFrame = coordinateFrame
        self.description = description
        self.hierarchyMethod = hierarchyMethod
        self.levelCount = levelCount
        self.timeSampleCount = timeSampleCount
        self.timeStep = timeStep
        self.timeStepUnit = timeStepUnit
        self.creator = creator
        self.isPublic = isPublic
    }
}

/// Changes to an experiment; nil leaves a property as it is.
///
/// Once the experiment has a channel, its levels and time samples may only grow and its hierarchy
/// method is fixed: data stored under the old values would be lost or misread.
package struct ExperimentChanges: Hashable, Sendable {
    package var description: String?
    package var isPublic: Bool?
    package var hierarchyMethod: HierarchyMethod?
    package var levelCount: Int?
    package var timeSampleCount: Int?
    /// `.some(nil)` clears the step.
    package var timeStep: Double??
    /// `.some(nil)` clears the unit.
    package var timeStepUnit: TimeUnit??

    package init(
        description: String? = nil, isPublic: Bool? = nil, hierarchyMethod: HierarchyMethod? = nil,
        levelCount: Int? = nil, timeSampleCount: Int? = nil, timeStep: Double?? = nil,
        timeStepUnit: TimeUnit?? = nil
    ) {
        self.description = description
        self.isPublic = isPublic
        self.hierarchyMethod = hierarchyMethod
        self.levelCount = levelCount
        self.timeSampleCount = timeSampleCount
        self.timeStep = timeStep
        self.timeStepUnit = timeStepUnit
    }
}
