import BossCatalog
import Testing

/// Expects `.invalidValue` of a field.
func expectInvalidValue(
    _ field: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("accepted", sourceLocation: sourceLocation)
    } catch CatalogError.invalidValue(field, _, _) {
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}

/// Expects `.invalidName` of a kind.
func expectInvalidName(
    _ kind: ResourceKind, _ name: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () throws -> Void
) {
    do {
        try body()
        Issue.record("accepted \(name.debugDescription)", sourceLocation: sourceLocation)
    } catch CatalogError.invalidName(kind, name) {
    } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
    }
}
